// SPDX-License-Identifier: MIT
// IP addresses: to and from text, and to and from what the tables hold.
#include "stack.h"

static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

// Zero octets lead an IPv4 address, mapped (or compatible, its old form: RFC 4291 2.5.5), and the
// address of none, which gives 0. Else AKSU_NOT_IPV4.
uint32_t aksu_addr_get(const struct aksu_addr *addr)
{
    return memcmp(addr->octets, mapped, 10) == 0 ? aksu_get32(addr->octets + 12) : AKSU_NOT_IPV4;
}

void aksu_addr_put(uint32_t v, struct aksu_addr *addr)
{
    memcpy(addr->octets, mapped, sizeof mapped);
    aksu_put32(addr->octets + 12, v);
}

// One number of at most three digits up to 255. Returns what follows it, or NULL.
static const char *parse_octet(const char *text, uint8_t *octet)
{
    unsigned value = 0;
    unsigned digits = 0;

    for (; *text >= '0' && *text <= '9' && digits < 3; text++, digits++) {
        value = value * 10 + (unsigned)(*text - '0');
    }
    *octet = (uint8_t)value;
    return digits > 0 && value <= 255 ? text : NULL;
}

int aksu_parse_addr(const char *text, struct aksu_addr *addr)
{
    uint8_t octets[4];

    for (unsigned i = 0; i < 4; i++) {
        if (i > 0 && *text++ != '.') {
            return AKSU_EINVAL;
        }
        text = parse_octet(text, &octets[i]);
        if (!text) {
            return AKSU_EINVAL;
        }
    }
    if (*text != '\0') {
        return AKSU_EINVAL;
    }
    aksu_addr_put(aksu_get32(octets), addr);
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

char *aksu_format_addr(const struct aksu_addr *addr, char *to)
{
    char *at = to;

    for (unsigned i = 12; i < 16; i++) {
        at = format_octet(addr->octets[i], at);
        *at++ = i < 15 ? '.' : '\0';
    }
    return to;
}
