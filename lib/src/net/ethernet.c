// SPDX-License-Identifier: MIT
// Ethernet II, RFC 894: which frames are for us, and the header of those that leave.
#include "../stack.h"

enum { TYPE_ARP = 0x0806 };

int aksu_ethernet_input(struct aksu *net, struct aksu_packet *in)
{
    const uint8_t *frame = in->payload;

    // Some MACs leave the frame check sequence behind the packet.
    in->len -= AKSU_ETHERNET_LEN;
    if (in->len > (uint32_t)net->mtu + AKSU_FCS_LEN) { // or there is no header
        return AKSU_DROP_RUNT;
    }
    bool ours = aksu_same_mac(frame, net->mac);
    const uint8_t *from = frame + 6;

    if (!ours && !aksu_same_mac(frame, aksu_broadcast)) {
        return AKSU_DROP_NOT_OURS;
    }
    if ((from[0] & 1) || aksu_same_mac(from, net->mac)) {
        return AKSU_DROP_SOURCE;
    }
    in->from = from;
    in->payload = frame + AKSU_ETHERNET_LEN;
    switch (aksu_get16(frame + 12)) {
    case AKSU_TYPE_IPV4:
        // A packet to one host in a frame to all is not for TCP (RFC 1122 2.4), and there is no
        // use for one to all hosts.
        return ours ? aksu_ipv4_input(net, in) : AKSU_DROP_NOT_OURS;
    case TYPE_ARP:
        return aksu_arp_input(net, in);
    default:
        return AKSU_DROP_PROTOCOL;
    }
}

void aksu_ethernet_put(const struct aksu *net, uint8_t *frame, const uint8_t mac[6])
{
    memcpy(frame, mac, 6);
    memcpy(frame + 6, net->mac, 6);
    aksu_put16(frame + 12, AKSU_TYPE_IPV4);
}

const struct aksu_link aksu_ethernet = {AKSU_ETHERNET_LEN, aksu_ethernet_input, aksu_ethernet_put,
                                        aksu_arp_answer};
