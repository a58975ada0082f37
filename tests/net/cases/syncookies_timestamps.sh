#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# syncookies: 2, clients with timestamps.
. "$(dirname "$0")/../syncookies.sh"
syncookies_case 1
