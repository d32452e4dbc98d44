// SPDX-License-Identifier: MIT
/// Captures: write frames as pcapng, print them as a table, draw them as a sequence chart.
///
/// Host-side code for ports and tools: it uses stdio and malloc. Functions that return int return 0
/// or a negative errno value.
///
/// What the ends' states were rides in each packet's comment, so Wireshark shows it, and the table
/// and chart can be made from the file alone. A comment is a list of items with "; " between them:
///
///     client: CLOSED -> SYN-SENT; server: LISTEN; lost
///
/// An item "NAME: STATE" or "NAME: STATE -> STATE" is that end's state after the frame. Any other
/// item is a remark.
#ifndef AKSU_CAPTURE_H
#define AKSU_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

/// What a packet of a capture begins with.
enum {
    AKSU_LINKTYPE_ETHERNET = 1, ///< an Ethernet header
    AKSU_LINKTYPE_RAW = 101     ///< an IP header
};

/// A pcapng file being written. Its members are the writer's.
struct aksu_pcapng {
    FILE *file;
    int error; // the first failure, negative; it sticks
};

/// Creates the file and writes its header, for one interface; if_name NULL = no name.
///
/// Returns 0, or why the file cannot be created or written.
int aksu_pcapng_open(struct aksu_pcapng *pcap, const char *path, int linktype, const char *if_name);

/// Names an IPv4 address (octets in network order), for Wireshark and aksu-table to show.
int aksu_pcapng_name(struct aksu_pcapng *pcap, const uint8_t ipv4[4], const char *name);

/// Adds a packet. time_us: since 1970, or since any other start; never less than the one before.
///
/// comment: see above; NULL or "" = none. Returns 0 or the first failure since the file was opened,
/// such as -ENOSPC; output is buffered, so one may show only at flush or close.
int aksu_pcapng_packet(struct aksu_pcapng *pcap, uint64_t time_us, bool outgoing,
                       const void *packet, size_t len, const char *comment);

/// Hands everything so far to the operating system.
int aksu_pcapng_flush(struct aksu_pcapng *pcap);

/// Closes the file. Returns the first failure of the whole file's life. A second close does
/// nothing.
int aksu_pcapng_close(struct aksu_pcapng *pcap);

/// Is given one packet by aksu_pcapng_read(). comment is NULL if there is none.
/// Returns false to stop reading.
typedef bool aksu_pcapng_packet_fn(void *user, uint64_t time_us, int linktype, const void *packet,
                                   size_t len, const char *comment);

/// Is given one name of an address, from the file.
typedef void aksu_pcapng_name_fn(void *user, const uint8_t ipv4[4], const char *name);

/// Reads a pcapng file of either byte order with any number of interfaces. on_name may be NULL.
///
/// Returns 0, or -EINVAL if it is not pcapng or is cut off, or another negative errno.
int aksu_pcapng_read(const char *path, aksu_pcapng_packet_fn *on_packet,
                     aksu_pcapng_name_fn *on_name, void *user);

/// A table of frames and what became of them; also the source of a chart. Opaque.
struct aksu_listing;

/// arrived_us of a frame that never arrived, or of which it is not known when.
#define AKSU_CAPTURE_LOST    UINT64_MAX
#define AKSU_CAPTURE_UNKNOWN (UINT64_MAX - 1)

/// One line: a frame, or (frame NULL) something that happened without one.
struct aksu_record {
    uint64_t sent_us;
    uint64_t arrived_us; ///< or AKSU_CAPTURE_LOST, AKSU_CAPTURE_UNKNOWN
    int linktype;        ///< of frame
    const void *frame;   ///< or NULL
    size_t len;          ///< of frame
    const char *comment; ///< states and remarks, as above; or NULL
};

/// Makes an empty table. NULL if memory is short.
struct aksu_listing *aksu_listing_new(void);
void aksu_listing_free(struct aksu_listing *table);

/// Names a host. The first two named are the two ends, left and right, whose states are shown.
/// Without names the ends are taken from the frames: the sender of the first SYN is the left one.
int aksu_listing_name(struct aksu_listing *table, const uint8_t ipv4[4], const char *name);

/// Adds a line, copying what it needs.
int aksu_listing_add(struct aksu_listing *table, const struct aksu_record *record);

/// Tells how many lines there are.
size_t aksu_listing_lines(const struct aksu_listing *table);

/// Prints the table: No., time in seconds since the first line, source, destination, flags,
/// sequence and acknowledgment number relative to each direction's SYN, window as scaled, octets of
/// payload, options, both ends' states after the frame. At most 150 columns wide.
///
/// head, tail: of a longer table, only so many lines are printed at its beginning and end; both 0 =
/// all. Returns 0 or a write error.
int aksu_listing_print(const struct aksu_listing *table, FILE *to, size_t head, size_t tail);

/// Draws a sequence chart as SVG: a lifeline per named host, an arrow per frame, and the states as
/// bands beside the lifelines. Rows are spaced by order of events, not by time. head, tail as
/// above.
///
/// Returns 0, or why it could not be written.
int aksu_listing_chart(const struct aksu_listing *table, const char *path, const char *title,
                       size_t head, size_t tail);

#ifdef __cplusplus
}
#endif

#endif
