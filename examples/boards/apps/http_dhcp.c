// SPDX-License-Identifier: MIT
// HTTP server on port 80 of an address that DHCP gives.
#include "../firmware.h"

AKSU_STORAGE_WITH(memory, BOARD_CONNECTIONS, 1, BOARD_RING, 0, BOARD_TIME_WAITS, BOARD_ECHO);

const struct aksu_storage *app_storage(void)
{
    return &memory;
}

static void print_addr(const struct aksu_addr *addr)
{
    const uint8_t *octet = addr->octets + sizeof addr->octets - 4;

    for (unsigned i = 0; i < 4; i++) {
        aksu_print(i > 0 ? "." : "address ");
        print_number(octet[i]);
    }
    aksu_print("\n");
}

static void on_lease(struct aksu *net, struct aksu_dhcp *dhcp, const struct aksu_lease *lease)
{
    (void)net;
    (void)dhcp;
    if (lease) {
        print_addr(&lease->addr);
    } else {
        aksu_print("no address\n");
    }
}

int app_start(struct aksu *net)
{
    static struct aksu_dhcp dhcp;
    static const struct aksu_dhcp_config config = {"aksu", on_lease};
    int error = http_server_start(net, 80);

    return error ? error : aksu_dhcp_start(net, &dhcp, &config);
}

bool app_done(int *status)
{
    (void)status;
    return false;
}
