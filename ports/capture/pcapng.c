// SPDX-License-Identifier: MIT
// Writes and reads pcapng, draft-ietf-opsawg-pcapng. The writer uses little-endian throughout,
// whatever the host, so the same frames make the same file.
#include "aksu_capture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    BLOCK_SECTION = 0x0a0d0d0a,
    BLOCK_INTERFACE = 1,
    BLOCK_NAMES = 4,
    BLOCK_PACKET = 6,
    BYTE_ORDER_MAGIC = 0x1a2b3c4d
};

enum {
    OPT_END = 0,
    OPT_COMMENT = 1,
    OPT_IF_NAME = 2,
    OPT_IF_TSRESOL = 9,
    OPT_PACKET_FLAGS = 2,
    NAME_IPV4 = 1,
    MICROSECONDS = 6 // if_tsresol: 10^-6 s
};

/// Writing ///

static void put16(uint8_t *to, unsigned value)
{
    to[0] = (uint8_t)value;
    to[1] = (uint8_t)(value >> 8);
}

static void put32(uint8_t *to, uint32_t value)
{
    put16(to, value & 0xffff);
    put16(to + 2, value >> 16);
}

static size_t padded(size_t len)
{
    return (len + 3) & ~(size_t)3;
}

static void fail(struct aksu_pcapng *pcap, int error)
{
    if (pcap->error == 0) {
        pcap->error = -(error ? error : EIO);
    }
}

static void write_octets(struct aksu_pcapng *pcap, const void *from, size_t len)
{
    if (pcap->error == 0 && len > 0 && fwrite(from, 1, len, pcap->file) != len) {
        fail(pcap, errno);
    }
}

static void write_u32(struct aksu_pcapng *pcap, uint32_t value)
{
    uint8_t octets[4];

    put32(octets, value);
    write_octets(pcap, octets, sizeof octets);
}

static void write_padded(struct aksu_pcapng *pcap, const void *from, size_t len)
{
    static const uint8_t zeros[4];

    write_octets(pcap, from, len);
    write_octets(pcap, zeros, padded(len) - len);
}

static size_t option_size(size_t len)
{
    return 4 + padded(len);
}

static void write_option(struct aksu_pcapng *pcap, unsigned code, const void *value, size_t len)
{
    uint8_t head[4];

    put16(head, code);
    put16(head + 2, (unsigned)len);
    write_octets(pcap, head, sizeof head);
    write_padded(pcap, value, len);
}

// Text of an option or a name: its length field has 16 bits.
static size_t text_length(const char *text)
{
    size_t len = text ? strlen(text) : 0;

    return len < 60000 ? len : 60000;
}

static void write_section(struct aksu_pcapng *pcap)
{
    uint8_t block[28];

    put32(block, BLOCK_SECTION);
    put32(block + 4, sizeof block);
    put32(block + 8, BYTE_ORDER_MAGIC);
    put16(block + 12, 1);
    put16(block + 14, 0);
    memset(block + 16, 0xff, 8); // the section's length is not told
    put32(block + 24, sizeof block);
    write_octets(pcap, block, sizeof block);
}

static void write_interface(struct aksu_pcapng *pcap, int linktype, const char *if_name)
{
    const uint8_t resolution = MICROSECONDS;
    size_t name_len = text_length(if_name);
    size_t size = 20 + (name_len ? option_size(name_len) : 0) + option_size(1) + 4;
    uint8_t head[16];

    put32(head, BLOCK_INTERFACE);
    put32(head + 4, (uint32_t)size);
    put16(head + 8, (unsigned)linktype);
    put16(head + 10, 0);
    put32(head + 12, 0); // no limit of a packet's length
    write_octets(pcap, head, sizeof head);
    if (name_len) {
        write_option(pcap, OPT_IF_NAME, if_name, name_len);
    }
    write_option(pcap, OPT_IF_TSRESOL, &resolution, 1);
    write_u32(pcap, OPT_END);
    write_u32(pcap, (uint32_t)size);
}

int aksu_pcapng_open(struct aksu_pcapng *pcap, const char *path, int linktype, const char *if_name)
{
    memset(pcap, 0, sizeof *pcap);
    pcap->file = fopen(path, "wb");
    if (!pcap->file) {
        fail(pcap, errno);
        return pcap->error;
    }
    write_section(pcap);
    write_interface(pcap, linktype, if_name);
    return aksu_pcapng_flush(pcap);
}

int aksu_pcapng_name(struct aksu_pcapng *pcap, const uint8_t ipv4[4], const char *name)
{
    char text[256] = "";
    size_t len = strlen(name) < sizeof text ? strlen(name) + 1 : sizeof text; // with its zero
    size_t size = 8 + 4 + padded(4 + len) + 4 + 4;
    uint8_t head[16];

    memcpy(text, name, len - 1);
    put32(head, BLOCK_NAMES);
    put32(head + 4, (uint32_t)size);
    put16(head + 8, NAME_IPV4);
    put16(head + 10, (unsigned)(4 + len));
    memcpy(head + 12, ipv4, 4);
    write_octets(pcap, head, sizeof head);
    write_padded(pcap, text, len);
    write_u32(pcap, 0); // end of records
    write_u32(pcap, (uint32_t)size);
    return pcap->error;
}

int aksu_pcapng_packet(struct aksu_pcapng *pcap, uint64_t time_us, bool outgoing,
                       const void *packet, size_t len, const char *comment)
{
    size_t comment_len = text_length(comment);
    size_t size = 32 + padded(len) + option_size(4) + 4;
    uint8_t head[28];
    uint8_t flags[4];

    size += comment_len ? option_size(comment_len) : 0;
    put32(head, BLOCK_PACKET);
    put32(head + 4, (uint32_t)size);
    put32(head + 8, 0); // the first and only interface
    put32(head + 12, (uint32_t)(time_us >> 32));
    put32(head + 16, (uint32_t)time_us);
    put32(head + 20, (uint32_t)len);
    put32(head + 24, (uint32_t)len);
    write_octets(pcap, head, sizeof head);
    write_padded(pcap, packet, len);
    put32(flags, outgoing ? 2 : 1);
    write_option(pcap, OPT_PACKET_FLAGS, flags, sizeof flags);
    if (comment_len) {
        write_option(pcap, OPT_COMMENT, comment, comment_len);
    }
    write_u32(pcap, OPT_END);
    write_u32(pcap, (uint32_t)size);
    return pcap->error;
}

int aksu_pcapng_flush(struct aksu_pcapng *pcap)
{
    if (pcap->file && fflush(pcap->file) != 0) {
        fail(pcap, errno);
    }
    return pcap->error;
}

int aksu_pcapng_close(struct aksu_pcapng *pcap)
{
    if (pcap->file && fclose(pcap->file) != 0) {
        fail(pcap, errno);
    }
    pcap->file = NULL;
    return pcap->error;
}

/// Reading ///

enum { MAX_INTERFACES = 64, MAX_BLOCK = 1 << 24 };

struct interface {
    int linktype;
    uint8_t resolution;
};

struct reader {
    FILE *file;
    bool swapped; // the file is big-endian
    size_t interfaces;
    struct interface interface[MAX_INTERFACES];
    uint8_t *body; // of the current block, between its two lengths
    size_t len;
    aksu_pcapng_packet_fn *on_packet;
    aksu_pcapng_name_fn *on_name;
    void *user;
};

static unsigned get16(const struct reader *in, const uint8_t *from)
{
    return in->swapped ? (unsigned)from[0] << 8 | from[1] : (unsigned)from[1] << 8 | from[0];
}

static uint32_t get32(const struct reader *in, const uint8_t *from)
{
    uint32_t first = get16(in, from);
    uint32_t second = get16(in, from + 2);

    return in->swapped ? first << 16 | second : second << 16 | first;
}

// Finds an option among those from offset `at` of the block on. NULL if it is not there.
static const uint8_t *find_option(const struct reader *in, size_t at, unsigned code, size_t *len)
{
    while (at + 4 <= in->len && get16(in, in->body + at) != OPT_END) {
        *len = get16(in, in->body + at + 2);
        if (at + 4 + *len > in->len) {
            return NULL;
        }
        if (get16(in, in->body + at) == code) {
            return in->body + at + 4;
        }
        at += option_size(*len);
    }
    return NULL;
}

static int read_interface(struct reader *in)
{
    struct interface *made = &in->interface[in->interfaces];
    const uint8_t *option;
    size_t len;

    if (in->len < 8 || in->interfaces == MAX_INTERFACES) {
        return -EINVAL;
    }
    in->interfaces++;
    made->linktype = (int)get16(in, in->body);
    option = find_option(in, 8, OPT_IF_TSRESOL, &len);
    made->resolution = option && len == 1 ? *option : MICROSECONDS;
    return 0;
}

static uint64_t to_microseconds(uint64_t ticks, uint8_t resolution)
{
    if (resolution & 0x80) { // a power of 2
        unsigned bits = resolution & 0x7f;

        return bits > 63 ? 0 : (ticks >> bits) * 1000000u;
    }
    for (; resolution > MICROSECONDS; resolution--) {
        ticks /= 10;
    }
    for (; resolution < MICROSECONDS; resolution++) {
        ticks *= 10;
    }
    return ticks;
}

static char *copy_text(const uint8_t *from, size_t len)
{
    char *text = malloc(len + 1);

    if (text) {
        memcpy(text, from, len);
        text[len] = '\0';
    }
    return text;
}

// Returns 0, 1 to stop, or a negative error.
static int read_packet(struct reader *in)
{
    uint32_t number, captured;
    uint64_t ticks;
    const uint8_t *option;
    char *comment = NULL;
    size_t len;
    bool more;

    if (in->len < 20) {
        return -EINVAL;
    }
    number = get32(in, in->body);
    ticks = (uint64_t)get32(in, in->body + 4) << 32 | get32(in, in->body + 8);
    captured = get32(in, in->body + 12);
    if (number >= in->interfaces || captured > in->len - 20) {
        return -EINVAL;
    }
    option = find_option(in, 20 + padded(captured), OPT_COMMENT, &len);
    if (option && !(comment = copy_text(option, len))) {
        return -ENOMEM;
    }
    more = in->on_packet(in->user, to_microseconds(ticks, in->interface[number].resolution),
                         in->interface[number].linktype, in->body + 20, captured, comment);
    free(comment);
    return more ? 0 : 1;
}

static int read_names(struct reader *in)
{
    size_t at = 0;

    while (in->on_name && at + 4 <= in->len && get16(in, in->body + at) != 0) {
        size_t len = get16(in, in->body + at + 2);

        if (at + 4 + len > in->len) {
            return -EINVAL;
        }
        if (get16(in, in->body + at) == NAME_IPV4 && len > 5 && in->body[at + 3 + len] == 0) {
            in->on_name(in->user, in->body + at + 4, (const char *)in->body + at + 8);
        }
        at += option_size(len);
    }
    return 0;
}

static int read_block(struct reader *in, uint32_t type)
{
    switch (type) {
    case BLOCK_SECTION:
        in->interfaces = 0;
        return 0;
    case BLOCK_INTERFACE:
        return read_interface(in);
    case BLOCK_NAMES:
        return read_names(in);
    case BLOCK_PACKET:
        return read_packet(in);
    default:
        return 0;
    }
}

// Reads the next block's body. Returns 1 if there is one, 0 at the end, or a negative error.
static int next_block(struct reader *in, uint32_t *type)
{
    uint8_t head[12];
    size_t got = fread(head, 1, 12, in->file);
    uint32_t size;
    uint8_t *body;

    if (got == 0) {
        return ferror(in->file) ? -EIO : 0;
    }
    if (got < 12) {
        return -EINVAL;
    }
    if (get32(in, head) == BLOCK_SECTION) { // reads the same in both orders
        in->swapped = head[8] == 0x1a;
    }
    *type = get32(in, head);
    size = get32(in, head + 4);
    if (size < 12 || size > MAX_BLOCK || size % 4 != 0) {
        return -EINVAL;
    }
    body = realloc(in->body, size);
    if (!body) {
        return -ENOMEM;
    }
    in->body = body;
    in->len = size - 12;
    memcpy(body, head + 8, 4);
    return fread(body + 4, 1, size - 12, in->file) == size - 12 ? 1 : -EINVAL;
}

static int read_file(struct reader *in)
{
    uint32_t type = 0;
    int result = next_block(in, &type);

    if (result == 0 || (result == 1 && type != BLOCK_SECTION)) {
        return -EINVAL;
    }
    while (result == 1) {
        result = read_block(in, type);
        if (result != 0) {
            return result < 0 ? result : 0;
        }
        result = next_block(in, &type);
    }
    return result;
}

int aksu_pcapng_read(const char *path, aksu_pcapng_packet_fn *on_packet,
                     aksu_pcapng_name_fn *on_name, void *user)
{
    struct reader in;
    int result;

    memset(&in, 0, sizeof in);
    in.on_packet = on_packet;
    in.on_name = on_name;
    in.user = user;
    in.file = fopen(path, "rb");
    if (!in.file) {
        return -errno;
    }
    result = read_file(&in);
    free(in.body);
    fclose(in.file);
    return result;
}
