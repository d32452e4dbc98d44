// SPDX-License-Identifier: MIT
// The HTTP server of the examples: 4 connections, content from an emit handler, receive rings of
// 512 octets, two in TIME-WAIT, pings of 64 octets. The driver and the clock are the stand-ins of
// driver.c.
#include "../../examples/examples.h"

AKSU_STORAGE_WITH(memory, 4, 1, 512, 0, 2, 64);

static struct aksu net;
static uint8_t frame[1514];

int main(void);
size_t mac_receive(void *to, size_t size);
void mac_send(const void *from, size_t len);
void mac_wait(uint32_t ms);
uint32_t clock_ms(void);
void entropy(void *to, size_t len);

int main(void)
{
    static const struct aksu_config config = {
        .profile = &PROFILE,
        .link = &aksu_ethernet,
        .addr = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1}},
        .mac = {2, 0, 0, 0, 0, 1},
    };
    uint8_t secret[16];
    size_t len;

    entropy(secret, sizeof secret);
    if (aksu_init(&net, &memory, &config) != AKSU_OK ||
        aksu_seed(&net, secret, sizeof secret) != AKSU_OK ||
        http_server_start(&net, 80) != AKSU_OK) {
        return 1;
    }
    for (;;) {
        while ((len = mac_receive(frame, sizeof frame)) > 0) {
            (void)aksu_input(&net, clock_ms(), frame, len);
        }
        while ((len = aksu_output(&net, clock_ms(), frame, sizeof frame)) > 0) {
            mac_send(frame, len);
        }
        mac_wait(aksu_idle(&net, clock_ms()));
    }
}
