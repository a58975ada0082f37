/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TIDEGATE_COUNTERS_H
#define TIDEGATE_COUNTERS_H
/**
 * @file
 * The two lists an operator reads: what became of every packet, and what happened.
 *
 * Each list is written once, here; enum, text, telemetry key and documentation come from it.
 *
 * Dispositions: every received packet ends in exactly one, so at any time
 * received = delivered + answered + passed + the sum of all drops.
 * When a packet was both delivered and answered, it counts as delivered.
 *
 * Counters: named as Linux names them in /proc/net/snmp and /proc/net/netstat where Linux has the
 * event, and meaning the same.
 */
#include <stdint.h>

/* X(enumerator, telemetry key, text) */
#define TG_DISPOSITION_LIST(X)                                                                   \
	X(DELIVERED, "delivered", "taken by a connection or a half-open entry")                  \
	X(ANSWERED, "answered", "answered in its own buffer: SYN-ACK, RST, ACK, ARP, ND, echo")  \
	X(PASSED, "passed", "not for this engine, handed back to the caller")                    \
	X(DROP_ETH, "drop_eth", "frame shorter than its Ethernet header and tags")               \
	X(DROP_ARP, "drop_arp", "ARP too short or of other address sizes")                       \
	X(DROP_IP_HEADER, "drop_ip_header", "impossible IP version, header or total length")     \
	X(DROP_IP_CSUM, "drop_ip_csum", "IPv4 header checksum wrong")                            \
	X(DROP_ICMP, "drop_icmp",                                                                \
		"ICMP or ICMPv6 too short, checksum wrong, ND rules broken or quote damaged")    \
	X(DROP_ICMP_WINDOW, "drop_icmp_window",                                                  \
		"ICMP error that quotes nothing outstanding (RFC 5927 4.1)")                     \
	X(DROP_TCP_HEADER, "drop_tcp_header", "impossible TCP header length")                    \
	X(DROP_TCP_CSUM, "drop_tcp_csum", "TCP checksum wrong")                                  \
	X(DROP_FRAGMENT, "drop_fragment", "fragment of a TCP segment for one of our addresses")  \
	X(DROP_SOURCE, "drop_source", "source address that no host may send from")               \
	X(DROP_DEST, "drop_dest", "TCP to a multicast or broadcast address, IP or Ethernet")     \
	X(DROP_LAND, "drop_land", "source is one of our own addresses")                          \
	X(DROP_SPORT_ZERO, "drop_sport_zero", "TCP source port 0")                               \
	X(DROP_SYN_FLAGS, "drop_syn_flags", "SYN together with RST or FIN")                      \
	X(DROP_NO_FLAGS, "drop_no_flags", "to a listener with neither SYN, ACK nor RST")         \
	X(DROP_CLOSED_PORT, "drop_closed_port", "no listener, and closed_port is drop")          \
	X(DROP_RST_LIMIT, "drop_rst_limit", "would have got a RST, but the RST rate is used up") \
	X(DROP_STRAY_RST, "drop_stray_rst", "RST that belongs to no connection")                 \
	X(DROP_SYNQ_FULL, "drop_synq_full",                                                      \
		"SYN while the SYN queue is full and no cookie allowed")                         \
	X(DROP_ACCEPTQ_FULL, "drop_acceptq_full",                                                \
		"SYN or last ACK while the accept queue is full")                                \
	X(DROP_SYN_RATE, "drop_syn_rate", "SYN repeated within 500 ms of the last SYN-ACK")      \
	X(DROP_CHALLENGE, "drop_challenge", "challenge ACK due, but one was sent within 500 ms") \
	X(DROP_WINDOW, "drop_window", "segment outside the receive window, not answered")        \
	X(DROP_PAWS, "drop_paws", "timestamp older than the last one (RFC 7323 5)")              \
	X(DROP_ACK, "drop_ack", "acknowledgment of something never sent, or no ACK at all")      \
	X(DROP_RCVBUF, "drop_rcvbuf", "data while the receive buffer or segment pool is full")   \
	X(DROP_DATA_CLOSED, "drop_data_closed", "data after the peer's FIN")                     \
	X(DROP_UNPROVEN, "drop_unproven",                                                        \
		"SYN of an unproven peer while a quarter of max_syn_backlog is left")            \
	X(DROP_PREFIX_LIMIT, "drop_prefix_limit",                                                \
		"SYN from a prefix whose SYN-ACK rate is used up")                               \
	X(DROP_COOKIE_RATE, "drop_cookie_rate", "ACK not checked: cookie_check_rate used up")    \
	X(DROP_DEFER, "drop_defer", "bare last ACK ignored while accept is deferred")            \
	X(DROP_NO_TCB, "drop_no_tcb", "handshake complete but no connection entry is free")      \
	X(DROP_NO_LINK, "drop_no_link", "VLAN stack table full: no way back can be remembered")  \
	X(DROP_NO_ROOM, "drop_no_room", "reply does not fit into the packet's own buffer")

/** What became of a packet. */
enum tg_disposition {
#define X(e, k, t) TG_DISP_##e,
	TG_DISPOSITION_LIST(X)
#undef X
		TG_DISP_COUNT
};

/* X(enumerator, name as shown, text) */
#define TG_COUNTER_LIST(X)                                                                         \
	X(IN_SEGS, "InSegs", "TCP segments received for our addresses, damaged ones included")     \
	X(OUT_SEGS, "OutSegs", "TCP segments sent, data sent again not counted")                   \
	X(RETRANS_SEGS, "RetransSegs", "segments and SYN-ACKs sent again")                         \
	X(IN_ERRS, "InErrs", "TCP segments with a bad header, and SYNs in ESTABLISHED")            \
	X(IN_CSUM_ERRORS, "InCsumErrors", "TCP segments with a bad checksum")                      \
	X(OUT_RSTS, "OutRsts", "RSTs sent")                                                        \
	X(PASSIVE_OPENS, "PassiveOpens", "connections completed from a handshake")                 \
	X(ATTEMPT_FAILS, "AttemptFails", "half-open entries ended by a RST or SYN")                \
	X(ESTAB_RESETS, "EstabResets", "connections reset from ESTABLISHED or CLOSE_WAIT")         \
	X(LISTEN_OVERFLOWS, "ListenOverflows", "accept queue found full")                          \
	X(LISTEN_DROPS, "ListenDrops", "SYNs or last ACKs a listener dropped")                     \
	X(REQQ_FULL_COOKIES, "TCPReqQFullDoCookies",                                               \
		"SYN queue full, or syncookies: 2: a cookie's turn, sent or not")                  \
	X(REQQ_FULL_DROP, "TCPReqQFullDrop", "SYN queue full, SYN dropped")                        \
	X(SYNCOOKIES_SENT, "SyncookiesSent", "SYN cookies sent")                                   \
	X(SYNCOOKIES_RECV, "SyncookiesRecv", "ACKs that proved a SYN cookie")                      \
	X(SYNCOOKIES_FAILED, "SyncookiesFailed", "ACKs that did not")                              \
	X(SYNCOOKIES_MONITORED, "SyncookiesMonitored",                                             \
		"SYNs a cookie would have answered, with syncookies: monitor")                     \
	X(SYNACK_PREFIX_LIMIT, "SynAckPrefixLimited",                                              \
		"SYN-ACKs not sent, first or again, to a prefix over its rate")                    \
	X(DEFER_ACCEPT_DROP, "TCPDeferAcceptDrop",                                                 \
		"bare last ACKs not acted on while accept is deferred")                            \
	X(FASTOPEN_PASSIVE, "TCPFastOpenPassive", "connections made of a SYN by Fast Open")        \
	X(FASTOPEN_PASSIVE_FAIL, "TCPFastOpenPassiveFail",                                         \
		"Fast Open cookies found invalid, or no connection could be made")                 \
	X(FASTOPEN_ALT_KEY, "TCPFastOpenPassiveAltKey",                                            \
		"of these connections, by a cookie of the previous key")                           \
	X(FASTOPEN_OVERFLOW, "TCPFastOpenListenOverflow", "Fast Open SYNs over fastopen_qlen")     \
	X(FASTOPEN_COOKIE_REQD, "TCPFastOpenCookieReqd", "SYNs that asked for a cookie")           \
	X(SYN_RETRANS, "TCPSynRetrans", "SYN-ACKs sent again")                                     \
	X(TIMEOUTS, "TCPTimeouts", "retransmission timeouts, SYN-ACK ones and the last included")  \
	X(FAST_RETRANS, "TCPFastRetrans", "segments retransmitted in fast recovery")               \
	X(DELAYED_ACKS, "DelayedACKs", "ACKs sent by the delayed-ACK timer")                       \
	X(TW, "TW", "connections that ended in TIME_WAIT and expired there")                       \
	X(TW_REUSED, "TWReused", "TIME_WAIT entries a new SYN took over (RFC 6191)")               \
	X(TW_OVERFLOW, "TCPTimeWaitOverflow", "TIME_WAIT entries ended early, the table was full") \
	X(PAWS_ESTAB, "PAWSEstab", "segments of connections refused by PAWS")                      \
	X(CHALLENGE_ACK, "TCPChallengeACK", "challenge ACKs sent (RFC 5961)")                      \
	X(SYN_CHALLENGE, "TCPSYNChallenge", "of these, for a SYN inside a connection")             \
	X(ABORT_ON_DATA, "TCPAbortOnData",                                                         \
		"RST: data arrived after the worker closed, or the worker aborted")                \
	X(ABORT_ON_CLOSE, "TCPAbortOnClose", "RST: closed with unread data")                       \
	X(ABORT_ON_TIMEOUT, "TCPAbortOnTimeout",                                                   \
		"connections given up: too many timeouts or probes, or too long")                  \
	X(ABORT_ON_LINGER, "TCPAbortOnLinger", "orphans in FIN_WAIT_2 that timed out")             \
	X(KEEPALIVE_IDLE, "IdleTimeouts", "connections reset by idle_timeout")                     \
	X(KEEPALIVE, "TCPKeepAlive", "keep-alive probes sent")                                     \
	X(ZERO_WINDOW_PROBES, "TCPWinProbe", "zero-window probes sent")                            \
	X(OFO_DROP, "TCPOFODrop", "segments dropped since they were out of order")                 \
	X(RCVQ_DROP, "TCPRcvQDrop", "segments dropped since the receive buffer was full")          \
	X(ARP_REPLIES, "ArpReplies", "ARP requests answered")                                      \
	X(ND_ADVERTS, "NdAdverts", "neighbour solicitations answered")                             \
	X(ICMP_ECHOS, "IcmpEchoReps", "ICMP and ICMPv6 echo requests answered")                    \
	X(ICMP_IN_ERRORS, "IcmpInErrors",                                                          \
		"ICMP errors about TCP of ours that match nothing, or quote too little")           \
	X(OUT_OF_WINDOW_ICMPS, "OutOfWindowIcmps",                                                 \
		"ICMP errors that quote a sequence number not outstanding")                        \
	X(PATH_MTU_LOWERED, "PathMtuLowered",                                                      \
		"connections whose segments became smaller since a router asked for it")           \
	X(TX_NO_BUFFER, "TxNoBuffer",                                                              \
		"times output had to wait since no buffer could be allocated")                     \
	X(SYNACK_LOW, "SynAckReserve",                                                             \
		"SYN-ACKs by timer left out since the buffers left are for connections")           \
	X(TCB_FULL, "TcbPoolFull", "handshakes refused since all connection entries were in use")

/** Events counted. */
enum tg_counter {
#define X(e, k, t) TG_CNT_##e,
	TG_COUNTER_LIST(X)
#undef X
		TG_CNT_COUNT
};

/*
 * X(field and telemetry key, text): what happens around an engine, in the glue between mbufs and
 * packets (<tidegate/dpdk.h>).
 *
 * Packets given to tg_shard_input() = received + rx_no_copy + fragments_received -
 * fragments_reassembled; fragments_received = fragments_used + fragments held now + the sum of
 * fragments_drop_*.
 */
#define TG_GLUE_LIST(X)                                                                          \
	X(rx_no_copy, "received packets lost: a copy was needed, the pool was empty")            \
	X(tx_stage_full, "packets lost: 512 wait for the port and nobody sends them")            \
	X(tx_reserve, "answers without a connection lost: mbufs or places left are a reserve")   \
	X(tx_no_room, "packets lost: no headroom for a VLAN tag")                                \
	X(fragments_received, "IP fragments of TCP segments taken for reassembly")               \
	X(fragments_used, "of these, part of a datagram that was put together")                  \
	X(fragments_reassembled, "datagrams put together and given to the engine")               \
	X(fragments_drop_bad,                                                                    \
		"fragments empty, not ending at a multiple of 8, beyond 65535 bytes, or with "   \
		"contradicting ECN marks")                                                       \
	X(fragments_drop_tiny,                                                                   \
		"first fragments without the whole TCP header, others that begin inside it")     \
	X(fragments_drop_overlap,                                                                \
		"fragments of a datagram of which some overlap, repeat, leave a hole or are "    \
		"more than 8")                                                                   \
	X(fragments_drop_no_room, "fragments for which the table or the pool had no room")       \
	X(fragments_drop_timeout,                                                                \
		"fragments of a datagram that was not complete in fragments_timeout, or at the " \
		"stop")                                                                          \
	X(exception_rx, "packets passed on to the kernel's interface")                           \
	X(exception_tx, "packets of the kernel's interface sent")                                \
	X(exception_limited, "packets for the kernel over exception.rate: dropped")              \
	X(exception_other_host, "packets to another station's MAC address: not passed on")       \
	X(exception_dropped,                                                                     \
		"packets lost: the kernel's interface, or for its packets the port, took none, " \
		"or mbufs left are a reserve")

/** All counts of one shard's glue. One writer, other threads may read each word at any time. */
struct tg_glue_counts {
#define X(f, t) uint64_t f;
	TG_GLUE_LIST(X)
#undef X
};

/** All counts of one engine. One writer; other threads may read each word at any time. */
struct tg_counters {
	uint64_t received; /**< packets given to tg_engine_input() */
	uint64_t disposition[TG_DISP_COUNT];
	uint64_t event[TG_CNT_COUNT];
};

#endif
