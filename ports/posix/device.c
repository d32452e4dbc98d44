// SPDX-License-Identifier: MIT
// What devices share, the capture wrapper, the clock and entropy.
#include "aksu_posix.h"

#include <aksu_capture.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static uint64_t wall_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static int capture_receive(struct aksu_device *device, void *frame, size_t size)
{
    int len = device->inner->receive(device->inner, frame, size);

    if (len > 0) {
        aksu_pcapng_packet(device->capture, wall_us(), false, frame, (size_t)len, NULL);
    }
    return len;
}

static int capture_send(struct aksu_device *device, const void *frame, size_t len)
{
    int error = device->inner->send(device->inner, frame, len);

    if (error == 0) {
        aksu_pcapng_packet(device->capture, wall_us(), true, frame, len, NULL);
    }
    return error;
}

static bool capture_up(struct aksu_device *device, bool news)
{
    return !device->inner->up || device->inner->up(device->inner, news);
}

static void capture_close(struct aksu_device *device)
{
    aksu_posix_close(device->inner);
}

void aksu_posix_capture(struct aksu_device *device, struct aksu_device *inner,
                        struct aksu_pcapng *pcap)
{
    *device = (struct aksu_device){.receive = capture_receive,
                                   .send = capture_send,
                                   .close = capture_close,
                                   .up = capture_up,
                                   .fd = inner->fd,
                                   .news = inner->up ? inner->news : -1,
                                   .ethernet = inner->ethernet,
                                   .mtu = inner->mtu,
                                   .inner = inner,
                                   .capture = pcap};
}

void aksu_posix_close(struct aksu_device *device)
{
    if (device->close) {
        device->close(device);
    }
    device->close = NULL;
}

uint64_t aksu_posix_dropped(struct aksu_device *device)
{
    struct tpacket_stats stats;
    socklen_t len = sizeof stats;

    while (device->inner) {
        device = device->inner;
    }
    // The kernel's count begins anew each time it is read; only packet sockets have it.
    if (getsockopt(device->fd, SOL_PACKET, PACKET_STATISTICS, &stats, &len) == 0) {
        device->dropped += stats.tp_drops;
    }
    return device->dropped;
}

const char *aksu_posix_error(int error)
{
    switch (-error) {
    case EPERM:
    case EACCES:
        return "not permitted: raw sockets and TAP interfaces need root (CAP_NET_RAW, "
               "CAP_NET_ADMIN)";
    case ENODEV:
    case ENXIO:
        return "no such interface, or no longer: `ip link` lists those that there are";
    case EPROTOTYPE:
        return "not an Ethernet interface";
    case EINVAL:
        return "not a name for it, or an interface of another kind has it: `ip link` lists them";
    case EBADFD:
        return "the interface was removed";
    case ENETDOWN:
        return "the interface is down: `ip link set IFACE up`";
    case ENOENT:
        return "no /dev/net/tun: this kernel has no TUN and TAP";
    case EBUSY:
        return "the interface is in use by another program";
    default:
        return strerror(-error);
    }
}

uint32_t aksu_posix_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint32_t)((uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000);
}

int aksu_posix_seed(struct aksu *net)
{
    uint8_t entropy[16];

    if (getrandom(entropy, sizeof entropy, 0) != (ssize_t)sizeof entropy) {
        return -errno;
    }
    return aksu_seed(net, entropy, sizeof entropy);
}
