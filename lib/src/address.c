// SPDX-License-Identifier: MIT
// IP addresses: to and from text, and to and from what the tables hold.
#include "stack.h"

static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

// Zero octets lead an IPv4 address, mapped (or compatible, its old form: RFC 4291 2.5.5), and the
// address of none, which gives 0, as NULL does. Else AKSU_NOT_IPV4.
uint32_t aksu_addr_get(const struct aksu_addr *addr)
{
    if (!addr) {
        return 0;
    }
    for (unsigned i = 0; i < 10; i++) {
        if (addr->octets[i] != 0) {
            return AKSU_NOT_IPV4;
        }
    }
    return aksu_get32(addr->octets + 12);
}

void aksu_addr_put(uint32_t v, struct aksu_addr *addr)
{
    memcpy(addr->octets, mapped, sizeof mapped);
    aksu_put32(addr->octets + 12, v);
}

// One number of at most three digits up to 255, without zeros before it. Returns what follows it,
// or NULL.
static const char *parse_octet(const char *text, uint8_t *octet)
{
    unsigned value = 0;
    unsigned digits = 0;

    for (; *text >= '0' && *text <= '9' && digits < (value ? 3u : 1u); text++, digits++) {
        value = value * 10 + (unsigned)(*text - '0');
    }
    *octet = (uint8_t)value;
    return digits > 0 && value <= 255 ? text : NULL;
}

// "192.0.2.1" to its end. Returns whether it is an address.
static bool parse_ipv4(const char *text, uint8_t octets[4])
{
    for (unsigned i = 0; i < 4; i++) {
        if (i > 0 && *text++ != '.') {
            return false;
        }
        text = parse_octet(text, &octets[i]);
        if (!text) {
            return false;
        }
    }
    return *text == '\0';
}

static int hex(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 'a' - 'A';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// One to four hexadecimal digits. Returns what follows them, or NULL.
static const char *parse_group(const char *text, uint8_t octets[2])
{
    unsigned value = 0;
    unsigned digits = 0;

    for (; hex(*text) >= 0 && digits < 4; text++, digits++) {
        value = value << 4 | (unsigned)hex(*text);
    }
    aksu_put16(octets, value);
    return digits > 0 ? text : NULL;
}

// RFC 4291 2.2: groups, with at most one gap, and the last two as an IPv4 address if one likes.
// Returns how many octets there are, with those before the gap, or 17.
static unsigned parse_groups(const char *text, uint8_t octets[16], unsigned *gap)
{
    unsigned len = 0;

    *gap = 17;
    if (text[0] == ':' && text[1] != ':') {
        return 17;
    }
    while (*text != '\0') {
        if (text[0] == ':' && text[1] == ':' && *gap == 17) {
            *gap = len;
            text += 2;
            continue;
        }
        text += len > 0 && *gap != len && *text == ':';
        if (len <= 12 && parse_ipv4(text, octets + len)) {
            return len + 4;
        }
        text = len < 16 ? parse_group(text, octets + len) : NULL;
        if (!text || (*text != '\0' && *text != ':')) {
            return 17;
        }
        len += 2;
    }
    return text[-1] == ':' && *gap != len ? 17 : len;
}

int aksu_parse_addr(const char *text, struct aksu_addr *addr)
{
    uint8_t octets[16];
    unsigned gap;

    if (parse_ipv4(text, octets)) {
        aksu_addr_put(aksu_get32(octets), addr);
        return AKSU_OK;
    }
    unsigned len = *text ? parse_groups(text, octets, &gap) : 17;

    if (len > 16 || (gap > 16 ? len != 16 : len > 14)) {
        return AKSU_EINVAL;
    }
    gap = gap > 16 ? len : gap;
    memset(addr, 0, sizeof *addr);
    memcpy(addr->octets, octets, gap);
    memcpy(addr->octets + 16 - (len - gap), octets + gap, len - gap);
    return AKSU_OK;
}

static char *format_octet(uint8_t octet, char *to)
{
    if (octet >= 100) {
        *to++ = (char)('0' + octet / 100);
    }
    if (octet >= 10) {
        *to++ = (char)('0' + octet / 10 % 10);
    }
    *to++ = (char)('0' + octet % 10);
    return to;
}

static char *format_ipv4(const uint8_t octets[4], char *to)
{
    for (unsigned i = 0; i < 4; i++) {
        to = format_octet(octets[i], to);
        *to++ = i < 3 ? '.' : '\0';
    }
    return to;
}

// The longest run of at least two groups of zero, the first of equals (RFC 5952 4.2): its first
// octet, and one past its last; 16, 16 if there is none.
static void find_gap(const uint8_t octets[16], unsigned *first, unsigned *end)
{
    *first = *end = 16;
    for (unsigned i = 0; i < 16; i += 2) {
        unsigned j = i;
        while (j < 15 && octets[j] == 0 && octets[j + 1] == 0) {
            j += 2;
        }
        if (j - i > 2 && j - i > *end - *first) {
            *first = i;
            *end = j;
        }
    }
}

static char *format_group(const uint8_t octets[2], char *to)
{
    unsigned value = aksu_get16(octets);
    unsigned shift = 12;

    while (shift > 0 && value >> shift == 0) {
        shift -= 4;
    }
    for (;; shift -= 4) {
        *to++ = "0123456789abcdef"[value >> shift & 15];
        if (shift == 0) {
            return to;
        }
    }
}

char *aksu_format_addr(const struct aksu_addr *addr, char *to)
{
    const uint8_t *octets = addr->octets;
    char *at = to;
    unsigned first;
    unsigned end;

    if (memcmp(octets, mapped, sizeof mapped) == 0) {
        format_ipv4(octets + 12, to);
        return to;
    }
    find_gap(octets, &first, &end);
    for (unsigned i = 0; i < 16; i += 2) {
        if (i == first) {
            *at++ = ':';
            *at++ = ':';
        }
        if (i >= first && i < end) {
            continue;
        }
        if (i > 0 && i != end) {
            *at++ = ':';
        }
        at = format_group(octets + i, at);
    }
    *at = '\0';
    return to;
}
