// SPDX-License-Identifier: MIT
/// The pure core: one connection's state, the events that change it, and what follows from them.
///
/// Nothing here does input or output, reads a clock, allocates or keeps state of its own. A
/// connection is `struct aksu_tcb`: plain numbers, no pointers, no implicit padding, so it can be
/// copied, compared, hashed, printed, kept in retention RAM or handed to a model checker.
///
///     aksu_tcp_step()   the transition function, the only writer of a TCB
///     aksu_tcp_plan()   read-only: what to send now, or how long to wait
///     aksu_tcp_reply()  what answers a segment that belongs to no connection
///
/// The order of calls, for one connection:
///
///     step(CONNECT) or step(LISTEN)
///     loop:  step(SEGMENT) for each arrived segment, step(WROTE/READ/CLOSE/...) for user calls,
///            then plan():  SEGMENT -> put it on the link, step(SENT) with the unmodified segment
///                          TICK    -> step(TICK), ask again
///                          WAIT    -> nothing to do for plan.wait_ms unless an event comes
///                          NEVER   -> nothing to do until an event comes
///
/// Sequence numbers are of type aksu_seq and compare modulo 2^32. Times are milliseconds of a
/// clock that wraps at 2^32. Lengths are octets.
#ifndef AKSU_TCB_H
#define AKSU_TCB_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A sequence number, RFC 9293 3.4. Compared only modulo 2^32.
typedef uint32_t aksu_seq;

/// The states of a connection, RFC 9293 3.3.2.
enum aksu_state {
    AKSU_CLOSED = 0,
    AKSU_LISTEN,
    AKSU_SYN_SENT,
    AKSU_SYN_RECEIVED,
    AKSU_ESTABLISHED,
    AKSU_FIN_WAIT_1,
    AKSU_FIN_WAIT_2,
    AKSU_CLOSE_WAIT,
    AKSU_CLOSING,
    AKSU_LAST_ACK,
    AKSU_TIME_WAIT,
    AKSU_STATE_COUNT
};

/// Errors and reasons: negative, with the values of errno. Lengths and handles are never negative.
enum aksu_error {
    AKSU_OK = 0,
    AKSU_EBADF = -9,          ///< no such connection: it has ended, or the handle was never one
    AKSU_EAGAIN = -11,        ///< not now: try again after the next handler call
    AKSU_ENOMEM = -12,        ///< a table is full, or the buffer lent is too small
    AKSU_EBUSY = -16,         ///< data is still on its way, so the connection cannot be saved
    AKSU_EINVAL = -22,        ///< an argument is out of its range
    AKSU_EPIPE = -32,         ///< sending was ended by aksu_shutdown() or aksu_close()
    AKSU_EPROTO = -71,        ///< storage or a saved connection is of another version of aksu
    AKSU_EMSGSIZE = -90,      ///< a packet was too big for the path (RFC 1191)
    AKSU_EADDRINUSE = -98,    ///< the port, or this pair of endpoints, is in use
    AKSU_EADDRNOTAVAIL = -99, ///< the address is not one that can be connected to, or from
    AKSU_ENETUNREACH = -101,  ///< ICMP: network unreachable
    AKSU_ECONNABORTED = -103, ///< this side aborted: aksu_abort(), or close with data unread
    AKSU_ECONNRESET = -104,   ///< the peer reset the connection (RST)
    AKSU_ENOTCONN = -107,     ///< the connection is not open yet
    AKSU_ETIMEDOUT = -110,    ///< no answer for the user timeout (R2, RFC 9293 3.8.3)
    AKSU_ECONNREFUSED = -111, ///< the peer refused the connection
    AKSU_EHOSTUNREACH = -113, ///< ICMP, or no answer to ARP: host unreachable
    AKSU_ENOKEY = -126        ///< no secret was given: aksu_seed() comes first
};

/// Control bits of a segment, RFC 9293 3.1.
enum {
    AKSU_FIN = 0x01,
    AKSU_SYN = 0x02,
    AKSU_RST = 0x04,
    AKSU_PSH = 0x08,
    AKSU_ACK = 0x10,
    AKSU_URG = 0x20,
    AKSU_ECE = 0x40,
    AKSU_CWR = 0x80
};

/// Options present in a segment.
enum {
    AKSU_OPT_MSS = 0x01,
    AKSU_OPT_TIMESTAMPS = 0x02,     ///< RFC 7323 3
    AKSU_OPT_SACK_PERMITTED = 0x04, ///< RFC 2018 2
    AKSU_OPT_WSCALE = 0x08,         ///< RFC 7323 2
    AKSU_OPT_SACK = 0x10,           ///< RFC 2018 3
    AKSU_OPT_ILLEGAL = 0x20         ///< an option's length is impossible (MUST-7)
};

enum { AKSU_RANGES = 4 };

/// A range of sequence numbers: from start up to, not including, end.
struct aksu_range {
    aksu_seq start;
    aksu_seq end;
};

/// A decoded segment: header and options in host byte order, payload by its length only. An answer
/// without a connection has nothing from len on.
struct aksu_segment {
    aksu_seq seq;
    aksu_seq ack;    ///< meaningful if flags has AKSU_ACK
    uint32_t tsval;  ///< if options has AKSU_OPT_TIMESTAMPS
    uint32_t tsecr;  ///< if options has AKSU_OPT_TIMESTAMPS
    uint16_t wnd;    ///< the window field as it stands on the wire, not scaled
    uint16_t mss;    ///< if options has AKSU_OPT_MSS
    uint8_t flags;   ///< AKSU_FIN ... AKSU_CWR
    uint8_t options; ///< AKSU_OPT_...
    uint8_t wscale;  ///< if options has AKSU_OPT_WSCALE
    uint8_t sacks;   ///< number of blocks in sack
    uint32_t len;    ///< octets of payload; SYN and FIN are not counted
    uint16_t urp;    ///< urgent pointer, if flags has AKSU_URG
    uint16_t tos;    ///< of IP: as it arrived; of what is sent, the two bits of ECN
    struct aksu_range sack[AKSU_RANGES];
};

/// Timers of a TCB that run (tcb.timers): a bit each, from the second on, for the deadline of that
/// number.
enum { AKSU_AT_ACK, AKSU_AT_RTX, AKSU_AT_MISC, AKSU_AT_USER, AKSU_DEADLINES };
enum {
    AKSU_TIMER_LINGER = 0x01, ///< none: the user timer is a linger, so progress does not move it
    AKSU_TIMER_ACK = 0x02,    ///< delayed acknowledgment
    AKSU_TIMER_RTX = 0x04,    ///< retransmission (RFC 6298), or persist when nothing is in flight
    AKSU_TIMER_MISC = 0x08,   ///< keep-alive; FIN-WAIT-2 timeout; 2 MSL in TIME-WAIT
    AKSU_TIMER_USER = 0x10    ///< user timeout, R2
};

/// What a TCB owes the peer (tcb.owed): plan sends it, SENT clears it.
enum {
    AKSU_OWE_ACK = 0x01,       ///< an acknowledgment, at once
    AKSU_OWE_RST = 0x02,       ///< a last RST; the state is CLOSED
    AKSU_OWE_REXMIT = 0x04,    ///< the segment at snd_una again (fast retransmit)
    AKSU_OWE_PROBE = 0x08,     ///< a window probe, or what silly-window avoidance held back
    AKSU_OWE_KEEPALIVE = 0x10, ///< a keep-alive segment
    AKSU_ECN = 0x20,           ///< ECN is negotiated: AKSU_ECE is owed here, too
    AKSU_ECN_SLOWED = 0x80     ///< recover is that of an echo, for which nothing was sent again
};

/// Properties of a connection (tcb.flags). What a SYN offers has the bit of its option times 16.
enum {
    AKSU_F_PASSIVE = 0x0001,     ///< opened by LISTEN (MUST-11)
    AKSU_F_SYN_UNACKED = 0x0002, ///< our SYN takes up the number snd_una
    AKSU_F_FIN = 0x0004,         ///< sending is closed: a FIN follows the last queued octet
    AKSU_F_RCV_CLOSED = 0x0008,  ///< CLOSE, not just SHUTDOWN: arriving data is answered by RST
    AKSU_F_FIN_HELD = 0x0010,    ///< the last out-of-order range ends with the peer's FIN
    AKSU_F_TIMESTAMPS = 0x0020,  ///< negotiated; before the peer's SYN: offered
    AKSU_F_SACK = 0x0040,        ///< likewise
    AKSU_F_WSCALE = 0x0080,      ///< window scale, likewise
    AKSU_F_SYN_RETRIED = 0x0100, ///< the SYN was retransmitted: RFC 6298 5.7
    AKSU_F_RECOVERY = 0x0200,    ///< fast recovery, until recover is acknowledged
    AKSU_F_DSACK = 0x0400,       ///< the last of range is a duplicate to be reported, RFC 2883
    AKSU_F_NODELAY = 0x0800,     ///< Nagle is off
    AKSU_F_TIMING = 0x1000,      ///< an RTT measurement runs (ts_recent, rtt_at)
    AKSU_F_QUICKACK = 0x2000,    ///< acknowledgments are not delayed
    AKSU_F_PARTIAL = 0x4000,     ///< a partial ACK came in this recovery, RFC 6582 3.2
    AKSU_F_KEEPALIVE = 0x8000    ///< keep-alive is on
};

/// One connection's whole protocol state. The names are RFC 9293's (3.3.1) where it has one.
///
/// The send side, from left to right:
///
///     snd_una          snd_nxt        snd_max         snd_una + snd_buf
///        | sent, not acked | to be resent |  never sent yet  |(FIN)
///
/// snd_nxt falls back to snd_una on a retransmission timeout; snd_max never falls back. While
/// AKSU_F_SYN_UNACKED is set the SYN is the first number, and the data begins one further.
///
/// The receive side:
///
///     rcv_nxt - (rcv_buf - rcv_room)     rcv_nxt            rcv_adv    rcv_nxt + rcv_room
///        | received, not yet read           | offered to the peer | free       |
///
/// Small members come first: there the shortest instructions of a Cortex-M reach them.
struct aksu_tcb {
    uint8_t state;           ///< enum aksu_state
    uint8_t owed;            ///< AKSU_OWE_...
    uint8_t timers;          ///< AKSU_TIMER_...
    uint8_t retries;         ///< timeouts in a row without progress, also of probes
    uint8_t backoff;         ///< RTO is doubled so many times, until a new RTT sample (Karn)
    uint8_t dupacks;         ///< duplicate ACKs in a row
    uint8_t ranges;          ///< number of ranges in range
    uint8_t snd_wscale;      ///< Snd.Wind.Shift, RFC 7323
    uint8_t rcv_wscale;      ///< Rcv.Wind.Shift, RFC 7323
    uint8_t keep_interval_s; ///< keep-alive: s between probes; 0 = 75
    uint8_t keep_count;      ///< keep-alive: unanswered probes that end the connection; 0 = 9
    uint8_t keep_probes;     ///< keep-alive and window probes sent since the peer was last heard
    uint8_t probe_limit;     ///< zero-window probes before giving up even if answered; 0 = never
    uint8_t probes;          ///< zero-window probes sent since the window was last open
    uint8_t challenges;      ///< challenge ACKs sent in the current interval, RFC 5961 7
    uint8_t challenge_at;    ///< that interval's start, units of 1024 ms
    uint16_t flags;          ///< AKSU_F_...
    uint16_t srtt;         ///< smoothed round-trip time, 1/8 ms, 0 = none yet; saturates at 8191 ms
    uint16_t rttvar;       ///< round-trip time variation, 1/4 ms
    uint16_t ts_recent_at; ///< when ts_recent was set, units of 65536 ms (PAWS, 24 days)
    uint16_t snd_mss;      ///< largest payload to send; timestamps, if negotiated, are off already
    uint16_t rcv_mss;      ///< the MSS that we announce
    uint16_t user_timeout_s; ///< R2, s; 0 = the profile's, 65535 = never
    uint16_t keep_idle_s;    ///< keep-alive: idle time before the first probe, s; 0 = 7200
    aksu_seq snd_una;        ///< oldest unacknowledged sequence number
    aksu_seq snd_nxt;        ///< next sequence number to be sent
    aksu_seq snd_max;        ///< one past the highest sequence number ever sent
    uint32_t snd_wnd;        ///< send window, octets, scaled; in SYN-SENT what the SYN may bring
    aksu_seq snd_wl1;     ///< SEG.SEQ of the last window update (SND.WL2 is snd_una: see arrives.c)
    uint32_t max_snd_wnd; ///< the largest send window seen
    aksu_seq snd_up;      ///< send urgent pointer
    uint32_t snd_buf;     ///< octets queued from snd_una on, in flight or not
    aksu_seq rcv_nxt;     ///< next sequence number expected
    aksu_seq rcv_adv;     ///< right edge of the window that was last offered
    uint32_t rcv_room;    ///< octets of the receive ring that are free from rcv_nxt on
    uint32_t rcv_buf;     ///< octets of the receive ring in all
    aksu_seq rcv_up;      ///< receive urgent pointer; never left of the next octet to be read
    aksu_seq last_ack;    ///< Last.ACK.sent, RFC 7323 4.3
    uint32_t ts_recent;   ///< TS.Recent, RFC 7323 4.3; without timestamps the acknowledgment that
                          ///< ends the running RTT measurement
    uint32_t rtt_at;      ///< when that measurement began, ms
    uint32_t cwnd;        ///< congestion window, octets, RFC 5681
    uint32_t ssthresh;    ///< slow start threshold, octets, RFC 5681
    aksu_seq recover;     ///< RFC 6582 3.2
    uint32_t deadline[AKSU_DEADLINES]; ///< of the timers, ms
    uint32_t salt; ///< secret of this pair of endpoints: timestamp offset, challenge budget
    struct aksu_range range[AKSU_RANGES]; ///< out-of-order data held, the most recent last; or, if
                                          ///< the board is large, behind its runs
};

/// Octets in flight that were last sent together and share their fate.
struct aksu_run {
    aksu_seq start; ///< the first of them; they end where the next run begins
    uint16_t at;    ///< when the last of them was sent, ms modulo 2^16
    uint8_t span;   ///< how much earlier the first was sent, ms; saturates
    uint8_t flags;  ///< the library's
};

/// What aksu_plpmtud knows of the path's MTU: sizes of text, beside the options.
struct aksu_path {
    uint16_t ceiling; ///< what both ends' MSS allow; 0 = nothing is known yet
    uint16_t high;    ///< the largest that is not known to be too large
    uint16_t probe;   ///< of the probe that is under way; 0 = none
    uint8_t at;       ///< when the search was over, units of 8192 ms
    uint8_t failed;   ///< probes of one size that were lost; and a flag: a larger size is searched
};

/// One of what lies behind a board.
union aksu_slot {
    struct aksu_run run;
    struct aksu_range range;
    struct aksu_path path;
};

enum { AKSU_LARGE = 16 }; ///< runs from which on a board holds ranges, too

/// What aksu_rack keeps of a connection beside its TCB: the scoreboard, RFC 8985, RFC 9937. Like
/// the TCB it is plain numbers, zero when a connection begins, but for size. Behind it lie as many
/// slots: see AKSU_BOARDS.
struct aksu_board {
    uint8_t size;           ///< room for so many runs, at least 4
    uint8_t runs;           ///< number of runs
    uint8_t timer;          ///< what the retransmission timer stands in for
    uint8_t probe;          ///< tail loss probe: how far it is
    uint8_t reordered;      ///< RACK.reordering_seen
    uint8_t loss;           ///< a timeout's octets are not all acknowledged yet
    uint8_t undo;           ///< 0: nothing to undo; else segments sent again without a D-SACK, + 1
    uint8_t mult;           ///< RACK.reo_wnd_mult - 1
    uint8_t persist;        ///< RACK.reo_wnd_persist
    uint8_t quick;          ///< segments to acknowledge at once, after a gap
    uint8_t phase;          ///< the congestion control's
    uint8_t choice;         ///< which of several congestion controls: aksu_choose()
    uint16_t rtt_ms;        ///< RACK.rtt
    uint16_t min_rtt_ms;    ///< RACK.min_RTT; 0 = none yet
    uint32_t xmit_ms;       ///< RACK.xmit_ts
    aksu_seq end_seq;       ///< RACK.end_seq
    aksu_seq dsack_round;   ///< RACK.dsack_round
    aksu_seq tlp_end;       ///< TLP.end_seq
    uint32_t prr_delivered; ///< RFC 9937; outside of recovery the congestion control's
    uint32_t prr_out;       ///< RFC 9937; else octets sent since cwnd was in use
    uint32_t recover_fs;    ///< RFC 9937 RecoverFS
    uint32_t prior_cwnd;    ///< cwnd before the last reduction
    uint32_t control[3];    ///< the congestion control's
    aksu_seq start;         ///< of the first run; the last member, as the rest of it lies behind
};

/// How a connection begins: what the pure core cannot know by itself.
struct aksu_open {
    aksu_seq iss;     ///< initial send sequence number, RFC 6528
    uint32_t salt;    ///< a keyed hash of the pair of endpoints
    uint32_t rcv_buf; ///< octets of the receive ring, 1 to 2^30
    uint16_t mss;     ///< the largest payload that fits the interface's MTU: 48 to 65495
};

/// What can happen to a connection.
enum aksu_event_kind {
    AKSU_EV_LISTEN,   ///< passive OPEN: open. Then the SYN follows as SEGMENT.
    AKSU_EV_CONNECT,  ///< active OPEN: open
    AKSU_EV_WROTE,    ///< value octets were queued for sending
    AKSU_EV_READ,     ///< value octets of receive room were freed
    AKSU_EV_SHUTDOWN, ///< half-close: no more will be queued, the peer's data is still wanted
    AKSU_EV_CLOSE,    ///< full close; value: linger in ms, 0 = as long as the user timeout
    AKSU_EV_ABORT,    ///< RFC 9293 3.10.5
    AKSU_EV_SET,      ///< option = value, see enum aksu_option
    AKSU_EV_SEGMENT,  ///< segment arrived: decoded, its checksum verified
    AKSU_EV_SENT,     ///< segment, as plan gave it, was handed to the link
    AKSU_EV_TICK,     ///< plan asked for it
    AKSU_EV_ICMP,   ///< option: enum aksu_icmp_class; value: quoted SEG.SEQ; detail: reason or MTU
    AKSU_EV_RESUME, ///< a saved TCB goes on: value: the clock when saved; detail: ms since then
    AKSU_EV_FAST_OPEN, ///< RFC 7413, before anything was sent. In SYN-SENT: the SYN may bring value
                       ///< octets. In SYN-RECEIVED: segment, the SYN, had a valid cookie.
    AKSU_EVENT_COUNT
};

/// Kinds of validated ICMP errors, RFC 9293 3.9.2.2 and RFC 5927.
enum aksu_icmp_class {
    AKSU_ICMP_SOFT, ///< advisory; detail is the enum aksu_error to report
    AKSU_ICMP_HARD, ///< ends a connection that is not yet synchronized; soft afterwards
    AKSU_ICMP_PTB   ///< packet too big; detail is the next-hop MTU less 40 octets of headers
};

/// Options of one connection, for AKSU_EV_SET and aksu_set(). Those from AKSU_TTL on are the
/// stack's, not the TCB's.
enum aksu_option {
    AKSU_NODELAY,            ///< 1: Nagle off (MUST-17). Default 0.
    AKSU_QUICKACK,           ///< 1: acknowledgments are not delayed. Default 0.
    AKSU_USER_TIMEOUT,       ///< R2, seconds (MUST-21); 0 = the profile's, 65535 = never
    AKSU_KEEPALIVE,          ///< 1: on. Default 0 (MUST-25).
    AKSU_KEEPALIVE_IDLE,     ///< seconds, 1 to 65535; 0 = 7200 (MUST-28)
    AKSU_KEEPALIVE_INTERVAL, ///< seconds, 1 to 255; 0 = 75
    AKSU_KEEPALIVE_COUNT,    ///< probes, 1 to 255; 0 = 9
    AKSU_PROBE_LIMIT,        ///< zero-window probes before giving up, 1 to 255; 0 = never (MUST-37)
    AKSU_URGENT,             ///< all that is queued so far is urgent (MUST-30); value is ignored
    AKSU_TTL,                ///< IPv4 TTL, 1 to 255; 0 = 64 (MUST-49)
    AKSU_DSCP,               ///< Diffserv code point, 0 to 63 (MUST-48)
    AKSU_SILENT,             ///< 1: no on_trouble reports (SHLD-20)
    AKSU_OPTION_COUNT
};

/// An event. Members that a kind does not name are zero.
struct aksu_event {
    uint8_t kind;   ///< enum aksu_event_kind
    uint8_t option; ///< enum aksu_option or enum aksu_icmp_class
    uint32_t now_ms;
    uint32_t value;
    uint32_t detail;
    const struct aksu_segment *segment;
    const struct aksu_open *open;
};

/// What follows from an event, to be carried out in the order of the bits.
enum {
    AKSU_FX_OPENED = 0x01,  ///< the connection is open: our SYN is acknowledged; or FAST_OPEN
    AKSU_FX_ACKED = 0x02,   ///< acked octets leave the front of the send ring
    AKSU_FX_DELIVER = 0x04, ///< copy octets from the segment, and/or ready more octets to read
    AKSU_FX_URGENT = 0x08,  ///< urgent data was announced: rcv_up has moved (MUST-32)
    AKSU_FX_EOF = 0x10,     ///< the peer has closed (FIN): no more data will come
    AKSU_FX_TROUBLE = 0x20, ///< advice: reason is R1 (AKSU_ETIMEDOUT) or a soft ICMP error
    AKSU_FX_RESET = 0x40,   ///< answer the segment as aksu_tcp_reply() says
    AKSU_FX_CLOSED = 0x80   ///< the connection is over: reason, AKSU_OK if it ended by FINs
};

struct aksu_effects {
    uint8_t mask;       ///< AKSU_FX_...
    bool refused;       ///< the segment was dropped: nothing of it was used
    int16_t reason;     ///< TROUBLE and CLOSED: enum aksu_error
    uint32_t acked;     ///< ACKED
    uint32_t copy_from; ///< DELIVER: offset of the first octet in the segment's payload
    uint32_t copy_to;   ///< DELIVER: offset in the receive ring from the rcv_nxt before the event
    uint32_t copy_len;  ///< DELIVER: octets to copy, may be 0
    uint32_t ready;     ///< DELIVER: octets that became readable, in order, may be 0
};

/// What plan answers.
enum aksu_next {
    AKSU_NEXT_NEVER,  ///< nothing, until an event comes
    AKSU_NEXT_WAIT,   ///< nothing for plan.wait_ms
    AKSU_NEXT_TICK,   ///< step a TICK now and ask again
    AKSU_NEXT_SEGMENT ///< send plan.segment now, then step SENT
};

/// A plan. The payload of plan.segment is the segment.len octets of the send ring that begin
/// aksu_tcp_offset() octets behind its front.
struct aksu_plan {
    uint32_t wait_ms; ///< AKSU_NEXT_WAIT: 1 to 2^30
    struct aksu_segment segment;
};

/// One step: what its parts share, and what operations of a profile are given. Of the event's
/// members only those are set that its kind names.
struct aksu_step {
    struct aksu_effects fx;
    uint32_t kind;     ///< the event's
    uint8_t option;    ///< the event's
    uint8_t range_max; ///< room for so many in range
    uint8_t owed;      ///< the TCB's, before the event
    uint8_t keepalive; ///< whether its timer runs, while the event is taken: see active.c
    const struct aksu_profile *p;
    struct aksu_tcb *t;
    const struct aksu_segment *s; ///< the event's
    uint32_t now_ms;              ///< the event's
    struct aksu_board *b;         ///< if it is in use, else NULL
    struct aksu_range *range;     ///< out-of-order data held, tcb.ranges of them
    uint32_t value;               ///< the event's
    union {
        uint32_t detail;              ///< the event's
        const struct aksu_open *open; ///< the event's, of LISTEN and CONNECT
    } more;
};

/// Congestion control, RFC 5681 section 3: how cwnd and ssthresh follow from what happens.
/// Each function may write those two and read the rest.
struct aksu_congestion {
    void (*open)(const struct aksu_step *);                   ///< ESTABLISHED: the initial window
    void (*acked)(const struct aksu_step *, uint32_t octets); ///< new data, no recovery
    void (*lost)(const struct aksu_step *, uint32_t flight);  ///< fast retransmit begins
    void (*timed_out)(const struct aksu_step *, uint32_t flight); ///< first timeout of a segment
    void (*idle)(const struct aksu_step *); ///< sending again after an idle RTO
};

/// Several of them, of which each connection has one: the first, until aksu_choose() says another.
/// A connection without a board in use keeps the first.
struct aksu_choice {
    struct aksu_congestion congestion; ///< for the profile
    const struct aksu_congestion *const *of;
    uint32_t count;
};

/// Defines `name`, a static struct aksu_choice: AKSU_CHOICE(mine, &aksu_cubic, &aksu_lossy) and
/// .congestion = &mine.congestion in a profile.
#define AKSU_CHOICE(name, ...)                                                                     \
    static const struct aksu_congestion *const name##_of[] = {__VA_ARGS__};                        \
    static const struct aksu_choice name = {{aksu_choice_open, aksu_choice_acked,                  \
                                             aksu_choice_lost, aksu_choice_timed_out,              \
                                             aksu_choice_idle},                                    \
                                            name##_of,                                             \
                                            sizeof name##_of / sizeof name##_of[0]}

void aksu_choice_open(const struct aksu_step *c);
void aksu_choice_acked(const struct aksu_step *c, uint32_t octets);
void aksu_choice_lost(const struct aksu_step *c, uint32_t flight);
void aksu_choice_timed_out(const struct aksu_step *c, uint32_t flight);
void aksu_choice_idle(const struct aksu_step *c);

/// Loss recovery of a sender whose peer sends SACKs (RFC 2018), in place of NewReno's. NULL in a
/// profile: NewReno (RFC 6582). Its state is a struct aksu_board for each connection.
struct aksu_recovery {
    void (*acked)(const struct aksu_step *, aksu_seq una); ///< an ACK; snd_una before it
    void (*sent)(const struct aksu_step *, aksu_seq end);  ///< text or FIN, up to end
    bool (*expired)(const struct aksu_step *); ///< the retransmission timer; false: a timeout
    uint32_t (*next)(const struct aksu_step *, aksu_seq *seq); ///< what to send
};

/// Timestamps, RFC 7323 3 to 5. NULL in a profile: never offered, never accepted.
struct aksu_timestamps {
    bool (*stale)(const struct aksu_tcb *, const struct aksu_segment *, uint32_t now_ms); ///< PAWS
    void (*arrived)(struct aksu_tcb *, const struct aksu_segment *, uint32_t now_ms);
    void (*put)(const struct aksu_tcb *, struct aksu_segment *, uint32_t now_ms);
};

/// Selective acknowledgments that a receiver sends, RFC 2018 and 2883. NULL: never negotiated.
struct aksu_sack {
    void (*duplicate)(const struct aksu_step *, aksu_seq to); ///< D-SACK: text up to a number
    void (*put)(const struct aksu_step *, struct aksu_segment *);
};

/// Explicit congestion notification, RFC 3168. NULL in a profile: never negotiated.
struct aksu_ecn {
    bool asks; ///< also as a client; else only if the peer asks
    void (*syn)(const struct aksu_step *);
    void (*put)(const struct aksu_tcb *, struct aksu_segment *);
    void (*arrived)(const struct aksu_step *);
};

struct aksu_cookies;
struct aksu_time_waits;
struct aksu_fast_peer;
struct aksu_fast_pending;
struct aksu_fast_side;
struct aksu_row;
struct aksu;
struct aksu_packet;

/// TCP Fast Open, RFC 7413. Made by AKSU_FAST_OPEN. NULL in a profile: never used. For
/// aksu_tcp_step and aksu_tcp_plan alone only step counts, which is aksu_tcp_fast_open.
struct aksu_fast_open {
    void (*step)(struct aksu_step *);
    struct aksu_row *(*syn)(struct aksu *, const struct aksu_packet *, const struct aksu_open *);
    uint32_t (*put)(const struct aksu *, const struct aksu_row *, const struct aksu_segment *,
                    uint8_t *header);
    bool (*opened)(const struct aksu *, const struct aksu_row *, const struct aksu_effects *,
                   const struct aksu_packet *);
    const struct aksu_fast_side *client;
    const struct aksu_fast_side *server;
    struct aksu_fast_peer *peer;
    struct aksu_fast_pending *pending;
    uint16_t peers;
    uint16_t pendings;
};

void aksu_tcp_fast_open(struct aksu_step *c);

/// What a profile can name.
extern const struct aksu_congestion aksu_newreno; ///< RFC 5681, 6582, 6928
extern const struct aksu_congestion aksu_cubic;   ///< RFC 9438, 9406
/// For links that lose frames for other reasons than congestion, such as radio: losses do not take
/// the window below what the path is known to hold. Not where queues are much shorter than that, or
/// a policer bounds the rate. Without loss recovery it is aksu_newreno. docs/design.md has more.
extern const struct aksu_congestion aksu_lossy;
extern const struct aksu_recovery aksu_rack; ///< RFC 8985, 9937, 5682
/// aksu_rack, and discovery of the path's MTU without ICMP (RFC 4821): black holes are found and
/// got out of while the peer sends SACKs. It takes one of the board's runs for itself.
extern const struct aksu_recovery aksu_plpmtud;
/// aksu_rack, and pacing: what cwnd lets out at once leaves over half a round-trip time while it
/// doubles, over four fifths of one else.
extern const struct aksu_recovery aksu_paced;
extern const struct aksu_timestamps aksu_tcp_timestamps;
extern const struct aksu_ecn aksu_ecn_answers; ///< if the peer asks
extern const struct aksu_ecn aksu_ecn_asks;    ///< and as a client, too
extern const struct aksu_sack aksu_tcp_sack;
extern const struct aksu_cookies aksu_syn_cookies;
extern const struct aksu_time_waits aksu_time_wait_table;

/// Limits and pure operations of a stack: a `static const` of the user's choice. What no profile
/// names is not linked. aksu_lean, aksu_standard and aksu_full are ready made. Octets come first:
/// there the shortest instructions of a Cortex-M reach them.
struct aksu_profile {
    uint8_t syn_ack_tries;  ///< SYN,ACKs sent for one SYN, at least 1
    uint8_t window_scale;   ///< 1: offered and accepted (RFC 7323 2)
    uint8_t challenge_acks; ///< per 5 s and connection, before randomisation (RFC 5961 7)
    const struct aksu_congestion *congestion; ///< required
    const struct aksu_recovery *recovery;     ///< or NULL
    const struct aksu_timestamps *timestamps; ///< or NULL
    const struct aksu_ecn *ecn;               ///< or NULL
    const struct aksu_sack *sack;             ///< or NULL
    const struct aksu_cookies *cookies;       ///< or NULL: no SYN cookies (RFC 4987 3.6)
    const struct aksu_fast_open *fast_open;   ///< or NULL; of one stack, as its tables are
    const struct aksu_time_waits *time_waits; ///< or NULL: in TIME-WAIT a connection keeps its row,
                                              ///< until it is over or another one needs it
    uint32_t (*copy)(void *to, const void *from, uint32_t len); ///< copies and sums: aksu_copy
    uint32_t rto_min_ms;     ///< RFC 6298 2.4 says 1000; 200 is usual on a LAN
    uint32_t rto_max_ms;     ///< at least 60000 (RFC 6298 2.5)
    uint32_t msl_ms;         ///< maximum segment lifetime; RFC 9293 says 120000, practice 30000
    uint32_t fin_wait_2_ms;  ///< FIN-WAIT-2 after a full close
    uint16_t delayed_ack_ms; ///< 0 to 499 (MUST-40); 0: never delayed
    uint16_t user_timeout_s; ///< R2; at least 100 (SHLD-11)
};

extern const struct aksu_profile aksu_lean;     ///< windows, NewReno, out-of-order data
extern const struct aksu_profile aksu_standard; ///< and timestamps, SACK, window scale, SYN cookies
extern const struct aksu_profile aksu_full;     ///< and a 200 ms minimum RTO, for hosts and LANs

/// Says which limit of a profile of one's own is out of its range, and why; NULL: none. It is a
/// matter of the source, so it is asked in a test, not at every start: aksu_init() asks in debug
/// builds of the library only. Linked only when used.
const char *aksu_profile_error(const struct aksu_profile *profile);

/// Changes a TCB by one event. A zeroed TCB is CLOSED; LISTEN and CONNECT begin a connection in it.
///
/// An event that makes no sense in the state changes nothing. Work is bounded by AKSU_RANGES.
///
/// board: of a connection whose profile has a recovery, else NULL.
void aksu_tcp_step(const struct aksu_profile *profile, struct aksu_tcb *tcb,
                   struct aksu_board *board, const struct aksu_event *event,
                   struct aksu_effects *effects);

/// Tells what a connection wants to do at now_ms. Changes nothing; plan may be NULL.
///
/// After a TICK was stepped at now_ms the answer at now_ms is not TICK again.
enum aksu_next aksu_tcp_plan(const struct aksu_profile *profile, const struct aksu_tcb *tcb,
                             const struct aksu_board *board, uint32_t now_ms,
                             struct aksu_plan *plan);

/// Builds the answer to a segment that belongs to no connection, RFC 9293 3.10.7.1.
///
/// Returns false if there is none to send: a RST is never answered.
bool aksu_tcp_reply(const struct aksu_segment *arrived, struct aksu_segment *answer);

/// What a listener does with a segment, RFC 9293 3.10.7.2.
enum aksu_verdict { AKSU_DROP, AKSU_ADMIT, AKSU_REPLY };

/// Judges a segment that arrives at a listener: AKSU_ADMIT for a SYN that opens a connection,
/// AKSU_REPLY for one that aksu_tcp_reply() answers.
enum aksu_verdict aksu_tcp_listen(const struct aksu_segment *arrived);

/// Tells how many octets behind the front of the send ring a planned segment's payload begins.
uint32_t aksu_tcp_offset(const struct aksu_tcb *tcb, const struct aksu_segment *planned);

/// Tells the retransmission timeout that a segment sent now would get, ms (RFC 6298).
uint32_t aksu_tcp_rto(const struct aksu_profile *profile, const struct aksu_tcb *tcb);

/// Tells whether RFC 9293 Figure 5, or an edge listed in docs/design.md, leads from one state to
/// the other.
bool aksu_tcp_edge(enum aksu_state from, enum aksu_state to);

/// Names a state, an event, an error: "SYN-SENT", "CONNECT", "connection reset by peer".
/// Never NULL. Linked only when used.
const char *aksu_state_name(unsigned state);
const char *aksu_event_name(unsigned kind);
const char *aksu_error_name(int error);

#ifdef __cplusplus
}
#endif

#endif
