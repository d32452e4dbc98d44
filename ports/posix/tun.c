// SPDX-License-Identifier: MIT
// TAP and TUN: the kernel of this machine is at the other end of the cable.
#include "aksu_posix.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static int receive(struct aksu_device *device, void *frame, size_t size)
{
    ssize_t len = read(device->fd, frame, size);

    // EIO: the interface is down.
    return len >= 0 ? (int)len : errno == EAGAIN || errno == EINTR || errno == EIO ? 0 : -errno;
}

static int transmit(struct aksu_device *device, const void *frame, size_t len)
{
    if (write(device->fd, frame, len) == (ssize_t)len) {
        return 0;
    }
    if (errno == EAGAIN) {
        return -EAGAIN;
    }
    device->dropped++;
    return -errno;
}

static void end(struct aksu_device *device)
{
    close(device->fd);
}

static int set_up(struct aksu_device *device, const char *name)
{
    struct ifreq request = {0};

    if (strlen(name) >= sizeof request.ifr_name) {
        return -ENODEV;
    }
    strcpy(request.ifr_name, name);
    request.ifr_flags = (short)((device->ethernet ? IFF_TAP : IFF_TUN) | IFF_NO_PI);
    if (ioctl(device->fd, TUNSETIFF, &request) < 0) {
        return -errno;
    }
    int any = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    int error = any < 0 || ioctl(any, SIOCGIFMTU, &request) < 0 ? -errno : 0;

    device->mtu =
        error ? 0 : (uint16_t)(request.ifr_mtu < UINT16_MAX ? request.ifr_mtu : UINT16_MAX);
    if (any >= 0) {
        close(any);
    }
    return error;
}

static int open_tun(struct aksu_device *device, const char *name, bool ethernet)
{
    *device = (struct aksu_device){
        .receive = receive, .send = transmit, .close = end, .ethernet = ethernet};
    device->fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (device->fd < 0) {
        return -errno;
    }
    int error = set_up(device, name);

    if (error) {
        close(device->fd);
    }
    return error;
}

int aksu_posix_tap(struct aksu_device *device, const char *name)
{
    return open_tun(device, name, true);
}

int aksu_posix_tun(struct aksu_device *device, const char *name)
{
    return open_tun(device, name, false);
}
