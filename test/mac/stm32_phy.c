// SPDX-License-Identifier: MIT
// A PHY of IEEE 802.3 clause 22, such as the LAN8742A of ST's boards.
#include "stm32_model.h"

enum { BMCR, BMSR, ANAR = 4, ANLPAR = 5 };
enum { RESET = 0x8000, AUTONEG = 0x1000, RESTART = 0x0200, FAST = 0x2000, FULL = 0x0100 };
enum { LINK = 0x0004, DONE = 0x0020, ABILITIES = 0x7809 };
enum { READS_OF_RESET = 3, READS_OF_NEGOTIATION = 4 };

void phy_init(struct phy *p)
{
    memset(p, 0, sizeof *p);
    p->reg[BMCR] = AUTONEG;
    p->reg[BMSR] = ABILITIES;
    p->reg[ANAR] = 0x0001;
}

static void lose(struct phy *p)
{
    p->reg[BMSR] &= (uint16_t) ~(LINK | DONE);
    p->reg[ANLPAR] = 0;
    p->settles = READS_OF_NEGOTIATION;
}

void phy_plug(struct phy *p, bool plugged, uint16_t partner)
{
    lose(p);
    p->plugged = plugged;
    p->partner = partner;
}

// Negotiation goes on while the management looks.
static uint16_t read_status(struct phy *p)
{
    uint16_t was = p->reg[BMSR];

    if (p->plugged && p->resets == 0 && p->settles > 0 && --p->settles == 0) {
        p->reg[ANLPAR] = (uint16_t)(p->partner | 0x4000);
        p->reg[BMSR] |= LINK | DONE;
        return was; // a link that failed reads as failed once more (22.2.4.2.13)
    }
    return was;
}

uint16_t phy_read(struct phy *p, unsigned reg)
{
    if (reg == BMCR && p->resets > 0 && --p->resets == 0) {
        p->reg[BMCR] &= (uint16_t)~RESET;
    }
    return reg == BMSR ? read_status(p) : p->reg[reg];
}

void phy_write(struct phy *p, unsigned reg, uint16_t value)
{
    if (p->resets > 0) {
        model_broken("the PHY is written while it resets");
    }
    if (reg == BMCR && (value & RESET)) {
        lose(p);
        p->reg[ANAR] = 0x0001;
        p->reg[BMCR] = RESET | AUTONEG;
        p->resets = READS_OF_RESET;
    } else if (reg == BMCR) {
        p->reg[BMCR] = (uint16_t)(value & ~RESTART);
        if (value & RESTART) {
            lose(p);
        }
    } else if (reg == ANAR) {
        p->reg[ANAR] = value;
    }
}

bool phy_up(const struct phy *p)
{
    return (p->reg[BMSR] & LINK) != 0;
}

static unsigned common(const struct phy *p)
{
    return p->reg[ANAR] & p->reg[ANLPAR];
}

bool phy_fast(const struct phy *p)
{
    return (common(p) & 0x0180) != 0;
}

bool phy_full_duplex(const struct phy *p)
{
    return phy_fast(p) ? (common(p) & 0x0100) != 0 : (common(p) & 0x0040) != 0;
}
