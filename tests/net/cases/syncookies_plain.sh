#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# syncookies: 2, clients without timestamps: everything is in 32 bits of sequence number.
. "$(dirname "$0")/../syncookies.sh"
syncookies_case 0
