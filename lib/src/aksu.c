// SPDX-License-Identifier: MIT
// Starting a stack: what it refuses, and what it clears.
#include "stack.h"

enum { MTU_MIN = AKSU_IPV4_LEN + AKSU_TCP_LEN + 40 + 8 }; // all options, and 8 octets of text

static bool storage_fits(const struct aksu_storage *s)
{
    return s->version == AKSU_VERSION && s->row_size == sizeof(struct aksu_row) &&
           s->row_tail == offsetof(struct aksu_row, tcb.range);
}

static uint32_t mask_of(uint8_t prefix)
{
    uint32_t bits = prefix ? prefix : 24;

    return UINT32_MAX << (32 - bits);
}

int aksu_set_address(struct aksu *net, const struct aksu_addr *addr, uint8_t prefix,
                     const struct aksu_addr *gateway)
{
    if (prefix > 32) {
        return AKSU_EINVAL;
    }
    uint32_t mask = mask_of(prefix);
    uint32_t own = aksu_addr_get(addr);
    uint32_t hop = aksu_addr_get(gateway);

    if (!aksu_ipv4_host(own, own, mask) ||
        (hop != 0 && (!aksu_ipv4_host(hop, own, mask) || ((hop ^ own) & mask) != 0))) {
        return AKSU_EINVAL;
    }
    net->addr = own;
    net->netmask = mask;
    net->gateway = hop;
    return AKSU_OK;
}

static void clear_tables(struct aksu *net)
{
    const struct aksu_storage *s = net->store;

    memset(s->row, 0, s->cleared);
    for (uint32_t i = s->rows; i-- > 0;) {
        struct aksu_row *row = &s->row[i];
        row->handle = (aksu_handle)i;
        row->next = net->free_rows;
        net->free_rows = row;
    }
}

int aksu_init(struct aksu *net, const struct aksu_storage *storage,
              const struct aksu_config *config)
{
    uint32_t mtu = config->mtu ? config->mtu : 1500;

    memset(net, 0, sizeof *net);
    if (!storage_fits(storage)) {
        return AKSU_EPROTO;
    }
    if (!config->profile || mtu < MTU_MIN || (config->link && (config->mac[0] & 1))) {
        return AKSU_EINVAL;
    }
    AKSU_CHECK(!aksu_profile_error(config->profile));
    net->store = storage;
    net->profile = config->profile;
    net->link = config->link;
    net->boards = config->boards;
    net->user = config->user;
    memcpy(net->mac, config->mac, 6);
    net->mtu = (uint16_t)mtu;
    net->offload = (uint8_t)config->offload;
    clear_tables(net);
    return aksu_addr_get(&config->addr) == 0
               ? AKSU_OK
               : aksu_set_address(net, &config->addr, config->prefix, &config->gateway);
}

int aksu_seed(struct aksu *net, const void *entropy, size_t len)
{
    const uint8_t *from = entropy;

    if (len < sizeof net->secret) {
        return AKSU_EINVAL;
    }
    for (size_t i = 0; i < len; i++) {
        uint32_t *word = &net->secret[i % 4];
        // Added, so that the same octets once more do not take themselves out.
        *word = (*word << 8 | *word >> 24) + from[i];
    }
    if (!aksu_seeded(net)) {
        uint64_t key = aksu_hash(net->secret, net->counters.dropped); // any block will do
        net->table_key[0] = (uint32_t)key | 1;
        net->table_key[1] = (uint32_t)(key >> 32);
    }
    return AKSU_OK;
}

void aksu_now(struct aksu *net, uint32_t now_ms)
{
    net->now_ms = now_ms;
}

const struct aksu_counters *aksu_counters(const struct aksu *net)
{
    return &net->counters;
}
