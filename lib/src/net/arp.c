// SPDX-License-Identifier: MIT
// ARP, RFC 826: its packets, and answers to them. A connection keeps the station that its SYN came
// from, or that resolve.c found for it: strangers can neither poison nor evict it. Our own address
// is defended as RFC 5227 2.4 says.
#include "../stack.h"

enum {
    ARP_LEN = 28,
    DEFEND_MS = 10000 // DEFEND_INTERVAL, RFC 5227
};

static const uint8_t format[6] = {0, 1, 8, 0, 6, 4}; // Ethernet, IPv4, lengths 6 and 4
const uint8_t aksu_broadcast[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

size_t aksu_arp_put(const struct aksu *net, uint8_t *frame, const uint8_t to[6], unsigned op,
                    const uint8_t target_mac[6], uint32_t target)
{
    uint8_t *p = frame + AKSU_ETHERNET_LEN;

    aksu_ethernet_put(net, frame, to);
    aksu_put16(frame + 12, 0x0806);
    memcpy(p, format, 6);
    aksu_put16(p + 6, op);
    memcpy(p + 8, net->mac, 6);
    p = aksu_put32(p + 14, net->addr);
    memcpy(p, target_mac, 6);
    aksu_put32(p + 6, target);
    return AKSU_ETHERNET_LEN + ARP_LEN;
}

size_t aksu_arp_answer(struct aksu *net, const struct aksu_answer *a, uint8_t *frame)
{
    const uint8_t *mac = a->kind == AKSU_ARP_REQUEST ? aksu_broadcast : a->mac;

    return aksu_arp_put(net, frame, mac, a->kind, mac, a->pair.remote);
}

// Another station has our address. True: say once in 10 s that it is ours (RFC 5227 2.4 b).
static bool defend(struct aksu *net)
{
    if (net->counters.arp_conflicts++ > 0 && net->now_ms - net->defended_at < DEFEND_MS) {
        return false;
    }
    net->defended_at = net->now_ms;
    return true;
}

int aksu_arp_input(struct aksu *net, struct aksu_packet *in)
{
    const uint8_t *p = in->payload;

    if (in->len < ARP_LEN || memcmp(p, format, 6) != 0) {
        return AKSU_DROP_PROTOCOL;
    }
    // The sender is who sent the frame, and a host, on this link whatever its network (RFC 3927
    // 2.6.2); 0 is an ARP probe.
    if (memcmp(p + 8, in->from, 6) != 0) {
        return AKSU_DROP_SOURCE;
    }
    uint32_t sender = aksu_get32(p + 14);

    if (sender != 0 && !aksu_ipv4_unicast(net, sender)) {
        return AKSU_DROP_SOURCE;
    }
    if (net->addr == 0) {
        return AKSU_DROP_ARP;
    }
    unsigned answer = AKSU_ARP_REPLY; // to a station

    if (sender == net->addr) {
        if (!defend(net)) {
            return AKSU_DROP_ARP;
        }
        answer = AKSU_ARP_REQUEST; // to our own address: an announcement, which goes to all
    } else if (aksu_get32(p + 24) != net->addr) { // the target
        return AKSU_DROP_ARP;
    } else if (aksu_get16(p + 6) == AKSU_ARP_REPLY && net->resolver) {
        return net->resolver->learn(net, sender, p + 8);
    } else if (aksu_get16(p + 6) != AKSU_ARP_REQUEST) {
        return AKSU_DROP_ARP;
    }
    in->pair.remote = sender;
    return aksu_stack_answer(net, in, answer);
}
