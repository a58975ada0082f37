/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_TEST_APP_SUPPORT_H
#define TG_TEST_APP_SUPPORT_H
/**
 * @file
 * What the daemon's tests include.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#endif
