// SPDX-License-Identifier: MIT
// What an application does first: a stack, and a connection whose first frame asks ARP for the
// peer. Valid C99 and C++11. Ends with 0 if the frame is the one to expect.
#include <aksu/aksu.h>
#include <string.h>

AKSU_STORAGE(memory, 2, 1, 512, 512);

static struct aksu net;
static uint8_t frame[1514];
static struct aksu_handlers handlers;

int main(void)
{
    static const uint8_t entropy[16] = {1, 2, 3};
    struct aksu_config config;
    struct aksu_endpoint peer;
    size_t len;

    memset(&config, 0, sizeof config);
    config.profile = &aksu_standard;
    config.link = &aksu_ethernet;
    config.addr = aksu_ipv4(192, 0, 2, 1);
    config.mac[5] = 1;
    peer.addr = aksu_ipv4(192, 0, 2, 2);
    peer.port = 80;
    if (aksu_init(&net, &memory, &config) != AKSU_OK || aksu_seed(&net, entropy, 16) != AKSU_OK) {
        return 1;
    }
    if (aksu_connect(&net, &peer, 0, &handlers, NULL) <= 0) {
        return 2;
    }
    len = aksu_output(&net, 0, frame, sizeof frame);
    return len >= 42 && frame[12] == 0x08 && frame[13] == 0x06 ? 0 : 3;
}
