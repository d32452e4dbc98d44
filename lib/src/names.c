// SPDX-License-Identifier: MIT
// Names for people. Linked only when used.
#include <aksu/aksu.h>

static const char *pick(const char *const *names, size_t count, unsigned i)
{
    return i < count && names[i] ? names[i] : "?";
}

const char *aksu_state_name(unsigned state)
{
    static const char *const names[] = {
        "CLOSED",     "LISTEN",     "SYN-SENT", "SYN-RECEIVED", "ESTABLISHED", "FIN-WAIT-1",
        "FIN-WAIT-2", "CLOSE-WAIT", "CLOSING",  "LAST-ACK",     "TIME-WAIT",
    };
    return pick(names, sizeof names / sizeof names[0], state);
}

const char *aksu_event_name(unsigned kind)
{
    static const char *const names[] = {
        "LISTEN", "CONNECT", "WROTE", "READ", "SHUTDOWN", "CLOSE",  "ABORT",
        "SET",    "SEGMENT", "SENT",  "TICK", "ICMP",     "RESUME", "FAST-OPEN",
    };
    return pick(names, sizeof names / sizeof names[0], kind);
}

const char *aksu_error_name(int error)
{
    static const struct {
        int16_t error;
        const char *name;
    } names[] = {
        {AKSU_OK, "no error"},
        {AKSU_EBADF, "no such connection"},
        {AKSU_EAGAIN, "try again later"},
        {AKSU_ENOMEM, "table full, or buffer too small"},
        {AKSU_EBUSY, "data still on its way"},
        {AKSU_EINVAL, "argument out of range"},
        {AKSU_EPIPE, "sending was closed"},
        {AKSU_EPROTO, "made by another version of aksu"},
        {AKSU_EMSGSIZE, "packet too big for the path"},
        {AKSU_EADDRINUSE, "address in use"},
        {AKSU_EADDRNOTAVAIL, "not an address that can be connected to"},
        {AKSU_ENETUNREACH, "network unreachable"},
        {AKSU_ECONNABORTED, "connection aborted by this side"},
        {AKSU_ECONNRESET, "connection reset by peer"},
        {AKSU_ENOTCONN, "not connected"},
        {AKSU_ETIMEDOUT, "no answer from the peer"},
        {AKSU_ECONNREFUSED, "connection refused"},
        {AKSU_EHOSTUNREACH, "host unreachable"},
        {AKSU_ENOKEY, "no secret: call aksu_seed() first"},
    };

    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (names[i].error == error) {
            return names[i].name;
        }
    }
    return "?";
}

const char *aksu_drop_name(int reason)
{
    static const char *const names[] = {
        "not dropped",
        "frame of impossible length",
        "not addressed to us",
        "impossible source address",
        "protocol not spoken here",
        "impossible IPv4 header",
        "bad IPv4 checksum",
        "fragment",
        "malformed IP option or source route",
        "ICMP of no use",
        "ICMP error that quotes nothing of ours",
        "echo request too large, or another one is being answered",
        "ARP of no use",
        "impossible TCP header",
        "bad TCP checksum",
        "TCP option of illegal length",
        "TCP flags that no TCP sends",
        "not acceptable to its connection",
        "no such connection",
        "not a SYN, at a listener",
        "old segment in TIME-WAIT",
        "no row for a new connection",
        "no room for an answer",
    };
    return pick(names, sizeof names / sizeof names[0], (unsigned)(reason < 0 ? -reason : reason));
}
