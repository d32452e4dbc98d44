// SPDX-License-Identifier: MIT
/// A PHY of IEEE 802.3 clause 22: reset, auto-negotiation, link, speed and duplex.
///
/// Nothing here waits: aksu_phy_poll() goes one step further each time it is called. A PHY that
/// does not answer has no link; when it answers again it is started anew. One that cannot negotiate
/// runs as its pins or its management registers say.
#ifndef AKSU_PHY_H
#define AKSU_PHY_H

#include "aksu_mac.h"

#ifdef __cplusplus
extern "C" {
#endif

struct aksu_phy {
    /// Management frames, which the MAC carries.
    uint16_t (*read)(struct aksu_mac *mac, unsigned address, unsigned reg);
    void (*write)(struct aksu_mac *mac, unsigned address, unsigned reg, uint16_t value);
    uint8_t address; ///< 0 to 31

    uint8_t step;
    bool up;
    bool fast;        ///< 100 Mbit/s, else 10; valid while up
    bool full_duplex; ///< valid while up
};

/// Resets the PHY. The link is down until aksu_phy_poll() says otherwise.
void aksu_phy_start(struct aksu_mac *mac, struct aksu_phy *phy);

/// Looks at the PHY. Returns true while the link is up; then `fast` and `full_duplex` say what the
/// two ends agreed on (22.2.4.2, 28.2.3), and the MAC is to be set to that.
bool aksu_phy_poll(struct aksu_mac *mac, struct aksu_phy *phy);

#ifdef __cplusplus
}
#endif

#endif
