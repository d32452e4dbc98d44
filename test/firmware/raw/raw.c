// SPDX-License-Identifier: MIT
// A board's MAC alone: frames in and out through its driver, with no stack. See ../throughput.py.
#include "fill.h"
#include <firmware.h>

// A frame behind its Ethernet header: what is wanted, and a number.
enum { TYPE = 12, WHAT = 14, NUMBER = 16, SHORTEST = 60, LONGEST = 1514 };
// Count it; count it and answer how many; send that many, untouched; or written by the processor,
// as what carries data is.
enum { SINK, ASK, SOURCE, FILLED_SOURCE };

static const uint8_t address[6] = {0x02, 0x61, 0x6B, 0x73, 0x75, 0x02};
static uint8_t peer[6];
static uint32_t counted;
static uint32_t owed; // frames to send
static bool asked;
static bool filled;

static uint32_t get32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void header(uint8_t *frame)
{
    memcpy(frame, peer, 6);
    memcpy(frame + 6, address, 6);
    frame[TYPE] = 0x88;
    frame[TYPE + 1] = 0xB5;
    for (unsigned i = 0; i < 4; i++) {
        frame[NUMBER + i] = (uint8_t)(counted >> (24 - 8 * i));
    }
}

static void take(const uint8_t *frame, size_t len)
{
    if (len < NUMBER + 4 || frame[TYPE] != 0x88 || frame[TYPE + 1] != 0xB5) {
        return;
    }
    memcpy(peer, frame + 6, 6);
    counted++;
    asked = asked || frame[WHAT] == ASK;
    if (frame[WHAT] == SOURCE || frame[WHAT] == FILLED_SOURCE) {
        filled = frame[WHAT] == FILLED_SOURCE;
        owed = get32(frame + NUMBER);
    }
}

static void send_out(struct aksu_mac *mac)
{
    uint8_t *frame;

    while ((asked || owed > 0) && (frame = mac->driver->lend(mac)) != NULL) {
        header(frame);
        if (filled && !asked) {
            fill(frame + NUMBER + 4, LONGEST - NUMBER - 4);
        }
        mac->driver->send(mac, asked ? SHORTEST : LONGEST);
        owed -= asked ? 0 : 1;
        asked = false;
    }
}

static bool ready(void *mac)
{
    return ((struct aksu_mac *)mac)->driver->pending(mac);
}

int main(void)
{
    uint32_t link_ms;
    struct aksu_mac *mac = board_start(&link_ms);
    const void *frame;
    size_t len;

    if (!mac->driver->start(mac, address)) {
        aksu_panic("the MAC does not start");
    }
    while (!mac->driver->link(mac)) {
        aksu_cpu_sleep(link_ms, ready, mac);
    }
    for (;;) {
        while ((frame = mac->driver->receive(mac, &len)) != NULL) {
            take(frame, len);
            mac->driver->release(mac);
        }
        send_out(mac);
        mac->driver->interrupts(mac, owed > 0 ? AKSU_MAC_RX | AKSU_MAC_TX : AKSU_MAC_RX);
        aksu_cpu_sleep(AKSU_NEVER, ready, mac);
    }
}
