// SPDX-License-Identifier: MIT
// Firmware: one of the examples on a board.
#include "firmware.h"

static struct aksu net;
static struct aksu_port port;
static struct aksu_carrier carrier;

void print_number(uint32_t number)
{
    char text[11];

    aksu_print(example_decimal(number, text));
}

static void on_link(struct aksu_port *p, bool up)
{
    (void)p;
    aksu_print(up ? "link up\n" : "link down\n");
    if (BOARD_CABLE) {
        aksu_link(&net, &carrier, up); // connections outlive a pulled cable
    }
}

// The number, for the names of all errors would be 1.3 KB of flash: see enum aksu_error.
static void must(const char *call, int error)
{
    if (error != AKSU_OK) {
        aksu_print(call);
        aksu_print(" returned -");
        print_number((uint32_t)-error);
        aksu_panic(": see enum aksu_error");
    }
}

// Apart from main(), so that what it needs of the stack is free again when the loop runs.
__attribute__((noinline)) static void start(void)
{
    struct aksu_config config = {.profile = &aksu_standard,
                                 .link = &aksu_ethernet,
                                 .addr = BOARD_ADDRESS,
                                 .prefix = BOARD_PREFIX,
                                 .mac = {0x02, 0x61, 0x6B, 0x73, 0x75, 0x02}}; // "aksu"
    uint8_t entropy[16];

    port.net = &net;
    port.mac = board_start(&port.link_ms);
    port.on_link = on_link;
    config.offload = port.mac->offload;
    must("aksu_init()", aksu_init(&net, app_storage(), &config));
    if (!aksu_board_entropy(entropy, sizeof entropy)) {
        aksu_panic("aksu_board_entropy() has no source");
    }
    must("aksu_seed()", aksu_seed(&net, entropy, sizeof entropy));
    if (!port.mac->driver->start(port.mac, config.mac)) {
        aksu_panic("the MAC does not start");
    }
    must("the application", app_start(&net));
}

static bool done(void *status)
{
    return app_done(status);
}

int main(void)
{
    int status = 0;

    start();
    aksu_port_run(&port, done, &status);
    return status;
}
