// SPDX-License-Identifier: MIT
// AF_PACKET: frames of an interface as they come, with their Ethernet header.
#include "aksu_posix.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ETHERNET = 14, IPV4 = 20, VLAN_ID = 0xfff, BURST = 1 << 23 };

static uint16_t get16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

// Where in a packet of this protocol the checksum is, or 0.
static size_t checksum_at(uint8_t protocol)
{
    return protocol == IPPROTO_TCP    ? 16
           : protocol == IPPROTO_UDP  ? 6
           : protocol == IPPROTO_ICMP ? 2
                                      : 0;
}

// A sender on this machine leaves the checksum to hardware that is not there: the pseudo-header's
// part is in the field, the rest is added here.
static void complete_checksum(uint8_t *frame, size_t len)
{
    uint8_t *ip = frame + ETHERNET;

    if (len < ETHERNET + IPV4 || get16(frame + 12) != ETH_P_IP) {
        return;
    }
    size_t header = (size_t)(ip[0] & 15) * 4;
    size_t total = get16(ip + 2);
    size_t field = header + checksum_at(ip[9]);

    if (header < IPV4 || field == header || total > len - ETHERNET || field + 2 > total) {
        return;
    }
    uint32_t sum = aksu_copy(NULL, ip + header, (uint32_t)(total - header));

    sum = (sum & 0xffff) + (sum >> 16);
    sum = ~((sum & 0xffff) + (sum >> 16)) & 0xffff;
    if (sum == 0 && ip[9] == IPPROTO_UDP) {
        sum = 0xffff; // 0 says that there is none
    }
    ip[field] = (uint8_t)(sum >> 8);
    ip[field + 1] = (uint8_t)sum;
}

static struct tpacket_auxdata auxiliary(struct msghdr *message)
{
    struct tpacket_auxdata aux = {0};

    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
        if (c->cmsg_level == SOL_PACKET && c->cmsg_type == PACKET_AUXDATA) {
            memcpy(&aux, CMSG_DATA(c), sizeof aux);
        }
    }
    return aux;
}

// The kernel takes a VLAN tag out of the frame; without it the frame would seem to be for us.
static bool of_other_vlan(const struct tpacket_auxdata *aux)
{
    return (aux->tp_status & TP_STATUS_VLAN_VALID) && (aux->tp_vlan_tci & VLAN_ID) != 0;
}

// Whether the interface is there. Going down is the first step of being removed: the question is
// one that the kernel answers when the removal is through.
static bool still_there(const struct aksu_device *device)
{
    struct ethtool_value link = {ETHTOOL_GLINK, 0};
    struct ifreq request = {0};
    struct sockaddr_ll here;
    socklen_t len = sizeof here;

    if (getsockname(device->fd, (struct sockaddr *)&here, &len) < 0 || here.sll_ifindex <= 0 ||
        !if_indextoname((unsigned)here.sll_ifindex, request.ifr_name)) {
        return false;
    }
    request.ifr_data = (char *)&link;
    return ioctl(device->fd, SIOCETHTOOL, &request) == 0 || errno != ENODEV;
}

// Down and up again is no end of reception; an interface that was removed is.
static int receive_error(struct aksu_device *device)
{
    if (errno == ENETDOWN) {
        device->down = true;
        return still_there(device) ? 0 : -ENODEV;
    }
    return errno == EAGAIN || errno == EINTR ? 0 : -errno;
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
        return receive_error(device);
    }
    struct tpacket_auxdata aux = auxiliary(&message);

    if ((size_t)len > size || of_other_vlan(&aux)) {
        device->dropped++;
        return 0;
    }
    if (aux.tp_status & TP_STATUS_CSUMNOTREADY) {
        complete_checksum(frame, (size_t)len);
    }
    return (int)len;
}

static int transmit(struct aksu_device *device, const void *frame, size_t len)
{
    if (send(device->fd, frame, len, 0) == (ssize_t)len) {
        return 0;
    }
    if (errno == EAGAIN) {
        return -EAGAIN;
    }
    // ENOBUFS: the interface's queue is full. Poll does not wait for that, so to try again is to
    // spin; the frame is lost, as in any full queue on its way, and TCP slows down.
    device->down = device->down || errno == ENETDOWN;
    device->dropped++;
    return -errno;
}

// What the kernel tells of all interfaces, a cable that is pulled among it. -1: it does not.
static int open_news(void)
{
    struct sockaddr_nl here = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);

    if (fd >= 0 && bind(fd, (struct sockaddr *)&here, sizeof here) < 0) {
        close(fd);
        return -1;
    }
    return fd;
}

// Looks again only when there is news, or after it went down, which calls of the socket tell, too.
static bool up(struct aksu_device *device, bool news)
{
    struct ifreq request = {0};
    struct sockaddr_ll here;
    socklen_t len = sizeof here;
    char said[64]; // what it says does not matter

    while (news && recv(device->news, said, sizeof said, 0) > 0) {
    }
    if ((news || device->down) && getsockname(device->fd, (struct sockaddr *)&here, &len) == 0 &&
        if_indextoname((unsigned)here.sll_ifindex, request.ifr_name) &&
        ioctl(device->fd, SIOCGIFFLAGS, &request) == 0) {
        device->down = !(request.ifr_flags & IFF_RUNNING);
    }
    return !device->down;
}

static void end(struct aksu_device *device)
{
    close(device->fd);
    if (device->news >= 0) {
        close(device->news);
    }
}

// Asks for what the socket needs of the interface. Returns 0 or a negative errno value.
static int ask(struct aksu_device *device, struct ifreq *request)
{
    if (ioctl(device->fd, SIOCGIFFLAGS, request) < 0) {
        return -errno;
    }
    if (!(request->ifr_flags & IFF_UP)) {
        return -ENETDOWN;
    }
    if (ioctl(device->fd, SIOCGIFHWADDR, request) < 0) {
        return -errno;
    }
    if (request->ifr_hwaddr.sa_family != ARPHRD_ETHER &&
        request->ifr_hwaddr.sa_family != ARPHRD_LOOPBACK) {
        return -EPROTOTYPE;
    }
    if (ioctl(device->fd, SIOCGIFMTU, request) < 0) {
        return -errno;
    }
    device->mtu = (uint16_t)(request->ifr_mtu < UINT16_MAX ? request->ifr_mtu : UINT16_MAX);
    return 0;
}

// Segments that the interface has put together are longer than the MTU. If it cannot be told not to
// do so, it may well not do it.
static void keep_segments_apart(const struct aksu_device *device, struct ifreq *request)
{
    struct ethtool_value no_gro = {ETHTOOL_SGRO, 0};
    struct ethtool_value flags = {ETHTOOL_GFLAGS, 0};

    request->ifr_data = (char *)&no_gro;
    (void)ioctl(device->fd, SIOCETHTOOL, request);
    request->ifr_data = (char *)&flags;
    if (ioctl(device->fd, SIOCETHTOOL, request) == 0 && (flags.data & ETH_FLAG_LRO)) {
        flags.cmd = ETHTOOL_SFLAGS;
        flags.data &= ~(uint32_t)ETH_FLAG_LRO;
        (void)ioctl(device->fd, SIOCETHTOOL, request);
    }
}

static int listen_on(const struct aksu_device *device, const char *interface)
{
    struct packet_mreq promiscuous = {.mr_type = PACKET_MR_PROMISC};
    struct sockaddr_ll here = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
    int on = 1;
    int burst = BURST;

    promiscuous.mr_ifindex = here.sll_ifindex = (int)if_nametoindex(interface);
    // Room for a window's worth while the program is not running; less will do if not permitted.
    if (setsockopt(device->fd, SOL_SOCKET, SO_RCVBUFFORCE, &burst, sizeof burst) < 0) {
        setsockopt(device->fd, SOL_SOCKET, SO_RCVBUF, &burst, sizeof burst);
    }
    // Promiscuous: our station's address need not be the interface's own.
    if (setsockopt(device->fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof on) < 0 ||
        setsockopt(device->fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on) < 0 ||
        setsockopt(device->fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &promiscuous,
                   sizeof promiscuous) < 0 ||
        bind(device->fd, (struct sockaddr *)&here, sizeof here) < 0) {
        return -errno;
    }
    return 0;
}

static int set_up(struct aksu_device *device, const char *interface)
{
    struct ifreq request = {0};

    if (strlen(interface) >= sizeof request.ifr_name) {
        return -ENODEV;
    }
    strcpy(request.ifr_name, interface);
    int error = ask(device, &request);

    if (error) {
        return error;
    }
    keep_segments_apart(device, &request);
    return listen_on(device, interface);
}

int aksu_posix_packet(struct aksu_device *device, const char *interface)
{
    *device = (struct aksu_device){
        .receive = receive, .send = transmit, .close = end, .up = up, .ethernet = true};
    device->fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (device->fd < 0) {
        return -errno;
    }
    int error = set_up(device, interface);

    if (error) {
        close(device->fd);
    } else {
        device->news = open_news();
    }
    return error;
}
