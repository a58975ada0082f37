/* SPDX-License-Identifier: BSD-3-Clause */
/* Without libsystemd nobody is told anything. */
#include "notify.h"

void
notify_ready(void)
{
}

void
notify_reloading(void)
{
}

void
notify_stopping(void)
{
}

void
notify_watchdog(void)
{
}

uint64_t
notify_watchdog_us(void)
{
	return 0;
}
