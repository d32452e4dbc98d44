// SPDX-License-Identifier: MIT
/// The examples: applications that need nothing but <aksu/aksu.h> and <string.h>.
///
/// No stdio, no malloc, no clock: the same files run on Linux, in the simulator and in firmware.
/// Each is started on a stack and then lives in its handlers. All that is started in one program
/// belongs to one thread; several stacks may run the same example.
#ifndef EXAMPLES_H
#define EXAMPLES_H

#include <aksu/aksu.h>
#include <aksu/connect_name.h>
#include <aksu/dhcp.h>
#include <aksu/dhcp6.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Connections that each server with memory of its own serves at once, over all stacks: HTTP, sink
/// and source. More are refused (RST).
#ifndef EXAMPLE_CONNECTIONS
#define EXAMPLE_CONNECTIONS 64
#endif

/// Octets of a line that are looked at, its CR and a 0 at the end included.
#ifndef EXAMPLE_LINE
#define EXAMPLE_LINE 128
#endif

/// The pattern (pattern.c) ///

/// The octet at an offset of the pattern: the file that HTTP serves, what source and transfer send.
///
/// Octet number `offset` is octet offset % 4, least significant first, of
///
///     x = (offset / 4) * 0x9e3779b1;  x ^= x >> 15;  x *= 0x85ebca77;  x ^= x >> 13;
///
/// in 32-bit arithmetic. The pattern repeats after 2^32 octets.
uint8_t example_octet(uint32_t offset);

/// Writes the len octets of the pattern that begin at offset to `to`.
void example_fill(uint32_t offset, void *to, size_t len);

/// Compares len octets with the pattern from offset on. Returns how many differ.
size_t example_differ(uint32_t offset, const void *data, size_t len);

/// Lines and text (text.c) ///

/// A line that is being received.
struct example_line {
    uint16_t len;
    bool cut;  ///< it was longer than text
    bool done; ///< its end has come: the next octet begins another
    char text[EXAMPLE_LINE];
};

/// Takes octets up to the end of a line; line->done tells whether it came. The line is then text,
/// ended by 0, without its LF or CRLF. All of it but text is zero before the first octet.
///
/// Returns how many octets were taken.
size_t example_line_take(struct example_line *line, const uint8_t *from, size_t len);

/// Reads a decimal number at *at and moves *at behind it.
/// Returns false if there is none or it is larger than limit.
bool example_number(const char **at, uint64_t limit, uint64_t *number);

/// Writes a number in decimal, ended by 0, to the end of a buffer. Returns where it begins.
const char *example_decimal(uint32_t number, char buffer[11]);

/// If line is the header field `name` (in lower case), returns its value without blanks around it;
/// else NULL. Cuts the blanks off the line's end.
const char *example_field(char *line, const char *name);

/// Tells whether a comma-separated list contains a word (in lower case), in any case.
bool example_has_word(const char *list, const char *word);

/// The stream that consists of count texts one after the other.
/// Writes len octets from offset on. Returns the length of the whole if `to` is NULL.
size_t example_pieces(const char *const *pieces, unsigned count, uint32_t offset, void *to,
                      size_t len);

/// Echo (echo.c) ///

/// Sends back what comes, and closes after the client has and all was sent back.
/// Takes no more than the send ring has room for. Needs no memory of its own.
/// Returns what aksu_listen() returns; so do the servers below.
int echo_start(struct aksu *net, uint16_t port);

/// HTTP server (http_server.c) ///

/// Serves HTTP/1.1 (RFC 9112) GET and HEAD: keep-alive, pipelined requests one after the other.
///
///     /  /index.html               a small page
///     /<n>.bin /<n>k.bin /<n>M.bin n octets, KiB or MiB of the pattern, at most 4095 MiB
///
/// All it sends comes from an emit handler: its stack may have tx_octets 0. Answers 400 to what is
/// no HTTP/1 request or has a body of 4 GiB or more, 404, 405 (with Allow) to other methods, 414 to
/// a request line that EXAMPLE_LINE does not hold, 431 to a Host, Connection or Content-Length
/// field that it does not hold and to more than HTTP_HEAD_MAX octets of header. All of these but
/// 404 end the connection.
int http_server_start(struct aksu *net, uint16_t port);

/// Octets of request line and header fields that are taken.
enum { HTTP_HEAD_MAX = 8192 };

/// FTP server (ftp_server.c) ///

/// Clients that are served at once, over all stacks. Further ones are told so (421).
#ifndef FTP_SESSIONS
#define FTP_SESSIONS 4
#endif

enum {
    FTP_LINE = 512, ///< octets of a command that are taken, its CR included
    FTP_PATH = 512, ///< of a path, with its end
    FTP_NAME = 256, ///< of a name in it, with its end
    FTP_RING = 1536 ///< the least send ring: a reply must fit
};

/// A file or a folder.
struct ftp_file {
    uint64_t octets;
    uint64_t changed; ///< seconds since 1970
    bool folder;
    char name[FTP_NAME]; ///< of next()
};

/// What is served. Paths are UTF-8, begin with "/" and have no ".", no ".." and nothing empty in
/// them: there is no way out of what `open` takes for "/".
struct ftp_files {
    /// Opens a path and says what it is, but its name. Returns a number from 0 on, or -1.
    int (*open)(const char *path, struct ftp_file *file);
    /// Reads at most len octets of a file. Returns how many, 0 at its end, or -1.
    int32_t (*read)(int file, uint64_t at, void *to, size_t len);
    /// Tells what a folder holds, one after the other. Returns false at the end.
    bool (*next)(int folder, struct ftp_file *entry);
    void (*close)(int file);
};

/// Serves files to be read: RFC 959, 2428 (EPSV), 2640 (UTF-8), 3659 (SIZE, MDTM, REST, MLST,
/// MLSD), to anonymous clients with passive data connections, over IPv4 and IPv6. Each client needs
/// two rows, and a listener until its data connection is open.
int ftp_server_start(struct aksu *net, uint16_t port, const struct ftp_files *files);

/// HTTP client (http_client.c) ///

/// How a request failed, besides enum aksu_error, which tells of the connection: AKSU_ECONNREFUSED,
/// AKSU_ECONNRESET, AKSU_ETIMEDOUT, ...
enum {
    HTTP_ESHORT = -1001,    ///< the server closed before the response was complete
    HTTP_EMALFORMED = -1002 ///< what came is no HTTP response
};

/// A request and its response. It and its texts stay the caller's, and stay where they are until
/// on_done. Members that are not set are zero.
struct http_request {
    const char *host; ///< for the Host field
    const char *path; ///< "/..."
    /// A part of the body has come. May be NULL.
    void (*on_body)(struct http_request *, const void *data, size_t len);
    /// The connection of http_get_name() is open. May be NULL.
    void (*on_open)(struct http_request *);
    /// It is over: the last call. status: the response's, or 0 if none came; error: AKSU_OK if the
    /// response is complete, whatever its status.
    void (*on_done)(struct http_request *, int status, int error);
    void *user;

    aksu_handle conn; ///< set by http_get(): for aksu_abort()
    int status;
    uint64_t body; ///< octets of body so far

    // The client's own.
    uint8_t state;
    bool chunked;
    bool has_length;
    uint32_t head;
    uint64_t left; // of the body, or of the chunk
    int error;
    struct example_line line;
};

/// Sends GET and receives the response: Content-Length, chunked, or up to the end of connection.
/// Uses an emit handler, so no send ring is needed.
///
/// Returns AKSU_OK, or aksu_connect()'s error: then on_done is not called.
int http_get(struct aksu *net, const struct aksu_endpoint *remote, struct http_request *request);

/// The same from a server of the name `host`, or of an address in text, of either version. Returns
/// aksu_connect_name()'s error: then on_done is not called.
int http_get_name(struct aksu *net, struct aksu_named *named, struct aksu_dns *dns, uint16_t port,
                  struct http_request *request);

/// The same from nothing (http_get.c) ///

enum { HTTP_BOOT_DNS = 1024 }; ///< octets of a DNS message over TCP, with its question

/// What a host without an address needs to fetch a page of a server that has a name. Zero but for
/// the request, the port, and what is to be told on the way.
struct http_boot {
    struct aksu_udp timer; // first
    struct aksu_dhcp dhcp;
    struct aksu_dhcp6 dhcp6; ///< for name servers, if UDP speaks IPv6 and a router says so
    struct aksu_dns dns;
    struct aksu_dns_tcp dns_tcp;
    struct aksu_named named;      ///< in the request's on_open: whom it goes to
    struct http_request *request; ///< with on_done; host is what is looked up
    uint16_t port;
    bool looking;
    bool leased;
    uint8_t ticks;
    void (*on_lease)(struct http_boot *, const struct aksu_lease *);
    uint8_t dns_buffer[HTTP_BOOT_DNS];
};

/// Gets an address, looks the server up, and sends GET; IPv6, if it is started, has one of its own.
/// Returns aksu_dhcp_start()'s error: then on_done is not called.
int http_boot(struct aksu *net, struct http_boot *boot);

/// Gives the address back, after on_done.
void http_boot_end(struct aksu *net, struct http_boot *boot);

/// Sink and source (sink_source.c) ///

/// What a sink has seen. Stays the caller's, and stays where it is.
struct sink {
    uint64_t octets;
    uint64_t mismatches; ///< octets that were not the pattern, which begins anew in each connection
    uint32_t connections;
    uint32_t open;   ///< of them not yet over
    uint32_t failed; ///< of them ended by other than FINs
};

/// Reads and discards; closes after the client has.
int sink_start(struct aksu *net, uint16_t port, struct sink *sink);

/// What a source sends. Stays the caller's, and stays where it is.
struct source {
    uint64_t octets; ///< 0: the client's first line is the number, in decimal
    uint32_t connections;
    uint32_t open;   ///< of them not yet over
    uint32_t failed; ///< of them ended by other than FINs
};

/// Sends octets of the pattern, then closes. What else comes is discarded. A first line that is no
/// number aborts the connection. Uses an emit handler.
int source_start(struct aksu *net, uint16_t port, struct source *source);

/// Transfer (transfer.c) ///

/// How a side of a transfer ends it.
enum transfer_end {
    TRANSFER_FIRST, ///< aksu_close() when all is queued and all has come
    TRANSFER_LAST,  ///< the same, but not before the peer's FIN
    TRANSFER_HALF,  ///< aksu_shutdown() when all is queued; goes on receiving until the peer's FIN
    TRANSFER_ABORT  ///< aksu_abort() when all is acknowledged and all has come
};

/// One connection that sends the pattern and checks that what it receives is the pattern, both at
/// once. Stays the caller's, and stays where it is until on_done. Not set = zero.
struct transfer {
    uint64_t to_send;
    uint64_t to_receive; ///< UINT64_MAX: until the peer's FIN
    const char *preface; ///< sent before the pattern, as for a source's first line; or NULL
    enum transfer_end end;
    /// It is over: the last call. May be NULL.
    void (*on_done)(struct transfer *);
    void *user;

    // Results.
    aksu_handle conn;
    bool opened;
    bool ended; ///< the peer's FIN has come
    bool done;
    int error;           ///< on_close's
    uint64_t sent;       ///< octets of the pattern queued
    uint64_t acked;      ///< octets acknowledged, preface included
    uint64_t received;   ///< octets, right or wrong
    uint64_t mismatches; ///< octets that were not the pattern
    uint32_t preface_sent;
};

/// Connects and transfers. Returns AKSU_OK, or aksu_connect()'s error: then on_done is not called.
int transfer_start(struct aksu *net, const struct aksu_endpoint *remote, struct transfer *transfer);

/// Waits for one client and transfers. Others are refused.
int transfer_listen(struct aksu *net, uint16_t port, struct transfer *transfer);

/// Handshake tour (tour.c) ///

/// Octets of the tour's answer: three segments of an Ethernet.
enum { TOUR_REPLY = 4000 };

/// Answers a line by TOUR_REPLY octets, and the client's FIN by its own at once, so that closing
/// takes three segments: FIN; FIN,ACK; ACK.
int tour_server_start(struct aksu *net, uint16_t port);

/// The same, but waits with its FIN for tour_server_close(), so that closing takes four segments.
int tour_server_start_waiting(struct aksu *net, uint16_t port);

/// Sends the FIN of the connection whose client closed last. Not from a handler of that connection.
/// Returns AKSU_EBADF if there is none that waits.
int tour_server_close(struct aksu *net);

/// Connects, sends one line, takes the answer, closes. done(reply, error): octets of the answer,
/// and on_close's error, AKSU_OK if all went well. One tour at a time.
/// Returns AKSU_OK; AKSU_EBUSY; or aksu_connect()'s error.
int tour_client_start(struct aksu *net, const struct aksu_endpoint *remote,
                      void (*done)(size_t reply, int error));

#ifdef __cplusplus
}
#endif

#endif
