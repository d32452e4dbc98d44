// SPDX-License-Identifier: MIT
/// A model of a PHY (IEEE 802.3 clauses 22 and 28) whose time is that of the management's reads.
#ifndef PHY_MODEL_H
#define PHY_MODEL_H

#include <stdbool.h>
#include <stdint.h>

enum { LINK_10 = 0x0020, LINK_10_FULL = 0x0040, LINK_100 = 0x0080, LINK_100_FULL = 0x0100 };

struct phy_model {
    uint16_t control, offered, heard, gigabit;
    uint16_t told;        ///< to the other end: what was offered when negotiation began
    unsigned resetting;   ///< reads until reset is over
    unsigned negotiating; ///< looks until negotiation is over
    unsigned resets;      ///< how often it was reset
    bool failed;          ///< latched: the link failed since the last look
    bool linked;

    bool can_gigabit;
    bool cannot_negotiate;
    bool early; ///< shows the link before negotiation is over
    bool plugged;
    uint16_t partner; ///< what the other end offers; 0: it does not negotiate, and has 10 half
    bool missing;     ///< nobody drives MDIO ...
    uint16_t nobody;  ///< which then reads as this
};

extern struct phy_model phy;

void phy_model_init(void);
void phy_model_plug(bool plugged, uint16_t partner);
/// Negotiation comes to its end.
void phy_model_settle(void);
uint16_t phy_model_read(unsigned reg);
void phy_model_write(unsigned reg, uint16_t value);

#endif
