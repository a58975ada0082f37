/* SPDX-License-Identifier: BSD-3-Clause */
#include <stddef.h>
#include <string.h>

#include <tidegate/counters.h>

#include "names.h"

/* A constant from the key's own text, so that the lists stay the only place. */
#define IS_DROP(k) ((k)[0] == 'd' && (k)[1] == 'r' && (k)[2] == 'o' && (k)[3] == 'p')

/* Of the glue, what counts packets lost; the others what went well, or was not for us. */
enum {
	LOSS_rx_no_copy = 1,
	LOSS_tx_stage_full = 1,
	LOSS_tx_reserve = 1,
	LOSS_tx_no_room = 1,
	LOSS_fragments_received = 0,
	LOSS_fragments_used = 0,
	LOSS_fragments_reassembled = 0,
	LOSS_fragments_drop_bad = 1,
	LOSS_fragments_drop_tiny = 1,
	LOSS_fragments_drop_overlap = 1,
	LOSS_fragments_drop_no_room = 1,
	LOSS_fragments_drop_timeout = 1,
	LOSS_exception_rx = 0,
	LOSS_exception_tx = 0,
	LOSS_exception_limited = 1,
	LOSS_exception_other_host = 0,
	LOSS_exception_dropped = 1,
};

const struct name names[] = {
#define X(e, k, t) {k, t, IS_DROP(k) ? NAME_DROP : NAME_PACKETS},
	TG_DISPOSITION_LIST(X)
#undef X
#define X(e, k, t) {k, t, NAME_EVENT},
		TG_COUNTER_LIST(X)
#undef X
#define X(f, t) {#f, t, LOSS_##f ? NAME_LOSS : NAME_GLUE},
			TG_GLUE_LIST(X)
#undef X
				{NULL, NULL, NAME_EVENT},
};

const char *
name_text(const char *key)
{
	for (const struct name *n = names; n->key != NULL; n++)
		if (strcmp(n->key, key) == 0)
			return n->text;
	return NULL;
}
