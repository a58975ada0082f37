/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include <rte_ether.h>

#include "mbuf.h"
#include "support.h"

#define PORT 3

static uint8_t frame[1400]; /* 0, 1, 2 ... */
static struct tg_rx_burst burst;

static struct tg_pkt *
add(struct rte_mempool *pool, struct rte_mbuf *m)
{
	tg_rx_reset(&burst);
	assert_int_equal(tg_rx_add(&burst, m, PORT, pool), TG_RX_ADDED);
	assert_int_equal(burst.n, 1);
	return &burst.pkt[0];
}

static void
tells_where_the_bytes_are(void **state)
{
	struct rte_mbuf *m = test_mbuf(*state, frame, 100);
	const struct tg_pkt *p = add(*state, m);

	assert_ptr_equal(p->buf, m);
	assert_ptr_equal(p->data, rte_pktmbuf_mtod(m, uint8_t *));
	assert_null(p->next);
	assert_int_equal(p->len, 100);
	assert_int_equal(p->headroom, RTE_PKTMBUF_HEADROOM);
	assert_int_equal(p->tailroom, m->buf_len - RTE_PKTMBUF_HEADROOM - 100);
	assert_int_equal(p->port, PORT);
	assert_int_equal(p->flags, 0);
	assert_ptr_equal(tg_rx_drop(&burst, 0), m);
	rte_pktmbuf_free(m);
}

static void
passes_on_the_ports_checksum_verdicts(void **state)
{
	static const struct {
		uint64_t ol;
		uint16_t flags;
	} cases[] = {
		{0, 0},
		{RTE_MBUF_F_RX_IP_CKSUM_GOOD, TG_RX_IP_CSUM_GOOD},
		{RTE_MBUF_F_RX_IP_CKSUM_BAD, TG_RX_IP_CSUM_BAD},
		{RTE_MBUF_F_RX_IP_CKSUM_NONE, TG_RX_IP_CSUM_GOOD},
		{RTE_MBUF_F_RX_L4_CKSUM_GOOD, TG_RX_L4_CSUM_GOOD},
		{RTE_MBUF_F_RX_L4_CKSUM_BAD, TG_RX_L4_CSUM_BAD},
		{RTE_MBUF_F_RX_L4_CKSUM_NONE, TG_RX_L4_CSUM_GOOD},
		{RTE_MBUF_F_RX_IP_CKSUM_GOOD | RTE_MBUF_F_RX_L4_CKSUM_BAD,
			TG_RX_IP_CSUM_GOOD | TG_RX_L4_CSUM_BAD},
		{RTE_MBUF_F_RX_VLAN, 0},
		{RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED, TG_PKT_VLAN_STRIPPED},
	};

	for (unsigned i = 0; i < RTE_DIM(cases); i++) {
		struct rte_mbuf *m = test_mbuf(*state, frame, 60);
		const struct tg_pkt *p;

		m->ol_flags |= cases[i].ol;
		m->vlan_tci = 0x6064;
		p = add(*state, m);
		assert_int_equal(p->flags, cases[i].flags);
		assert_int_equal(p->vlan_tci, 0x6064);
		assert_ptr_equal(tg_rx_pass(&burst, 0), m);
		assert_int_equal(m->ol_flags, cases[i].ol);
		rte_pktmbuf_free(m);
	}
}

/* 1300 bytes in the first segment, then 500 and 200. */
static struct rte_mbuf *
chain(struct rte_mempool *pool)
{
	struct rte_mbuf *m = test_mbuf(pool, frame, 1300);

	test_append(pool, m, 0xa1, 500);
	test_append(pool, m, 0xa2, 200);
	return m;
}

static void
takes_a_chain_apart(void **state)
{
	struct rte_mbuf *m = chain(*state), *s1 = m->next, *s2 = s1->next;
	const struct tg_pkt *p = add(*state, m);
	void *segs[3] = {p->buf, p->next->buf, p->next->next->buf};

	assert_int_equal(p->len, 1300);
	assert_ptr_equal(p->next->buf, s1);
	assert_int_equal(p->next->len, 500);
	assert_ptr_equal(p->next->next->buf, s2);
	assert_int_equal(p->next->next->len, 200);
	assert_null(p->next->next->next);
	/* Each segment can be released alone, in any order, even before tg_rx_keep(). */
	for (unsigned i = 0; i < 3; i++) {
		struct rte_mbuf *s = segs[i];

		assert_null(s->next);
		assert_int_equal(s->nb_segs, 1);
		assert_int_equal(s->pkt_len, s->data_len);
	}
	rte_pktmbuf_free_seg(segs[1]);
	rte_pktmbuf_free_seg(segs[2]);
	rte_pktmbuf_free_seg(segs[0]);
	assert_int_equal(tg_rx_keep(&burst, 0), 3);
	assert_int_equal(test_in_use(*state), 0);
}

static void
gives_a_chain_back_as_it_was(void **state)
{
	for (int drop = 0; drop < 2; drop++) {
		struct rte_mbuf *m = chain(*state), *s1 = m->next, *s2 = s1->next;

		add(*state, m);
		assert_ptr_equal(drop ? tg_rx_drop(&burst, 0) : tg_rx_pass(&burst, 0), m);
		assert_ptr_equal(m->next, s1);
		assert_ptr_equal(s1->next, s2);
		assert_null(s2->next);
		assert_int_equal(m->nb_segs, 3);
		assert_int_equal(m->pkt_len, 2000);
		rte_mbuf_sanity_check(m, 1);
		rte_pktmbuf_free(m);
		assert_int_equal(test_in_use(*state), 0);
	}
}

static void
an_answer_shorter_than_the_question_frees_the_rest(void **state)
{
	struct rte_mbuf *m = chain(*state);
	struct tg_pkt *p = add(*state, m);

	p->data += 10;
	p->len = 54;
	p->next = NULL;
	assert_ptr_equal(tg_rx_reply(&burst, 0, false), m);
	assert_int_equal(test_in_use(*state), 1);
	assert_int_equal(m->nb_segs, 1);
	assert_int_equal(m->pkt_len, 54);
	assert_int_equal(m->data_off, RTE_PKTMBUF_HEADROOM + 10);
	assert_int_equal(m->ol_flags, 0);
	rte_mbuf_sanity_check(m, 1);
	rte_pktmbuf_free(m);
}

static void
an_answer_may_keep_the_chain(void **state)
{
	struct rte_mbuf *m = chain(*state), *s1 = m->next;
	struct tg_pkt *p = add(*state, m);

	p->next->len = 400;
	p->next->next = NULL;
	assert_ptr_equal(tg_rx_reply(&burst, 0, false), m);
	assert_ptr_equal(m->next, s1);
	assert_int_equal(m->nb_segs, 2);
	assert_int_equal(m->pkt_len, 1700);
	rte_mbuf_sanity_check(m, 1);
	rte_pktmbuf_free(m);
}

static void
a_shared_mbuf_is_copied(void **state)
{
	struct rte_mbuf *m = test_mbuf(*state, frame, 100);
	struct tg_pkt *p;

	rte_mbuf_refcnt_update(m, 1);
	p = add(*state, m);
	assert_ptr_not_equal(p->buf, m);
	assert_memory_equal(p->data, frame, 100);
	memset(p->data, 0, 100);
	assert_memory_equal(rte_pktmbuf_mtod(m, uint8_t *), frame, 100);
	/* Handed back is what came. */
	assert_ptr_equal(tg_rx_pass(&burst, 0), m);
	assert_int_equal(test_in_use(*state), 1);
	assert_int_equal(rte_mbuf_refcnt_read(m), 2);

	/* Kept is the copy: our reference to the original ends. */
	p = add(*state, m);
	assert_int_equal(tg_rx_keep(&burst, 0), 1);
	assert_int_equal(rte_mbuf_refcnt_read(m), 1);
	rte_pktmbuf_free(p->buf);
	rte_pktmbuf_free(m);
}

static void
an_indirect_mbuf_is_copied(void **state)
{
	struct rte_mbuf *m = test_mbuf(*state, frame, 100);
	struct rte_mbuf *twin = rte_pktmbuf_clone(m, *state);
	struct rte_mbuf *answer;
	struct tg_pkt *p;

	assert_non_null(twin);
	p = add(*state, twin);
	assert_ptr_not_equal(p->buf, twin);
	p->data[0] = 0x55;
	answer = tg_rx_reply(&burst, 0, false);
	assert_int_equal(rte_pktmbuf_mtod(m, uint8_t *)[0], frame[0]);
	rte_pktmbuf_free(answer);
	assert_int_equal(test_in_use(*state), 1);
	rte_pktmbuf_free(m);
}

static void
split_headers_are_brought_together(void **state)
{
	struct rte_mbuf *m = test_mbuf(*state, frame, 40);
	const struct tg_pkt *p;

	test_append(*state, m, 0xa1, 400);
	p = add(*state, m);
	assert_int_equal(p->len, 440);
	assert_null(p->next);
	assert_memory_equal(p->data, frame, 40);
	assert_int_equal(p->data[40], 0xa1);
	assert_ptr_equal(tg_rx_pass(&burst, 0), m);
	assert_int_equal(m->nb_segs, 2);
	rte_pktmbuf_free(m);
}

static void
of_two_stripped_tags_the_inner_one_goes_back_in(void **state)
{
	struct rte_mbuf *m = test_mbuf(*state, frame, 100);
	const struct tg_pkt *p;

	m->ol_flags |= RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED | RTE_MBUF_F_RX_QINQ |
		RTE_MBUF_F_RX_QINQ_STRIPPED;
	m->vlan_tci = 0x0123;
	m->vlan_tci_outer = 0x0456;
	p = add(*state, m);
	assert_int_equal(p->flags, TG_PKT_VLAN_STRIPPED);
	assert_int_equal(p->vlan_tci, 0x0456);
	assert_int_equal(p->len, 104);
	assert_memory_equal(p->data, frame, 12);
	assert_memory_equal(p->data + 12, "\x81\x00\x01\x23", 4);
	assert_memory_equal(p->data + 16, frame + 12, 88);
	assert_ptr_equal(tg_rx_pass(&burst, 0), m);
	assert_int_equal(m->pkt_len, 100);
	rte_pktmbuf_free(m);
}

static void
without_a_buffer_for_the_copy_the_mbuf_stays(void **state)
{
	struct rte_mbuf *m = test_mbuf(*state, frame, 100);
	struct rte_mbuf *all[TEST_MBUFS - 1];

	assert_int_equal(rte_pktmbuf_alloc_bulk(*state, all, TEST_MBUFS - 1), 0);
	rte_mbuf_refcnt_update(m, 1);
	tg_rx_reset(&burst);
	assert_int_equal(tg_rx_add(&burst, m, PORT, *state), TG_RX_NO_COPY);
	assert_int_equal(burst.n, 0);
	rte_mbuf_refcnt_update(m, -1);
	rte_pktmbuf_free(m);
	rte_pktmbuf_free_bulk(all, TEST_MBUFS - 1);
}

static void
is_full_after_32_packets_or_their_segments(void **state)
{
	struct rte_mbuf *m[TG_BURST + 1];

	tg_rx_reset(&burst);
	for (unsigned i = 0; i <= TG_BURST; i++) {
		m[i] = test_mbuf(*state, frame, 60);
		assert_int_equal(tg_rx_add(&burst, m[i], PORT, *state),
			i < TG_BURST ? TG_RX_ADDED : TG_RX_FULL);
	}
	rte_pktmbuf_free_bulk(m, TG_BURST + 1);

	/* Long chains fill the segments first: two of 31 and there is no room for a third. */
	tg_rx_reset(&burst);
	for (unsigned i = 0; i < 3; i++) {
		m[i] = test_mbuf(*state, frame, 1000);
		for (unsigned k = 1; k < TG_PKT_SEGS; k++)
			test_append(*state, m[i], 0, 10);
		assert_int_equal(
			tg_rx_add(&burst, m[i], PORT, *state), i < 2 ? TG_RX_ADDED : TG_RX_FULL);
	}
	for (unsigned i = 0; i < 2; i++)
		rte_pktmbuf_free(tg_rx_drop(&burst, i));
	rte_pktmbuf_free(m[2]);
	assert_int_equal(test_in_use(*state), 0);
}

static void
asks_the_port_for_checksums(void **state)
{
	static const struct {
		uint16_t flags;
		uint64_t ol;
	} cases[] = {
		{0, 0},
		{TG_TX_IP_CSUM, RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_IP_CKSUM},
		{TG_TX_IP_CSUM | TG_TX_TCP_CSUM,
			RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_IP_CKSUM | RTE_MBUF_F_TX_TCP_CKSUM},
		{TG_TX_TCP_CSUM, RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_TCP_CKSUM},
		{TG_TX_TCP_CSUM | TG_TX_IPV6, RTE_MBUF_F_TX_IPV6 | RTE_MBUF_F_TX_TCP_CKSUM},
	};

	for (unsigned i = 0; i < RTE_DIM(cases); i++) {
		struct rte_mbuf *m = rte_pktmbuf_alloc(*state);
		struct tg_pkt p = {.buf = m,
			.data = (uint8_t *)m->buf_addr + 64,
			.len = 74,
			.flags = cases[i].flags,
			.l2_len = 14,
			.l3_len = 20,
			.l4_len = 40};

		assert_ptr_equal(tg_tx_mbuf(&p, false), m);
		assert_int_equal(m->ol_flags, cases[i].ol);
		assert_int_equal(m->data_off, 64);
		assert_int_equal(m->data_len, 74);
		assert_int_equal(m->pkt_len, 74);
		if (cases[i].ol != 0) {
			assert_int_equal(m->l2_len, 14);
			assert_int_equal(m->l3_len, 20);
			assert_int_equal(m->l4_len, 40);
		}
		rte_pktmbuf_free(m);
	}
}

static void
a_tag_is_the_ports_or_written(void **state)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(*state);
	struct tg_pkt p = {.buf = m,
		.data = (uint8_t *)m->buf_addr + 64,
		.len = 60,
		.flags = TG_PKT_VLAN_STRIPPED | TG_TX_TCP_CSUM,
		.vlan_tci = 0x6064,
		.l2_len = 14,
		.l3_len = 20,
		.l4_len = 20};

	memcpy(p.data, frame, 60);
	assert_ptr_equal(tg_tx_mbuf(&p, true), m);
	assert_true(m->ol_flags & RTE_MBUF_F_TX_VLAN);
	assert_int_equal(m->vlan_tci, 0x6064);
	assert_int_equal(m->pkt_len, 60);

	assert_ptr_equal(tg_tx_mbuf(&p, false), m);
	assert_false(m->ol_flags & RTE_MBUF_F_TX_VLAN);
	assert_int_equal(m->pkt_len, 64);
	assert_int_equal(m->l2_len, 18);
	assert_memory_equal(rte_pktmbuf_mtod(m, uint8_t *) + 12, "\x81\x00\x60\x64", 4);
	assert_memory_equal(rte_pktmbuf_mtod(m, uint8_t *) + 16, frame + 12, 48);

	/* No room before the packet: it is lost, not leaked. */
	p.data = m->buf_addr;
	assert_null(tg_tx_mbuf(&p, false));
	assert_int_equal(test_in_use(*state), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_where_the_bytes_are),
		cmocka_unit_test(passes_on_the_ports_checksum_verdicts),
		cmocka_unit_test(takes_a_chain_apart),
		cmocka_unit_test(gives_a_chain_back_as_it_was),
		cmocka_unit_test(an_answer_shorter_than_the_question_frees_the_rest),
		cmocka_unit_test(an_answer_may_keep_the_chain),
		cmocka_unit_test(a_shared_mbuf_is_copied),
		cmocka_unit_test(an_indirect_mbuf_is_copied),
		cmocka_unit_test(split_headers_are_brought_together),
		cmocka_unit_test(of_two_stripped_tags_the_inner_one_goes_back_in),
		cmocka_unit_test(without_a_buffer_for_the_copy_the_mbuf_stays),
		cmocka_unit_test(is_full_after_32_packets_or_their_segments),
		cmocka_unit_test(asks_the_port_for_checksums),
		cmocka_unit_test(a_tag_is_the_ports_or_written),
	};

	for (unsigned i = 0; i < sizeof(frame); i++)
		frame[i] = (uint8_t)i;
	return cmocka_run_group_tests(tests, test_eal_setup, test_eal_teardown);
}
