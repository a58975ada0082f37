/* SPDX-License-Identifier: BSD-3-Clause */
#include "die.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void (*die_hook)(const char *text);

_Noreturn void
die(const char *fmt, ...)
{
	static char text[8192];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (die_hook != NULL)
		die_hook(text);
	fprintf(stderr, "%s\n", text);
	abort();
}
