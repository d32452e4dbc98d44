// SPDX-License-Identifier: MIT
/// The stack: a connection table over IPv4, driven by its port, calling the application back.
///
/// A port calls three functions and owns the loop:
///
///     for (;;) {
///         while (a frame waits)                           aksu_input(net, now, frame, len);
///         while ((n = aksu_output(net, now, buffer, size)))  send(buffer, n);
///         sleep until a frame waits, at most aksu_idle(net, now) ms;
///     }
///
/// All frames that wait are taken in before anything is sent: that is how acknowledgments are
/// aggregated (RFC 9293 MUST-59).
///
/// Handlers run only inside aksu_input() and aksu_output(), never inside a call that the
/// application makes, and may make any call of this header but those two and aksu_init(). The order
/// for one connection is: on_open, then on_recv, on_sent, on_urgent, on_trouble in any number,
/// on_end at most once, then on_close exactly once as the last word. A connection that never was
/// announced (a half-open one, or one that on_accept refused) calls nothing else.
///
/// There are no locks: one thread, task or main loop owns a stack. Several stacks can live in one
/// program. Times are milliseconds of any clock that counts up and wraps at 2^32.
#ifndef AKSU_AKSU_H
#define AKSU_AKSU_H

#include <aksu/tcb.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define AKSU_VERSION 0x000100u ///< major << 16 | minor << 8 | patch

/// aksu_idle(): nothing to do until a frame comes or the application calls.
#define AKSU_NEVER UINT32_MAX

/// A connection: greater than 0. It is never reused for another one until the connection's slot
/// has been reused 4095 times. Functions that return a handle return a negative error instead.
typedef int32_t aksu_handle;

/// An IP address, in network order. IPv4 stands as ::ffff:a.b.c.d (RFC 4291 2.5.5.2); all zero
/// means any or none.
struct aksu_addr {
    uint8_t octets[16];
};

struct aksu_endpoint {
    struct aksu_addr addr;
    uint16_t port; ///< host byte order
};

struct aksu;

/// What an application wants to hear of. NULL = not interested. `user` is the pointer given to
/// aksu_connect() or aksu_listen(), or set since by aksu_set_handlers().
struct aksu_handlers {
    /// A client has completed its handshake. Returns false to refuse it (RST).
    bool (*on_accept)(struct aksu *net, aksu_handle conn, void *user);
    /// The connection is ESTABLISHED.
    void (*on_open)(struct aksu *net, aksu_handle conn, void *user);
    /// Octets became readable; `readable` is how many there are in all.
    void (*on_recv)(struct aksu *net, aksu_handle conn, void *user, size_t readable);
    /// The peer has acknowledged `acked` octets: there is room to send.
    void (*on_sent)(struct aksu *net, aksu_handle conn, void *user, size_t acked);
    /// Urgent data was announced; `ahead` octets are still to be read up to its end (MUST-32, 33).
    void (*on_urgent)(struct aksu *net, aksu_handle conn, void *user, size_t ahead);
    /// The peer has closed its side (FIN). What is readable can still be read, and sending goes on.
    void (*on_end)(struct aksu *net, aksu_handle conn, void *user);
    /// Advice: the peer does not answer (AKSU_ETIMEDOUT, R1), or a soft ICMP error. Nothing is lost
    /// yet (MUST-47, SHLD-9).
    void (*on_trouble)(struct aksu *net, aksu_handle conn, void *user, int error);
    /// The connection is over: AKSU_OK after FINs both ways, else why. The handle is valid until
    /// this returns, so what is readable can still be read.
    void (*on_close)(struct aksu *net, aksu_handle conn, void *user, int error);
    /// Stands in for the send ring: writes the `len` octets of the stream that begin at `offset`
    /// (octets since the connection opened, modulo 2^32) to `to`. It may be asked for the same
    /// octets again, and must give the same. Octets are announced by aksu_offer().
    void (*emit)(struct aksu *net, aksu_handle conn, void *user, uint32_t offset, void *to,
                 size_t len);
};

/// Why a packet was dropped: aksu_input() returns the reason's negative, and counters.dropped
/// counts it. aksu_drop_name() says it in words.
enum aksu_drop {
    AKSU_DROP_NONE = 0,
    AKSU_DROP_RUNT,         ///< shorter than its headers, or longer than the MTU allows
    AKSU_DROP_NOT_OURS,     ///< another station's, or another host's address
    AKSU_DROP_SOURCE,       ///< the source address is not one that can send (RFC 1122 3.2.1.3)
    AKSU_DROP_PROTOCOL,     ///< an EtherType, IP protocol or ARP format that is not spoken here
    AKSU_DROP_IP_HEADER,    ///< version, header length or total length is impossible
    AKSU_DROP_IP_CHECKSUM,  ///< IPv4 header checksum
    AKSU_DROP_FRAGMENT,     ///< fragments are not reassembled
    AKSU_DROP_IP_OPTION,    ///< malformed, or a source route (MUST-51 to 53: see docs/design.md)
    AKSU_DROP_ICMP,         ///< too short, bad checksum, or of no use
    AKSU_DROP_ICMP_QUOTE,   ///< an ICMP error that is not believed: it quotes nothing in flight, or
                            ///< the path's MTU as it is already (RFC 5927)
    AKSU_DROP_ECHO_BUSY,    ///< an echo request while another is being answered, or too large
    AKSU_DROP_ARP,          ///< not a request for us, not an answer to our question
    AKSU_DROP_TCP_HEADER,   ///< data offset, or a port of 0
    AKSU_DROP_TCP_CHECKSUM, ///< TCP checksum (MUST-3)
    AKSU_DROP_TCP_OPTION,   ///< an option of illegal length (MUST-7)
    AKSU_DROP_TCP_FLAGS,    ///< flags that no TCP sends: SYN and FIN together, none at all, ...
    AKSU_DROP_UNACCEPTABLE, ///< outside of the window, or PAWS, or an ACK that cannot be
    AKSU_DROP_NO_CONNECTION, ///< belongs to no connection
    AKSU_DROP_LISTEN,        ///< not a SYN, at a listener
    AKSU_DROP_TIME_WAIT,     ///< an old segment, or a SYN that cannot reopen (RFC 6191)
    AKSU_DROP_NO_ROW,        ///< no row was free for a new connection
    AKSU_DROP_REPLY_FULL,    ///< it would have been answered, but there was no room for one more
                             ///< answer
    AKSU_DROP_COUNT
};

struct aksu_counters {
    uint32_t frames_in;
    uint32_t frames_out;
    uint32_t retransmitted; ///< segments sent again
    uint32_t timeouts;      ///< retransmission timeouts
    uint32_t opened;        ///< connections that became ESTABLISHED
    uint32_t resets_sent;
    uint32_t cookies_sent;   ///< SYNs answered by a SYN cookie
    uint32_t cookies_taken;  ///< connections that a returned cookie opened
    uint32_t half_open_lost; ///< half-open connections that gave way, or were not completed
    uint32_t time_wait_lost; ///< TIME-WAIT entries that gave way before 2 MSL (MUST-13)
    uint32_t arp_conflicts;  ///< another station claimed our address (RFC 5227 2.4)
    uint32_t dropped[AKSU_DROP_COUNT];
};

struct aksu_row;
struct aksu_step;

/// One step of one connection, as the trace hook sees it. `before` is a copy, `after` the TCB.
struct aksu_trace {
    void (*hook)(struct aksu_trace *, struct aksu *net, aksu_handle conn, const struct aksu_event *,
                 const struct aksu_effects *, const struct aksu_tcb *after);
    struct aksu_tcb before;
    void *user;
    void (*stepped)(struct aksu *, struct aksu_row *, struct aksu_step *); // the library's
};

/// What an image has besides TCP, such as a UDP endpoint: the caller's memory, in a list. Its
/// members are the library's.
struct aksu_more {
    const struct aksu_more_ops *ops;
    struct aksu_more *next;
};

/// How frames reach the wire. &aksu_ethernet: Ethernet II and ARP. NULL: bare IP packets, as TUN,
/// PPP and SLIP carry them. Its members are the library's.
struct aksu_packet;
struct aksu_answer;
struct aksu_link {
    uint32_t header_len;
    int (*input)(struct aksu *net, struct aksu_packet *in);
    // Puts the header in front of a packet for a station.
    void (*frame)(const struct aksu *net, uint8_t *frame, const uint8_t mac[6]);
    // Writes an answer that is not IPv4.
    size_t (*answer)(struct aksu *net, const struct aksu_answer *answer, uint8_t *frame);
};
struct aksu_resolver;
extern const struct aksu_link aksu_ethernet;

/// What a stack is told when it starts. Zero is the default of each member but profile and addr.
struct aksu_config {
    const struct aksu_profile *profile; ///< required
    const struct aksu_link *link;       ///< &aksu_ethernet, or NULL for bare IP
    const struct aksu_boards *boards;   ///< for the profile's recovery; NULL: it is not used
    void *user;                         ///< for the port's or the application's own use
    struct aksu_addr addr;              ///< our IPv4 address; zero: none yet, nothing is taken in
    struct aksu_addr gateway;           ///< or zero: only the local network is reached
    uint8_t mac[6];                     ///< our hardware address, if link is &aksu_ethernet
    uint8_t prefix;                     ///< length of the netmask, 1 to 32; 0 = 24
    uint16_t mtu;                       ///< octets of an IP packet, 88 to 65535; 0 = 1500
    uint16_t offload;                   ///< AKSU_OFFLOAD_...
};

/// Checksums that the MAC does.
enum {
    AKSU_OFFLOAD_RX = 1, ///< arriving IPv4 and TCP checksums have been verified
    AKSU_OFFLOAD_TX = 2  ///< leaving IPv4 and TCP checksums are filled in by the MAC
};

// The tables. Their members are the library's; only sizeof matters to others.

/// A connection's two ends: IPv4 addresses and ports in host order.
struct aksu_pair {
    uint32_t remote;
    uint32_t local;
    uint16_t remote_port;
    uint16_t local_port;
};

/// A connection's row: the TCB and what the stack keeps beside it.
struct aksu_row {
    uint8_t bits;
    uint8_t ttl;
    uint8_t dscp;
    uint8_t reason;     // of on_close, negated
    uint8_t mac[6];     // next hop
    aksu_handle handle; // of its connection, the last one or the one that is
    struct aksu_pair pair;
    const struct aksu_handlers *handlers;
    void *user;
    struct aksu_row *next; // in its bucket, or of the free list
    uint32_t place;        // in the heap of deadlines
    uint32_t deadline;
    uint32_t rx_head; // next octet of the receive ring to be read
    uint32_t tx_head; // of the send ring; with emit: offset of snd_una in the stream
    struct aksu_tcb tcb;
};

struct aksu_listener {
    const struct aksu_handlers *handlers;
    void *user;
    uint32_t local; // 0 = any
    uint16_t port;  // 0 = free
    uint8_t backlog;
    uint8_t half_open;
};

struct aksu_time_wait {
    uint32_t tuple; // keyed hash of the pair of endpoints, with salt
    uint32_t salt;
    uint32_t expires; // not within 2 MSL from now: free
    aksu_seq snd_nxt;
    aksu_seq rcv_nxt;
    uint32_t ts_recent;
    uint16_t wnd;
    uint16_t options; // of its segments: AKSU_OPT_TIMESTAMPS or none
};

struct aksu_neighbour {
    uint32_t addr; // 0 = free
    uint32_t at;   // next request, or when it goes stale
    uint8_t mac[6];
    uint8_t state;
    uint8_t tries;
};

struct aksu_answer {
    uint8_t mac[6];
    uint16_t kind;
    struct aksu_pair pair;
    uint8_t segment[offsetof(struct aksu_segment, len)]; // a copy of that much of it
};

enum { AKSU_ANSWERS = 4, AKSU_NEIGHBOURS = 4 };

/// The memory that a stack works in, all of it. Made by AKSU_STORAGE.
struct aksu_storage {
    uint32_t version; // of the header it was compiled against
    uint16_t row_size;
    uint16_t row_tail; // offset of a row's last member: sizeof alone misses a change of order
    uint32_t rows;
    uint32_t listeners;
    uint32_t time_waits;
    uint32_t buckets; // a power of 2
    uint32_t rx_octets;
    uint32_t tx_octets;
    uint32_t echo_octets;
    uint32_t cleared; // octets from row on that aksu_init() clears: all tables but heap and answer
    struct aksu_row *row;
    struct aksu_row **heap;
    struct aksu_row **bucket;
    struct aksu_listener *listener;
    struct aksu_time_wait *time_wait;
    struct aksu_answer *answer;
    struct aksu_neighbour *neighbour;
    uint8_t *rx;
    uint8_t *tx;
    uint8_t *echo;
};

/// A power of 2 in proportion to n: 1 up to 8 rows, where a short list needs no hash.
#define AKSU_BUCKETS_(n)                                                                           \
    ((n) <= 8       ? 1                                                                            \
     : (n) <= 32    ? 16                                                                           \
     : (n) <= 128   ? 64                                                                           \
     : (n) <= 512   ? 256                                                                          \
     : (n) <= 2048  ? 1024                                                                         \
     : (n) <= 8192  ? 4096                                                                         \
     : (n) <= 32768 ? 16384                                                                        \
                    : 131072)

/// Whether sizes are in the ranges that AKSU_STORAGE_WITH gives. aksu_init() relies on it.
#define AKSU_STORAGE_VALID(connections, listeners, rx_octets, tx_octets, time_waits, echo_octets)  \
    ((connections) >= 1 && (connections) <= 524287 && (listeners) >= 1 && (rx_octets) >= 1 &&      \
     (rx_octets) <= 0x40000000 && (tx_octets) <= 0x40000000 && (time_waits) >= 1 &&                \
     (echo_octets) >= 8 && (echo_octets) <= 65515)

/// Defines `name`, a static struct aksu_storage, with its arrays. Sizes out of range do not
/// compile: an array of -1 octets is named then.
///
/// connections: rows, 1 to 524287. listeners: ports that can be listened on, at least 1.
/// rx_octets, tx_octets: each connection's receive and send ring, 1 to 2^30; tx_octets may be 0 if
/// every connection has an emit handler.
#define AKSU_STORAGE(name, connections, listeners, rx_octets, tx_octets)                           \
    AKSU_STORAGE_WITH(name, connections, listeners, rx_octets, tx_octets, 2 * (connections), 1480)

/// The same, with time_waits: connections remembered in TIME-WAIT, at least 1; and echo_octets: the
/// largest ICMP echo request that is answered, without its IP header; 8 to 65515.
#define AKSU_STORAGE_WITH(name, connections, listeners_, rx_octets_, tx_octets_, time_waits_,      \
                          echo_octets_)                                                            \
    static struct {                                                                                \
        struct aksu_row row[connections];                                                          \
        struct aksu_row *bucket[AKSU_BUCKETS_(connections)];                                       \
        struct aksu_listener listener[listeners_];                                                 \
        struct aksu_time_wait time_wait[time_waits_];                                              \
        struct aksu_neighbour neighbour[AKSU_NEIGHBOURS];                                          \
    } name##_tables;                                                                               \
    static struct aksu_row *name##_heap[connections];                                              \
    static struct aksu_answer name##_answer[AKSU_ANSWERS];                                         \
    static uint8_t name##_rx[(size_t)(connections) * (rx_octets_)];                                \
    static uint8_t name##_tx[(size_t)(connections) * (tx_octets_) + 1];                            \
    static uint8_t name##_echo[echo_octets_];                                                      \
    static const struct aksu_storage name = {                                                      \
        AKSU_VERSION *                                                                             \
            (uint32_t)sizeof(char[AKSU_STORAGE_VALID(connections, listeners_, rx_octets_,          \
                                                     tx_octets_, time_waits_, echo_octets_)        \
                                      ? 1                                                          \
                                      : -1]),                                                      \
        (uint16_t)sizeof(struct aksu_row),                                                         \
        (uint16_t)offsetof(struct aksu_row, tcb.range),                                            \
        (connections),                                                                             \
        (listeners_),                                                                              \
        (time_waits_),                                                                             \
        AKSU_BUCKETS_(connections),                                                                \
        (rx_octets_),                                                                              \
        (tx_octets_),                                                                              \
        (echo_octets_),                                                                            \
        sizeof name##_tables,                                                                      \
        name##_tables.row,                                                                         \
        name##_heap,                                                                               \
        name##_tables.bucket,                                                                      \
        name##_tables.listener,                                                                    \
        name##_tables.time_wait,                                                                   \
        name##_answer,                                                                             \
        name##_tables.neighbour,                                                                   \
        name##_rx,                                                                                 \
        name##_tx,                                                                                 \
        name##_echo}

/// Defines `name`, a static struct aksu_boards: boards for so many connections. runs: 4 to 255;
/// what is in flight in so many pieces is told apart, and 8 octets each are needed. From 16 on, the
/// receiver keeps as many ranges of out-of-order data instead of 4, for 8 octets more each.
#define AKSU_BOARDS(name, connections, runs)                                                       \
    static struct {                                                                                \
        struct aksu_board board;                                                                   \
        union aksu_slot slot[AKSU_SLOTS_(runs)];                                                   \
    } name##_boards[connections];                                                                  \
    static const struct aksu_boards name = {&name##_boards[0].board, sizeof name##_boards[0],      \
                                            connections, runs, aksu_boards_find}

#define AKSU_SLOTS_(runs) ((runs) + 0u < AKSU_LARGE ? (runs) + 0u : 2u * (runs))

/// Boards of a stack. Made by AKSU_BOARDS.
struct aksu_boards {
    struct aksu_board *first;
    uint32_t octets; // of each, with what lies behind it
    uint32_t connections;
    uint32_t runs;
    void (*find)(const struct aksu *, const struct aksu_row *,
                 struct aksu_step *); ///< the library's
};

void aksu_boards_find(const struct aksu *net, const struct aksu_row *row, struct aksu_step *c);

/// What a Fast Open client knows of a server.
struct aksu_fast_peer {
    uint32_t addr;  // 0 = free
    uint32_t at;    // when it was last used, or failed
    uint16_t mss;   // the server's
    uint8_t failed; // 1: there is no Fast Open with it for an hour
    uint8_t text;   // 1: the last SYN brought text
    uint8_t len;    // of its cookie; 0 = none
    uint8_t cookie[16];
};

/// A connection that a Fast Open server opened early, until the handshake is over.
struct aksu_fast_pending {
    aksu_handle conn; // 0 = free
    uint32_t at;      // when it was last there
};

/// Defines `name`, a static struct aksu_fast_open for the profile of one stack: TCP Fast Open,
/// RFC 7413, as client and as server. It saves a round trip by data in the SYN. If the network
/// duplicates that, the server's application gets the data again, as a connection of its own: use
/// it for what may be done twice, such as HTTP's GET (RFC 7413 2.1, 6.1).
///
/// peers: servers whose cookies a client remembers, 1 to 65535; the one used longest ago gives way.
/// pending: connections at once that a server opens early, 1 to 65535. Beyond it a SYN's data waits
/// for the handshake as without Fast Open (5.1).
///
/// A server's listeners all take it. on_accept, on_open and on_recv come with the SYN, and the
/// application may answer at once; aksu_info()'s tcb has AKSU_F_SYN_UNACKED until the client has
/// shown that it is there.
#define AKSU_FAST_OPEN(name, peers, pending)                                                       \
    static struct aksu_fast_peer name##_peer[peers];                                               \
    static struct aksu_fast_pending name##_pending[pending];                                       \
    static const struct aksu_fast_open name = {aksu_tcp_fast_open,                                 \
                                               aksu_fast_syn,                                      \
                                               aksu_fast_put,                                      \
                                               aksu_fast_opened,                                   \
                                               &aksu_fast_client,                                  \
                                               &aksu_fast_server,                                  \
                                               name##_peer,                                        \
                                               name##_pending,                                     \
                                               peers,                                              \
                                               pending}

/// The same as a client only, or as a server only.
#define AKSU_FAST_OPEN_CLIENT(name, peers)                                                         \
    static struct aksu_fast_peer name##_peer[peers];                                               \
    static const struct aksu_fast_open name = {aksu_tcp_fast_open,                                 \
                                               aksu_listen_half_open,                              \
                                               aksu_fast_put,                                      \
                                               aksu_fast_opened,                                   \
                                               &aksu_fast_client,                                  \
                                               NULL,                                               \
                                               name##_peer,                                        \
                                               NULL,                                               \
                                               peers,                                              \
                                               0}
#define AKSU_FAST_OPEN_SERVER(name, pending)                                                       \
    static struct aksu_fast_pending name##_pending[pending];                                       \
    static const struct aksu_fast_open name = {aksu_tcp_fast_open,                                 \
                                               aksu_fast_syn,                                      \
                                               aksu_fast_put,                                      \
                                               aksu_fast_opened,                                   \
                                               NULL,                                               \
                                               &aksu_fast_server,                                  \
                                               NULL,                                               \
                                               name##_pending,                                     \
                                               0,                                                  \
                                               pending}

// The library's, for these.
extern const struct aksu_fast_side aksu_fast_client;
extern const struct aksu_fast_side aksu_fast_server;
struct aksu_row *aksu_fast_syn(struct aksu *net, const struct aksu_packet *in,
                               const struct aksu_open *open);
struct aksu_row *aksu_listen_half_open(struct aksu *net, const struct aksu_packet *in,
                                       const struct aksu_open *open);
uint32_t aksu_fast_put(const struct aksu *net, const struct aksu_row *row,
                       const struct aksu_segment *s, uint8_t *header);
bool aksu_fast_opened(const struct aksu *net, const struct aksu_row *row,
                      const struct aksu_effects *fx, const struct aksu_packet *in);

/// A stack. Its members are the library's; read the counters through aksu_counters().
struct aksu {
    uint8_t offload; // and whether an ICMP message waits
    uint8_t answers; // that wait
    uint16_t mtu;
    uint8_t mac[6];
    uint8_t ports_chosen;
    uint8_t cookie_period; // in which a SYN cookie was last sent, modulo 2^8
    const struct aksu_storage *store;
    const struct aksu_profile *profile;
    const struct aksu_link *link;
    // What only some images need, and then link: set by the calls that need it.
    void (*step)(struct aksu_step *); // behind that of a server
    const struct aksu_resolver *resolver;
    struct aksu_more *more; // the first
    struct aksu_trace *trace;
    const struct aksu_boards *boards;
    void *user;
    struct aksu_row *free_rows;
    uint32_t now_ms;
    uint32_t addr;
    uint32_t netmask;
    uint32_t gateway;
    uint32_t scheduled;    // rows in the heap
    uint32_t table_key[2]; // 0, 0 until there is a secret
    uint32_t defended_at;  // counters.arp_conflicts is not 0
    struct aksu_counters counters;
    uint32_t secret[4];
    struct aksu_row *first; // whose deadline is all there is to wait for; or NULL
};

/// Starts a stack in the given storage, whose contents are cleared.
///
/// Returns AKSU_OK; AKSU_EPROTO if storage was compiled against another version of this header;
/// AKSU_EINVAL if the profile is missing, or the address or the MTU out of range. What the profile
/// holds is checked by aksu_profile_error().
int aksu_init(struct aksu *net, const struct aksu_storage *storage,
              const struct aksu_config *config);

/// Gives the secret that initial sequence numbers, ports, timestamps and cookies are made with
/// (RFC 6528 3, RFC 6056): 16 octets or more from a true random source, new at every boot.
///
/// More may be mixed in later: open connections go on, but TIME-WAIT entries and SYN cookies made
/// before are no longer recognised.
///
/// Returns AKSU_EINVAL if len is below 16. Until it succeeds nothing can be opened.
int aksu_seed(struct aksu *net, const void *entropy, size_t len);

/// Tells the time before calls that are made outside of a handler, if the last aksu_input() or
/// aksu_output() may be long ago.
void aksu_now(struct aksu *net, uint32_t now_ms);

/// Shows each step from now on to the trace's hook; NULL: no more. The trace belongs to the library
/// until then, but for its user pointer.
void aksu_trace(struct aksu *net, struct aksu_trace *trace);

/// Takes in one frame (with link NULL: one IP packet). The frame is not needed afterwards.
///
/// Returns 0, or the negative enum aksu_drop that says why it was dropped.
int aksu_input(struct aksu *net, uint32_t now_ms, const void *frame, size_t len);

/// Writes the next frame to send to `frame`, at most `size` octets: MTU + 14, or MTU with link
/// NULL.
///
/// Returns its length, or 0 if there is none now. What it returns counts as sent.
size_t aksu_output(struct aksu *net, uint32_t now_ms, void *frame, size_t size);

/// Tells how long there is nothing to do, if no frame comes: milliseconds, 0 = call aksu_output()
/// now, AKSU_NEVER = for ever.
uint32_t aksu_idle(const struct aksu *net, uint32_t now_ms);

/// Changes the IPv4 address, prefix length and gateway. Live connections keep the address that they
/// began with (MUST-45). Returns AKSU_EINVAL if one is not valid.
int aksu_set_address(struct aksu *net, const struct aksu_addr *addr, uint8_t prefix,
                     const struct aksu_addr *gateway);

/// What knows whether there is a link. Made of zeros; its members are the library's.
struct aksu_carrier {
    struct aksu_more more;
    const struct aksu_resolver *resolver; // the one that is stood in for
    bool down;
    bool holds;
};

/// Tells that the link has gone (the cable was pulled), or is there again; at first it is thought
/// to be there. Linked only when used. carrier: one for each stack, zeros at first.
///
/// While it is gone connections send nothing, so that nothing is thought to be lost; their user
/// timeouts go on. When it is back, the addresses of DHCP, SLAAC and claims are verified or asked
/// for anew, and connections go on at once, or when their address is free again: docs/network.md.
/// On links of bare packets connections are not held back.
void aksu_link(struct aksu *net, struct aksu_carrier *carrier, bool up);

/// Begins to listen on a port; local NULL or zero means any of our addresses.
///
/// backlog: half-open connections that may hold a row at once, 1 to 255; 0 = half of the rows.
/// Beyond it SYN cookies answer, if the profile has them; else SYNs are dropped, and the client's
/// next SYN is its retry. Live connections of the port are not touched (MUST-41).
/// Returns AKSU_EADDRINUSE, AKSU_ENOMEM (table of listeners full), AKSU_EINVAL, AKSU_ENOKEY.
int aksu_listen(struct aksu *net, const struct aksu_addr *local, uint16_t port, uint8_t backlog,
                const struct aksu_handlers *handlers, void *user);

/// Stops listening. Connections that are open go on; half-open ones are dropped.
/// Returns AKSU_EINVAL if nothing listens there.
int aksu_unlisten(struct aksu *net, const struct aksu_addr *local, uint16_t port);

/// Opens a connection. local_port 0 = chosen at random from 1024 to 65535 (RFC 6056 3.3).
///
/// Returns its handle; or AKSU_EADDRNOTAVAIL (remote is no unicast address, or not reachable
/// without a gateway; MUST-46), AKSU_EADDRINUSE, AKSU_ENOMEM (no row), AKSU_EINVAL, AKSU_ENOKEY.
/// Success or failure is told later, by on_open or on_close.
aksu_handle aksu_connect(struct aksu *net, const struct aksu_endpoint *remote, uint16_t local_port,
                         const struct aksu_handlers *handlers, void *user);

/// Has a connection's SYN bring data (RFC 7413): between aksu_connect() and the next aksu_output().
/// What is queued until then goes with it, if a cookie of the server is known; else the SYN asks
/// for one, and data follows the handshake as ever. The data may be delivered twice: see
/// AKSU_FAST_OPEN.
///
/// Returns how many octets the SYN can bring, 0 for none; AKSU_EINVAL if the SYN is sent already,
/// or the profile has no Fast Open for clients; AKSU_EBADF.
int32_t aksu_fast_open(struct aksu *net, aksu_handle conn);

/// Queues octets for sending: copies as many as there is room for.
///
/// Returns how many; 0 if the send ring is full (on_sent tells when to go on); AKSU_EPIPE after
/// aksu_shutdown(); AKSU_EBADF. Before ESTABLISHED they are queued (RFC 9293 3.10.2).
int32_t aksu_send(struct aksu *net, aksu_handle conn, const void *data, size_t len);

/// Lends room in the send ring to write to in place: *len octets, contiguous. NULL if there is
/// none.
void *aksu_room(struct aksu *net, aksu_handle conn, size_t *len);

/// Queues the first len octets of what aksu_room() lent.
/// Returns AKSU_EINVAL if that is more than was lent, AKSU_EPIPE, AKSU_EBADF.
int aksu_commit(struct aksu *net, aksu_handle conn, size_t len);

/// Announces len more octets that the emit handler will give.
/// Returns AKSU_EINVAL without emit or beyond 2^30 octets not yet acknowledged, AKSU_EPIPE,
/// AKSU_EBADF.
int aksu_offer(struct aksu *net, aksu_handle conn, size_t len);

/// Copies readable octets out, at most len, and frees their room. Returns how many, or AKSU_EBADF.
int32_t aksu_recv(struct aksu *net, aksu_handle conn, void *to, size_t len);

/// Lends the readable octets in place: *len octets, contiguous; there may be more behind them.
/// NULL if there are none. Valid until aksu_consume() or the handler's return.
const void *aksu_peek(struct aksu *net, aksu_handle conn, size_t *len);

/// Frees the first len readable octets. Returns AKSU_EINVAL if there are fewer, AKSU_EBADF.
int aksu_consume(struct aksu *net, aksu_handle conn, size_t len);

/// Half-close: a FIN follows what is queued; the peer's data is still received (RFC 9293 3.6).
/// Returns AKSU_EPIPE if that was done before (SM-33), AKSU_EBADF.
int aksu_shutdown(struct aksu *net, aksu_handle conn);

/// Closes: a FIN follows what is queued; nothing more is received. If received data has not been
/// read, or comes later, the connection is reset instead (RFC 9293 3.6.1, SHLD-3).
///
/// linger_ms: how long queued data may take; 0 = the user timeout. on_close still follows.
/// Returns AKSU_EBADF.
int aksu_close(struct aksu *net, aksu_handle conn, uint32_t linger_ms);

/// Aborts: what is queued is lost, the peer gets a RST (RFC 9293 3.10.5). on_close follows, with
/// AKSU_ECONNABORTED. Returns AKSU_EBADF.
int aksu_abort(struct aksu *net, aksu_handle conn);

/// Sets an option. Returns AKSU_EINVAL if the option or its value is out of range, AKSU_EBADF.
int aksu_set(struct aksu *net, aksu_handle conn, enum aksu_option option, uint32_t value);

/// Chooses a connection's congestion control: the one at `control`, from 0, of the AKSU_CHOICE that
/// the profile names. It begins with the windows that there are, and knows nothing of the path yet.
///
/// Returns AKSU_EBADF; AKSU_EINVAL if the profile names none, or has fewer; AKSU_ENOTCONN if there
/// is no board in use for the connection: before it is open, or because the peer sends no SACKs.
int aksu_choose(struct aksu *net, aksu_handle conn, uint32_t control);

/// Replaces the handlers and the user pointer of a connection, as when on_accept hands it over.
/// A connection opened with (or without) emit must keep that choice: else AKSU_EINVAL.
int aksu_set_handlers(struct aksu *net, aksu_handle conn, const struct aksu_handlers *handlers,
                      void *user);

/// Tells the user pointer; NULL for a handle that is not valid.
void *aksu_user(struct aksu *net, aksu_handle conn);

/// Everything about a connection.
struct aksu_info {
    struct aksu_endpoint local;
    struct aksu_endpoint remote;
    const struct aksu_tcb *tcb; ///< valid until the next call that is not for information
    uint32_t readable;          ///< octets
    uint32_t writable;          ///< octets of free send ring; 0 with emit
    uint32_t urgent;            ///< octets to read up to the end of urgent data (MUST-33)
    uint32_t idle_ms;           ///< until the connection's next deadline, or AKSU_NEVER
};

/// Returns AKSU_EBADF, else AKSU_OK and fills in *info.
int aksu_info(const struct aksu *net, aksu_handle conn, struct aksu_info *info);

/// Walks the table: the first connection with conn 0, then the one after conn. 0 at the end.
aksu_handle aksu_next_connection(const struct aksu *net, aksu_handle conn);

/// Tells how many rows are in use, half-open and closing ones included.
size_t aksu_connections(const struct aksu *net);

const struct aksu_counters *aksu_counters(const struct aksu *net);

/// Octets that aksu_save() writes.
enum { AKSU_SAVED = 24 + sizeof(struct aksu_tcb) };

/// Saves an ESTABLISHED connection with nothing unread, unsent or unacknowledged to a buffer, for a
/// deep sleep. The connection then leaves the table without a word to the peer or a handler.
///
/// Returns AKSU_SAVED; AKSU_ENOMEM if size is smaller; AKSU_EBUSY if it is not idle, or is of IPv6;
/// AKSU_EBADF.
int aksu_save(struct aksu *net, aksu_handle conn, void *to, size_t size);

/// Puts a saved connection into a stack of the same address. slept_ms: time since aksu_save().
/// The same receive ring size is needed. Returns a handle, AKSU_EPROTO if the buffer is not one
/// that this version saved or does not fit, AKSU_EADDRINUSE, AKSU_ENOMEM.
aksu_handle aksu_resume(struct aksu *net, const void *from, size_t len, uint32_t slept_ms,
                        const struct aksu_handlers *handlers, void *user);

/// Makes an IPv4 address from its four octets.
static inline struct aksu_addr aksu_ipv4(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
    struct aksu_addr addr = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d}};
    return addr;
}

/// Reads "192.0.2.1" or "2001:db8::1" (RFC 4291 2.2). Returns AKSU_EINVAL, and *addr as it was, if
/// the text is not an address.
int aksu_parse_addr(const char *text, struct aksu_addr *addr);

/// Writes an address as text (RFC 5952) to `to`, which has room for 40 octets. Returns `to`.
char *aksu_format_addr(const struct aksu_addr *addr, char *to);

/// The portable copy and checksum: copies len octets and returns the 32-bit partial sum of their
/// 16-bit words (RFC 1071), first octet in the high half. `to` NULL: sums only. A profile may name
/// another.
uint32_t aksu_copy(void *to, const void *from, uint32_t len);

/// Says a drop reason in words. Takes either sign. Never NULL. Linked only when used.
const char *aksu_drop_name(int reason);

#ifdef __cplusplus
}
#endif

#endif
