// SPDX-License-Identifier: MIT
// A port to copy. Fill in the five functions below; docs/porting.md says what each must keep to.
#include <aksu/aksu.h>

// Rows, listeners, octets of each receive and send ring.
AKSU_STORAGE(memory, 4, 2, 2048, 2048);

enum { BATCH = 16 };

int port_start(const uint8_t mac[6], struct aksu_addr addr, const void *entropy, size_t len);
struct aksu *port_net(void);
void port_poll(void);

static struct aksu net;

// Takes a received frame from the MAC to `frame`. Returns its length without FCS, 0 if none waits.
static size_t mac_receive(void *frame, size_t size)
{
    (void)frame;
    (void)size;
    return 0;
}

// Whether the MAC takes a frame now: a free descriptor, room in its FIFO.
static bool mac_ready(void)
{
    return false;
}

// Hands a frame to the MAC. Only called when it is ready.
static void mac_send(const void *frame, size_t len)
{
    (void)frame;
    (void)len;
}

// Milliseconds that count up and wrap at 2^32.
static uint32_t clock_ms(void)
{
    return 0;
}

// Sleeps until a frame comes, the MAC becomes ready to send, or ms are over (AKSU_NEVER: only the
// first two). Look once more whether a frame waits with interrupts off before you sleep, so that
// none is missed.
static void sleep_ms(uint32_t ms)
{
    (void)ms;
}

// Starts the stack. Returns what aksu_init() and aksu_seed() return. entropy: 16 octets or more of
// true randomness, new at every boot.
int port_start(const uint8_t mac[6], struct aksu_addr addr, const void *entropy, size_t len)
{
    struct aksu_config config = {.profile = &aksu_standard, .link = &aksu_ethernet, .addr = addr};

    for (unsigned i = 0; i < 6; i++) {
        config.mac[i] = mac[i];
    }
    int error = aksu_init(&net, &memory, &config);

    return error ? error : aksu_seed(&net, entropy, len);
}

// The application's calls take this.
struct aksu *port_net(void)
{
    return &net;
}

// One round: everything in, everything out, sleep. A flood does not keep us from sending: beyond a
// batch, frames wait for the next round.
void port_poll(void)
{
    static uint8_t frame[1514 + 4]; // 4: if the MAC leaves the FCS behind the frame
    size_t len;

    for (unsigned i = 0; i < BATCH && (len = mac_receive(frame, sizeof frame)) > 0; i++) {
        (void)aksu_input(&net, clock_ms(), frame, len);
    }
    while (mac_ready() && (len = aksu_output(&net, clock_ms(), frame, sizeof frame)) > 0) {
        mac_send(frame, len);
    }
    sleep_ms(mac_ready() ? aksu_idle(&net, clock_ms()) : AKSU_NEVER);
}
