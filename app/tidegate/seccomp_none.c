/* SPDX-License-Identifier: BSD-3-Clause */
/* The filter where libseccomp was not there to build with. */
#include <errno.h>

#include "seccomp_filter.h"

bool
seccomp_filter_built(void)
{
	return false;
}

int
seccomp_filter_apply(enum seccomp_action action)
{
	return action == SECCOMP_NO ? 0 : -ENOSYS;
}
