// SPDX-License-Identifier: MIT
// IEEE 802.3 clause 22 management registers and clause 28 auto-negotiation.
#include "aksu_phy.h"

enum { BMCR = 0, BMSR = 1, ANAR = 4, ANLPAR = 5, GIGABIT = 9 };
enum { BMCR_RESET = 0x8000, BMCR_100 = 0x2000, BMCR_AUTONEG = 0x1000, BMCR_RESTART = 0x0200 };
enum { BMCR_FULL_DUPLEX = 0x0100 };
enum { BMSR_LINK = 0x0004, BMSR_CAN_NEGOTIATE = 0x0008, BMSR_DONE = 0x0020 };
enum { BMSR_EXTENDED = 0x0100 }; // there are gigabit registers
enum { AN_802_3 = 0x0001, AN_10 = 0x0020, AN_10_FD = 0x0040, AN_100 = 0x0080, AN_100_FD = 0x0100 };
enum { AN_ALL = AN_802_3 | AN_10 | AN_10_FD | AN_100 | AN_100_FD };
enum step { RESET, RUN };

void aksu_phy_start(struct aksu_mac *mac, struct aksu_phy *phy)
{
    phy->step = RESET;
    phy->up = false;
    phy->write(mac, phy->address, BMCR, BMCR_RESET);
}

// Reset takes up to half a second (22.2.4.1.1). Returns whether it is over; never if nobody is
// there.
static bool reset_over(struct aksu_mac *mac, struct aksu_phy *phy)
{
    if (phy->step == RESET && (phy->read(mac, phy->address, BMCR) & BMCR_RESET) == 0) {
        unsigned status = phy->read(mac, phy->address, BMSR);
        if (status & BMSR_CAN_NEGOTIATE) {
            if (status & BMSR_EXTENDED) {
                phy->write(mac, phy->address, GIGABIT, 0); // no MAC here goes that fast
            }
            phy->write(mac, phy->address, ANAR, AN_ALL);
            phy->write(mac, phy->address, BMCR, BMCR_AUTONEG | BMCR_RESTART);
        }
        phy->step = RUN;
    }
    return phy->step == RUN;
}

// The best that both ends can (28B.3); without negotiation what the PHY is set to (22.2.4.1).
static void resolve(struct aksu_mac *mac, struct aksu_phy *phy, unsigned status)
{
    if (status & BMSR_CAN_NEGOTIATE) {
        unsigned both = phy->read(mac, phy->address, ANLPAR) & phy->read(mac, phy->address, ANAR);
        phy->fast = (both & (AN_100_FD | AN_100)) != 0;
        phy->full_duplex = (both & (phy->fast ? AN_100_FD : AN_10_FD)) != 0;
    } else {
        unsigned control = phy->read(mac, phy->address, BMCR);
        phy->fast = (control & BMCR_100) != 0;
        phy->full_duplex = (control & BMCR_FULL_DUPLEX) != 0;
    }
}

bool aksu_phy_poll(struct aksu_mac *mac, struct aksu_phy *phy)
{
    if (!reset_over(mac, phy)) {
        return false;
    }
    // The link bit latches a failure until it is read (22.2.4.2.13): the second read is now.
    unsigned status = phy->read(mac, phy->address, BMSR);
    bool failed = (status & BMSR_LINK) == 0;

    if (failed) {
        status = phy->read(mac, phy->address, BMSR);
    }
    if (status == UINT16_MAX || status == 0) { // an MDIO line that nobody drives
        aksu_phy_start(mac, phy);
        return false;
    }
    bool up = (status & BMSR_LINK) && ((status & BMSR_DONE) || !(status & BMSR_CAN_NEGOTIATE));

    if (up && (failed || !phy->up)) {
        resolve(mac, phy, status);
    }
    phy->up = up;
    return up;
}
