// SPDX-License-Identifier: MIT
// AF_PACKET: frames of an interface as they come, with their Ethernet header.
#include "aksu_posix.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ETHERNET = 14, IPV4 = 20, BURST = 1 << 23 };

static uint16_t get16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

// A sender on this machine leaves the TCP and UDP checksum to hardware that is not there: the
// pseudo-header's part is in the field, the rest is added here.
static void complete_checksum(uint8_t *frame, size_t len)
{
    uint8_t *ip = frame + ETHERNET;
    size_t header = len > ETHERNET ? (size_t)(ip[0] & 15) * 4 : 0;
    size_t field;

    if (len < ETHERNET + IPV4 || get16(frame + 12) != ETH_P_IP || header < IPV4) {
        return;
    }
    size_t total = get16(ip + 2);
    field = ip[9] == 6 ? header + 16 : ip[9] == 17 ? header + 6 : 0;
    if (field == 0 || total > len - ETHERNET || field + 2 > total) {
        return;
    }
    uint32_t sum = aksu_copy(NULL, ip + header, (uint32_t)(total - header));

    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    ip[field] = (uint8_t)(~sum >> 8);
    ip[field + 1] = (uint8_t)~sum;
}

static bool checksum_missing(struct msghdr *message)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
        if (c->cmsg_level == SOL_PACKET && c->cmsg_type == PACKET_AUXDATA) {
            struct tpacket_auxdata aux;
            memcpy(&aux, CMSG_DATA(c), sizeof aux);
            return (aux.tp_status & TP_STATUS_CSUMNOTREADY) != 0;
        }
    }
    return false;
}

static int receive(struct aksu_device *device, void *frame, size_t size)
{
    union {
        struct cmsghdr align;
        char room[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
    } control;
    struct iovec part = {frame, size};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof control};
    ssize_t len = recvmsg(device->fd, &message, MSG_TRUNC);

    if (len < 0) {
        // A message about the interface, such as its going down, is no end of reception.
        return errno == EAGAIN || errno == ENETDOWN ? 0 : -errno;
    }
    if ((size_t)len > size) {
        device->dropped++;
        return receive(device, frame, size);
    }
    if (checksum_missing(&message)) {
        complete_checksum(frame, (size_t)len);
    }
    return (int)len;
}

static int transmit(struct aksu_device *device, const void *frame, size_t len)
{
    if (send(device->fd, frame, len, 0) == (ssize_t)len) {
        return 0;
    }
    if (errno == EAGAIN || errno == ENOBUFS) {
        return -EAGAIN;
    }
    device->dropped++;
    return -errno;
}

static void end(struct aksu_device *device)
{
    close(device->fd);
}

static int set_up(struct aksu_device *device, const char *interface)
{
    struct ifreq request = {0};
    struct packet_mreq promiscuous = {.mr_type = PACKET_MR_PROMISC};
    struct sockaddr_ll here = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
    int on = 1;
    int burst = BURST;

    if (strlen(interface) >= sizeof request.ifr_name) {
        return -ENODEV;
    }
    strcpy(request.ifr_name, interface);
    if (ioctl(device->fd, SIOCGIFMTU, &request) < 0) {
        return -errno;
    }
    device->mtu = (uint16_t)(request.ifr_mtu < UINT16_MAX ? request.ifr_mtu : UINT16_MAX);
    promiscuous.mr_ifindex = here.sll_ifindex = (int)if_nametoindex(interface);
    // Our station's address need not be the interface's own.
    if (setsockopt(device->fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof on) < 0 ||
        setsockopt(device->fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on) < 0 ||
        setsockopt(device->fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &promiscuous,
                   sizeof promiscuous) < 0 ||
        bind(device->fd, (struct sockaddr *)&here, sizeof here) < 0) {
        return -errno;
    }
    // Room for a window's worth while the program is not running; less will do if not permitted.
    if (setsockopt(device->fd, SOL_SOCKET, SO_RCVBUFFORCE, &burst, sizeof burst) < 0) {
        setsockopt(device->fd, SOL_SOCKET, SO_RCVBUF, &burst, sizeof burst);
    }
    return 0;
}

int aksu_posix_packet(struct aksu_device *device, const char *interface)
{
    *device =
        (struct aksu_device){.receive = receive, .send = transmit, .close = end, .ethernet = true};
    device->fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (device->fd < 0) {
        return -errno;
    }
    int error = set_up(device, interface);

    if (error) {
        close(device->fd);
    }
    return error;
}
