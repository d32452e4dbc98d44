// SPDX-License-Identifier: MIT
/// Models of two MACs with rings of descriptors, SmartFusion2's and the GEM, for what QEMU's cannot
/// do: sending takes time, and fails. They do one step when they are told to. Written to the
/// manuals that the drivers name, and never compared with a chip.
#ifndef RINGS_MODEL_H
#define RINGS_MODEL_H

#include <mac/gem.h>
#include <mac/msf2.h>

enum { RX_FRAMES = 4, TX_FRAMES = 3 };

struct rings_model {
    const char *name;
    struct aksu_mac *mac;
    /// Everything as before start().
    void (*init)(void);
    /// The DMA's next look at its ring. Returns whether it sent a frame, which is put there.
    bool (*send_one)(uint8_t frame[2048], size_t *len);
    /// A frame comes, with its octets all `fill`. Returns whether there was room.
    bool (*arrive)(size_t len, uint8_t fill);
    /// The DMA stops for want of frames: it has looked before the last one came.
    void (*stop_late)(void);
    /// The frame being sent fails.
    void (*break_sending)(void);
    bool (*interrupt)(void);
    bool (*full_duplex)(void);
    uintptr_t bad_fcs, oversized; ///< registers of statistics
    unsigned lost;                ///< frames by a failure: those in the ring, or just the one
};

extern const struct rings_model msf2_model, gem_model;

extern uint16_t model_phy[32];

/// A register as the model has it.
uint32_t *model_register(uintptr_t at);

#endif
