/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Printed forms of SYN-ACKs: see form.h.
 */
#include "form.h"

void
tg_form_make(struct tg_form *fm, const struct tg_segment *s, bool v6, const uint8_t mac[6],
	unsigned offload)
{
	const struct tg_frame nobody = {.ip_version = v6 ? 6 : 4, .l3_off = ETH_LEN};
	uint8_t room[ETH_LEN + TG_FORM_MAX] = {0};
	struct tg_pkt pkt = {.data = room};
	uint16_t csum;

	tg_emit_answer(&pkt, &nobody, s, mac, offload);
	memset(fm, 0, sizeof(*fm));
	memcpy(fm->mac, mac, sizeof(fm->mac));
	memcpy(fm->head, room + ETH_LEN, pkt.len - ETH_LEN);
	fm->tx = pkt.flags;
	fm->l3_len = (uint8_t)pkt.l3_len;
	fm->l4_len = pkt.l4_len;
	fm->ts = (s->opt.present & TG_OPT_TS) != 0;
	memcpy(&csum, fm->head + 10, sizeof(csum));
	fm->ip_sum = (uint16_t)~csum;
	memcpy(&csum, fm->head + fm->l3_len + 16, sizeof(csum));
	fm->tcp_sum = offload & TG_OFFLOAD_TCP ? csum : (uint16_t)~csum;
}
