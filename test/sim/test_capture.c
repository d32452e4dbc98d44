// SPDX-License-Identifier: MIT
// Captures: what is written can be read again, and failures to write are told.
#define _POSIX_C_SOURCE 200809L // mkstemp, truncate

#include "sim_test.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

struct seen {
    unsigned packets, names;
    uint64_t time_us;
    size_t len;
    int linktype;
    char comment[80];
    uint8_t first;
};

static bool on_packet(void *user, uint64_t time_us, int linktype, const void *packet, size_t len,
                      const char *comment)
{
    struct seen *s = user;

    s->packets++;
    s->time_us = time_us;
    s->linktype = linktype;
    s->len = len;
    s->first = *(const uint8_t *)packet;
    snprintf(s->comment, sizeof s->comment, "%s", comment ? comment : "(none)");
    return true;
}

static void on_name(void *user, const uint8_t ipv4[4], const char *name)
{
    struct seen *s = user;

    s->names += ipv4[3] == 7 && strcmp(name, "seven") == 0;
}

static void make_file(char *path, const void *packet, size_t len, const char *comment)
{
    static const uint8_t seven[] = {10, 0, 0, 7};
    struct aksu_pcapng pcap;
    int fd;

    strcpy(path, "/tmp/aksu-test-XXXXXX");
    fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(aksu_pcapng_open(&pcap, path, AKSU_LINKTYPE_RAW, "wire"), 0);
    assert_int_equal(aksu_pcapng_name(&pcap, seven, "seven"), 0);
    assert_int_equal(aksu_pcapng_packet(&pcap, 0x123456789abcull, true, packet, len, comment), 0);
    assert_int_equal(aksu_pcapng_close(&pcap), 0);
    assert_int_equal(aksu_pcapng_close(&pcap), 0);
}

static void what_is_written_is_read(void **state)
{
    static const char *const comments[] = {NULL, "a", "client: CLOSED -> SYN-SENT; lost"};
    uint8_t packet[64] = {0x45};
    size_t len, i;

    (void)state;
    for (i = 0; i < 3; i++) {
        for (len = 1; len < 9; len++) { // every padding
            struct seen seen;
            char path[40];

            memset(&seen, 0, sizeof seen);
            make_file(path, packet, len, comments[i]);
            assert_int_equal(aksu_pcapng_read(path, on_packet, on_name, &seen), 0);
            assert_int_equal(seen.packets, 1);
            assert_int_equal(seen.names, 1);
            assert_int_equal(seen.len, len);
            assert_int_equal(seen.linktype, AKSU_LINKTYPE_RAW);
            assert_int_equal(seen.first, 0x45);
            assert_true(seen.time_us == 0x123456789abcull);
            assert_string_equal(seen.comment, comments[i] ? comments[i] : "(none)");
            unlink(path);
        }
    }
}

// A file cut off anywhere is an error or a whole number of blocks, never worse.
static void cut_files_are_told(void **state)
{
    uint8_t packet[64] = {0x45};
    struct seen seen;
    char path[40];
    long size, cut, whole = 0;
    FILE *file;

    (void)state;
    make_file(path, packet, sizeof packet, "comment");
    file = fopen(path, "rb");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    size = ftell(file);
    fclose(file);
    for (cut = size - 1; cut >= 0; cut--) {
        assert_int_equal(truncate(path, cut), 0);
        memset(&seen, 0, sizeof seen);
        whole += aksu_pcapng_read(path, on_packet, NULL, &seen) == 0;
        assert_int_equal(seen.packets, 0);
    }
    assert_int_equal(whole, 3); // after the section, the interface, the names
    unlink(path);
    assert_int_equal(aksu_pcapng_read("/nonexistent", on_packet, NULL, &seen), -ENOENT);
}

static void failures_to_write_are_told(void **state)
{
    struct aksu_pcapng pcap;
    uint8_t packet[64] = {0x45};
    int i;

    (void)state;
    assert_int_equal(aksu_pcapng_open(&pcap, "/nonexistent/x", AKSU_LINKTYPE_RAW, NULL), -ENOENT);
    if (access("/dev/full", W_OK) != 0) {
        skip();
    }
    assert_int_equal(aksu_pcapng_open(&pcap, "/dev/full", AKSU_LINKTYPE_RAW, NULL), -ENOSPC);
    for (i = 0; i < 100; i++) {
        assert_int_equal(aksu_pcapng_packet(&pcap, 0, true, packet, sizeof packet, NULL), -ENOSPC);
    }
    assert_int_equal(aksu_pcapng_close(&pcap), -ENOSPC);
}

/// The table ///

static char *print(struct aksu_listing *listing, size_t head, size_t tail)
{
    static char text[20000];
    FILE *file = tmpfile();
    size_t len;

    assert_non_null(file);
    assert_int_equal(aksu_listing_print(listing, file, head, tail), 0);
    rewind(file);
    len = fread(text, 1, sizeof text - 1, file);
    text[len] = '\0';
    fclose(file);
    return text;
}

static void add_tcp(struct aksu_listing *listing, uint64_t at_us, bool forth, uint32_t seq,
                    uint32_t ack, uint8_t flags, const char *comment)
{
    uint8_t packet[40] = {0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2};
    struct aksu_record record;
    unsigned i;

    packet[15] = forth ? 1 : 2;
    packet[19] = forth ? 2 : 1;
    packet[forth ? 23 : 21] = 80;
    packet[forth ? 20 : 22] = 0x80;
    for (i = 0; i < 4; i++) {
        packet[24 + i] = (uint8_t)(seq >> (24 - 8 * i));
        packet[28 + i] = (uint8_t)(ack >> (24 - 8 * i));
    }
    packet[32] = 5 << 4;
    packet[33] = flags;
    packet[34] = 4;
    memset(&record, 0, sizeof record);
    record.sent_us = at_us;
    record.arrived_us = AKSU_CAPTURE_UNKNOWN;
    record.linktype = AKSU_LINKTYPE_RAW;
    record.frame = packet;
    record.len = sizeof packet;
    record.comment = comment;
    assert_int_equal(aksu_listing_add(listing, &record), 0);
}

static void assert_row(const char *text, const char *row)
{
    const char *at = strstr(text, row);

    if (!at || at == text || at[-1] != '\n' || at[strlen(row)] != '\n') {
        fail_msg("no row\n%s\nin\n%s", row, text);
    }
}

static void numbers_are_relative_and_states_named(void **state)
{
    static const uint8_t one[] = {10, 0, 0, 1}, two[] = {10, 0, 0, 2};
    struct aksu_listing *listing = aksu_listing_new();
    const char *text;

    (void)state;
    assert_non_null(listing);
    aksu_listing_name(listing, one, "left");
    aksu_listing_name(listing, two, "right");
    add_tcp(listing, 5000000, true, 0xffffffff, 0, AKSU_SYN, "left: CLOSED -> SYN-SENT");
    add_tcp(listing, 5010000, false, 0x80000000, 0, AKSU_SYN | AKSU_ACK, "right: SYN-RECEIVED");
    add_tcp(listing, 5020000, true, 0, 0x80000001, AKSU_ACK, "lost; left: ESTABLISHED");
    add_tcp(listing, 5030000, true, 0xffffffff, 0, AKSU_SYN, NULL);
    text = print(listing, 0, 0);
    assert_non_null(strstr(text, "left = 10.0.0.1 port 32768, right = 10.0.0.2 port 80\n"));
    assert_row(text,
               "  1  0.000000  left    right        SYN        0         1024    0            "
               "CLOSED -> SYN-SENT");
    assert_row(text,
               "  2  0.010000  right   left         SYN,ACK    0    1    1024    0            "
               "SYN-SENT            SYN-RECEIVED");
    assert_row(text,
               "  3  0.020000  left    right        ACK        1    1    1024    0  [lost]    "
               "ESTABLISHED         SYN-RECEIVED");
    assert_non_null(strstr(text, "[resent]"));
    text = print(listing, 1, 1);
    assert_non_null(strstr(text, "... 2 lines ...\n"));
    aksu_listing_free(listing);
}

// No frame is too broken to be printed.
static void any_octets_are_decoded(void **state)
{
    struct aksu_listing *listing = aksu_listing_new();
    uint32_t random = 1;
    unsigned i, j;

    (void)state;
    assert_non_null(listing);
    for (i = 0; i < 20000; i++) {
        uint8_t frame[90];
        uint8_t *copy;
        struct aksu_record record;

        for (j = 0; j < sizeof frame; j++) {
            random = random * 1664525u + 1013904223u;
            frame[j] = (uint8_t)(random >> 24);
        }
        memset(&record, 0, sizeof record);
        record.len = random >> 8 & 63;
        record.linktype = i & 1 ? AKSU_LINKTYPE_ETHERNET : AKSU_LINKTYPE_RAW;
        j = i & 1 ? 14 : 0;
        frame[12] = i & 1 ? 0x08 : frame[12];
        frame[13] = i & 1 ? (i & 8 ? 0x06 : 0x00) : frame[13];
        frame[j] = 0x45;
        frame[j + 2] = 0;
        frame[j + 6] = frame[j + 7] = 0;
        frame[j + 9] = i & 2 ? 6 : 1;
        copy = malloc(record.len ? record.len : 1); // exactly as long, for the sanitizer
        assert_non_null(copy);
        memcpy(copy, frame, record.len);
        record.frame = copy;
        assert_int_equal(aksu_listing_add(listing, &record), 0);
        free(copy);
    }
    assert_int_equal(aksu_listing_lines(listing), 20000);
    print(listing, 20, 20);
    aksu_listing_free(listing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(cut_files_are_told),
        cmocka_unit_test(failures_to_write_are_told),
        cmocka_unit_test(numbers_are_relative_and_states_named),
        cmocka_unit_test(any_octets_are_decoded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
