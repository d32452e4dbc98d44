// SPDX-License-Identifier: MIT
#include "phy_model.h"

#include <string.h>

enum { BMCR, BMSR, ANAR = 4, ANLPAR, GIGABIT = 9 };
enum { RESET = 0x8000, AUTONEG = 0x1000, RESTART = 0x0200 };
enum {
    DONE = 0x0020,
    CAN_NEGOTIATE = 0x0008,
    LINK = 0x0004,
    ABILITIES = 0x7801,
    EXTENDED = 0x0100
};
enum { READS_OF_RESET = 3, LOOKS_OF_NEGOTIATION = 4, ALL = 0x01E1, SELECTOR = 0x0001 };

struct phy_model phy;

void phy_model_init(void)
{
    memset(&phy, 0, sizeof phy);
    phy.control = AUTONEG;
    phy.offered = SELECTOR;
    phy.nobody = UINT16_MAX;
    phy.plugged = true;
    phy.partner = ALL;
    phy.negotiating = LOOKS_OF_NEGOTIATION;
}

static void lose(void)
{
    phy.failed = phy.failed || phy.linked;
    phy.linked = false;
    phy.heard = 0;
    phy.told = phy.offered;
    phy.negotiating = LOOKS_OF_NEGOTIATION;
}

void phy_model_plug(bool plugged, uint16_t partner)
{
    lose();
    phy.plugged = plugged;
    phy.partner = partner;
}

// Without an answer to negotiate with, the speed is that of the signal, and half duplex (28.2.3.1).
static void go_on(void)
{
    if (phy.plugged && phy.resetting == 0 && phy.negotiating > 0 && --phy.negotiating == 0) {
        phy.linked = true;
        phy.heard = phy.partner ? (uint16_t)(phy.partner | SELECTOR) : LINK_10;
    }
}

void phy_model_settle(void)
{
    while (phy.plugged && phy.resetting == 0 && phy.negotiating > 0) {
        go_on();
    }
}

static uint16_t status(void)
{
    bool early = phy.early && phy.plugged && phy.negotiating <= 2;
    bool linked = (phy.linked || early) && !phy.failed;
    unsigned value = ABILITIES | (phy.cannot_negotiate ? 0 : CAN_NEGOTIATE) |
                     (phy.can_gigabit ? EXTENDED : 0) | (linked ? LINK : 0) |
                     (phy.linked && !phy.cannot_negotiate ? DONE : 0);

    phy.failed = false;
    go_on();
    return (uint16_t)value;
}

uint16_t phy_model_read(unsigned reg)
{
    if (phy.missing) {
        return phy.nobody;
    }
    switch (reg) {
    case BMCR:
        phy.resetting -= phy.resetting > 0;
        return (uint16_t)(phy.control | (phy.resetting ? RESET : 0));
    case BMSR:
        return status();
    case ANAR:
        return phy.offered;
    case ANLPAR:
        return phy.heard;
    case GIGABIT:
        return phy.gigabit;
    default:
        return 0;
    }
}

void phy_model_write(unsigned reg, uint16_t value)
{
    if (phy.missing || phy.resetting > 0) {
        return;
    }
    if (reg == BMCR && (value & RESET)) {
        lose();
        phy.resets++;
        phy.offered = SELECTOR;
        phy.gigabit = phy.can_gigabit ? 0x0300 : 0;
        phy.resetting = READS_OF_RESET;
        phy.control = phy.cannot_negotiate ? phy.control : AUTONEG;
    } else if (reg == BMCR) {
        phy.control = value & (uint16_t)~RESTART;
        if (value & RESTART) {
            lose();
        }
    } else if (reg == ANAR) {
        phy.offered = value;
    } else if (reg == GIGABIT) {
        phy.gigabit = value;
    }
}
