// SPDX-License-Identifier: MIT
// Endpoints of UDP that keep a diary.
#ifndef UNIT_DIARY_H
#define UNIT_DIARY_H

#include "frames.h"
#include <aksu/udp.h>

struct diary {
    struct aksu_udp udp;
    unsigned came, times, errors, wrote;
    int error;
    size_t len;
    uint8_t data[1500];
    struct aksu_endpoint from;
    struct aksu_addr to;
    bool answers;                      // each datagram
    bool declines;                     // to write
    const struct aksu_endpoint *again; // on_time sends there
    size_t text;                       // octets that it writes
};

static void on_datagram(struct aksu *net, struct aksu_udp *udp, const struct aksu_packet *packet,
                        const void *data, size_t len)
{
    struct diary *d = (struct diary *)udp;
    d->came++;
    d->len = len;
    memcpy(d->data, data, len);
    aksu_packet_from(packet, &d->from);
    aksu_packet_to(packet, &d->to);
    if (d->answers) {
        aksu_udp_answer(net, udp, packet);
        d->text = len;
    }
}

static size_t write_text(struct aksu *net, struct aksu_udp *udp, void *to, size_t room)
{
    struct diary *d = (struct diary *)udp;
    d->wrote++;
    if (d->declines)
        return AKSU_UDP_NONE;
    assert_int_equal(room, 1500 - (udp->pair.remote >> 24 ? 20 : 40) - 8); // tokens are of IPv6
    if (d->text <= room)
        memcpy(to, d->data, d->text);
    if (d->again)
        aksu_udp_wake(net, udp, 50);
    return d->text;
}

static void on_time(struct aksu *net, struct aksu_udp *udp)
{
    struct diary *d = (struct diary *)udp;
    d->times++;
    if (d->again)
        assert_int_equal(aksu_udp_send(net, udp, d->again), AKSU_OK);
}

static void on_error(struct aksu *net, struct aksu_udp *udp, int error)
{
    struct diary *d = (struct diary *)udp;
    (void)net;
    d->errors++;
    d->error = error;
}

static const struct aksu_udp_handlers handlers = {on_datagram, write_text, on_time, on_error, NULL};

#endif
