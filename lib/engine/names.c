/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Names and texts, out of the lists in <tidegate/counters.h>.
 */
#include <tidegate/engine.h>

struct name {
	const char *name;
	const char *text;
};

static const struct name dispositions[TG_DISP_COUNT] = {
#define X(e, k, t) [TG_DISP_##e] = {k, t},
	TG_DISPOSITION_LIST(X)
#undef X
};

static const struct name counters[TG_CNT_COUNT] = {
#define X(e, k, t) [TG_CNT_##e] = {k, t},
	TG_COUNTER_LIST(X)
#undef X
};

const char *
tg_disposition_name(enum tg_disposition d)
{
	return (unsigned)d < TG_DISP_COUNT ? dispositions[d].name : NULL;
}

const char *
tg_disposition_text(enum tg_disposition d)
{
	return (unsigned)d < TG_DISP_COUNT ? dispositions[d].text : NULL;
}

const char *
tg_counter_name(enum tg_counter c)
{
	return (unsigned)c < TG_CNT_COUNT ? counters[c].name : NULL;
}

const char *
tg_counter_text(enum tg_counter c)
{
	return (unsigned)c < TG_CNT_COUNT ? counters[c].text : NULL;
}

const char *
tg_state_name(enum tg_state s)
{
	static const char *const names[] = {
		[TG_CLOSED] = "CLOSED",
		[TG_LISTEN] = "LISTEN",
		[TG_SYN_RECEIVED] = "SYN-RECV",
		[TG_ESTABLISHED] = "ESTAB",
		[TG_FIN_WAIT_1] = "FIN-WAIT-1",
		[TG_FIN_WAIT_2] = "FIN-WAIT-2",
		[TG_CLOSE_WAIT] = "CLOSE-WAIT",
		[TG_CLOSING] = "CLOSING",
		[TG_LAST_ACK] = "LAST-ACK",
		[TG_TIME_WAIT] = "TIME-WAIT",
	};

	return (unsigned)s < sizeof(names) / sizeof(names[0]) ? names[s] : "?";
}
