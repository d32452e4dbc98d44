// SPDX-License-Identifier: MIT
/// What an Ethernet MAC's driver is: eight functions, and a struct that begins with struct
/// aksu_mac.
///
/// A driver has no clock, no interrupt handler and no lock. The main loop calls it; an interrupt
/// handler of the board only calls aksu_port_interrupt(). Frames lie in the driver's own memory,
/// which for a MAC with DMA is the memory that the MAC reads and writes: nothing is copied.
#ifndef AKSU_MAC_H
#define AKSU_MAC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Octets of a frame: Ethernet's header, an MTU of 1500, and the FCS that some MACs leave behind
/// it.
enum { AKSU_FRAME_MAX = 14 + 1500 + 4, AKSU_FRAME_MIN = 60 };

/// Why a driver dropped a frame, and what it did to go on. Each counts modulo 2^32.
struct aksu_mac_counters {
    uint32_t received;  ///< good frames
    uint32_t sent;      ///< frames handed to the MAC
    uint32_t bad;       ///< bad FCS, alignment, collision, or an error that the MAC does not name
    uint32_t runts;     ///< shorter than an Ethernet header, or cut off
    uint32_t jumbos;    ///< longer than AKSU_FRAME_MAX, or in more than one buffer
    uint32_t overruns;  ///< times that the MAC had no room for a frame
    uint32_t underruns; ///< times that the MAC found a frame to send incomplete
    uint32_t tx_errors; ///< frames not sent for another reason: collisions, no carrier
    uint32_t restarts;  ///< times that the driver had to start reception or sending anew
    uint32_t checksums; ///< bad IP or TCP checksum, if the MAC verifies them
};

/// What an interrupt is wanted for: bits.
enum { AKSU_MAC_RX = 0x01, AKSU_MAC_TX = 0x02 };

struct aksu_mac;

struct aksu_mac_driver {
    /// Resets and starts the MAC. Returns false if there is no such MAC, or it does not come up.
    bool (*start)(struct aksu_mac *mac, const uint8_t address[6]);
    /// The oldest frame that has come, without FCS; it stays until release(). NULL: none waits.
    const void *(*receive)(struct aksu_mac *mac, size_t *len);
    /// Gives the last receive()'s memory back to the MAC.
    void (*release)(struct aksu_mac *mac);
    /// Memory for a frame of up to AKSU_FRAME_MAX octets, the same until send(). NULL: not now.
    void *(*lend)(struct aksu_mac *mac);
    /// Sends what was written there: at most AKSU_FRAME_MAX octets. Short frames are padded.
    void (*send)(struct aksu_mac *mac, size_t len);
    /// Says what may interrupt from now on: AKSU_MAC_RX while frames wait or have been lost,
    /// AKSU_MAC_TX when lend() has memory again. Both last as long as their cause.
    void (*interrupts)(struct aksu_mac *mac, unsigned wanted);
    /// Whether a cause of those is there already. Called with interrupts masked, before sleep.
    bool (*pending)(struct aksu_mac *mac);
    /// Reads the link's state, and sets the MAC to it. Called once a while: see aksu_port.link_ms.
    bool (*link)(struct aksu_mac *mac);
};

/// The first member of each driver's struct.
struct aksu_mac {
    const struct aksu_mac_driver *driver;
    struct aksu_mac_counters counters;
    uint16_t offload; ///< AKSU_OFFLOAD_...: what the MAC is to do, and the stack's config says
};

#ifdef __cplusplus
}
#endif

#endif
