/* SPDX-License-Identifier: BSD-3-Clause */
#include <rte_common.h>

#include "log.h"

RTE_LOG_REGISTER(tg_logtype, lib.tidegate, NOTICE)
