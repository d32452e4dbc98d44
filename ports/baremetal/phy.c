// SPDX-License-Identifier: MIT
// IEEE 802.3 clause 22 management registers and clause 28 auto-negotiation.
#include "aksu_phy.h"

enum { BMCR = 0, BMSR = 1, ANAR = 4, ANLPAR = 5 };
enum { BMCR_RESET = 0x8000, BMCR_AUTONEG = 0x1000, BMCR_RESTART = 0x0200 };
enum { BMSR_LINK = 0x0004, BMSR_DONE = 0x0020 };
enum { AN_802_3 = 0x0001, AN_10 = 0x0020, AN_10_FD = 0x0040, AN_100 = 0x0080, AN_100_FD = 0x0100 };
enum { AN_ALL = AN_802_3 | AN_10 | AN_10_FD | AN_100 | AN_100_FD };
enum step { RESET, NEGOTIATE };

void aksu_phy_start(struct aksu_mac *mac, struct aksu_phy *phy)
{
    phy->step = RESET;
    phy->up = false;
    phy->write(mac, phy->address, BMCR, BMCR_RESET);
}

// The best that both ends can (28B.3).
static void resolve(struct aksu_phy *phy, unsigned both)
{
    phy->fast = (both & (AN_100_FD | AN_100)) != 0;
    phy->full_duplex = phy->fast ? (both & AN_100_FD) != 0 : (both & AN_10_FD) != 0;
}

bool aksu_phy_poll(struct aksu_mac *mac, struct aksu_phy *phy)
{
    if (phy->step == RESET) {
        if (phy->read(mac, phy->address, BMCR) & BMCR_RESET) {
            return false; // up to half a second (22.2.4.1.1); for ever if there is none
        }
        phy->write(mac, phy->address, ANAR, AN_ALL);
        phy->write(mac, phy->address, BMCR, BMCR_AUTONEG | BMCR_RESTART);
        phy->step = NEGOTIATE;
    }
    // The link bit latches a failure until it is read (22.2.4.2.13): the second read is now.
    unsigned status = phy->read(mac, phy->address, BMSR);
    bool failed = (status & BMSR_LINK) == 0;

    if (failed) {
        status = phy->read(mac, phy->address, BMSR);
    }
    bool up = (status & BMSR_LINK) && (status & BMSR_DONE) && status != UINT16_MAX;

    if (up && (failed || !phy->up)) {
        resolve(phy, phy->read(mac, phy->address, ANLPAR) & phy->read(mac, phy->address, ANAR));
    }
    phy->up = up;
    return up;
}
