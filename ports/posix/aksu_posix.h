// SPDX-License-Identifier: MIT
/// The port for Linux: devices that carry frames, a clock, entropy, and the loop around them.
///
/// Functions that return int return 0 or a negative errno value; aksu_posix_error() says what it
/// means for that device and what to do.
#ifndef AKSU_POSIX_H
#define AKSU_POSIX_H

#include <aksu/aksu.h>
#include <signal.h>

struct aksu_pcapng;

/// A device. receive() and send() never wait.
struct aksu_device {
    /// Takes in one frame. Returns its length, 0 if none waits or it was dropped, or a negative
    /// errno value.
    int (*receive)(struct aksu_device *, void *frame, size_t size);
    /// Hands over one frame. Returns 0, -EAGAIN if there is no room now (poll for writing), or
    /// another negative errno value: then the frame is lost, as frames may be.
    int (*send)(struct aksu_device *, const void *frame, size_t len);
    void (*close)(struct aksu_device *);
    /// Tells whether the interface is up, and has a carrier; NULL: always. news: there is some to
    /// read.
    bool (*up)(struct aksu_device *, bool news);
    int fd;                      ///< to poll
    int news;                    ///< to poll if up is set: of the interface; -1: there is none
    bool down;                   ///< it has gone down
    bool ethernet;               ///< frames; else bare IP packets (aksu_config.link = NULL)
    uint16_t mtu;                ///< of the interface
    uint64_t dropped;            ///< see aksu_posix_dropped()
    struct aksu_device *inner;   ///< of a wrapper
    struct aksu_pcapng *capture; ///< of aksu_posix_capture()
};

/// Opens an AF_PACKET raw socket on an interface, which should have no address of its own: what it
/// has, the kernel answers for. Checksums that a local sender left to the hardware are completed.
/// The interface is told not to join received segments (GRO, LRO), and stays so. Super-frames (TSO,
/// GSO) of a local sender are longer than any MTU and are dropped: switch them off at the other end
/// of a veth pair (ethtool -K IFACE tso off gso off). Frames of other VLANs are dropped.
/// The interface must be up. Needs CAP_NET_RAW.
int aksu_posix_packet(struct aksu_device *device, const char *interface);

/// Opens or makes a TAP interface: the kernel is at the other end of the cable. Needs
/// CAP_NET_ADMIN.
int aksu_posix_tap(struct aksu_device *device, const char *name);

/// The same with a TUN interface, which carries bare IP packets.
int aksu_posix_tun(struct aksu_device *device, const char *name);

/// Wraps a device: what passes is written to a capture as well. inner and pcap must stay.
void aksu_posix_capture(struct aksu_device *device, struct aksu_device *inner,
                        struct aksu_pcapng *pcap);

/// Closes a device and the one that it wraps.
void aksu_posix_close(struct aksu_device *device);

/// Tells how many frames were lost between the wire and the stack: longer than any buffer, of
/// another VLAN, without room in the kernel's queue, or refused by the kernel in sending.
uint64_t aksu_posix_dropped(struct aksu_device *device);

/// Says what a negative errno value of one of the above means. Never NULL.
const char *aksu_posix_error(int error);

/// Milliseconds of the monotonic clock, modulo 2^32.
uint32_t aksu_posix_ms(void);

/// Seeds a stack from getrandom().
int aksu_posix_seed(struct aksu *net);

/// What aksu_posix_run() watches besides frames and time. Zero = nothing.
struct aksu_loop {
    const volatile sig_atomic_t *stop; ///< ends the loop when a signal's handler sets it
    bool (*done)(void *user);          ///< ends the loop when it returns true
    void (*ready)(void *user);         ///< called when fd can be read, or has failed
    struct aksu_carrier *carrier;      ///< for aksu_link(), which is told of the interface then
    int fd;                            ///< watched if ready is set
    void *user;
};

/// Runs a stack on a device: takes in all frames that wait, sends, and sleeps exactly until a frame
/// comes or aksu_idle() is over. Keeps two frames on the call stack, 128 KiB.
/// Returns 0 when the loop ends, or the device's error.
int aksu_posix_run(struct aksu *net, struct aksu_device *device, const struct aksu_loop *loop);

#endif
