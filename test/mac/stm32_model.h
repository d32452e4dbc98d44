// SPDX-License-Identifier: MIT
/// Models of the STM32's Ethernet MACs, as their drivers see them: registers (aksu_reg_get and
/// put), a DMA that walks descriptors in memory, a PHY behind MDIO, and memory in which writes
/// become visible in the order that barriers and cache maintenance make, and in no better one.
///
/// What real hardware would punish fails the test: see model_broken(). Written to the same
/// reference manuals as the drivers (RM0090 and RM0410, RM0433), and never compared with a chip.
///
/// A descriptor holds an address in 32 bits, so the memory of a driver under test must lie below
/// 4 GiB: it is static, and the program is linked with -no-pie.
#ifndef STM32_MODEL_H
#define STM32_MODEL_H

#include <mac/stm32_dma.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

/// Memory (stm32_memory.c) ///

enum { MEMORY = sizeof(struct aksu_stm32_dma) };

/// Where a ring's descriptors are, and in which of their words what is.
struct ring {
    uint32_t base;
    uint32_t count; ///< 0: not known yet
    uint32_t stride;
    unsigned own;    ///< word of the OWN bit
    unsigned buffer; ///< of the buffer's address
    unsigned length; ///< of its length
    uint32_t length_mask;
};

/// The memory that processor and DMA share.
///
/// Not cacheable: the processor's writes may become visible in any order up to a barrier, so a
/// descriptor that has got its OWN bit since the last one must else be as it was then, and its
/// buffer too. The processor sees OWN cleared at once, but the rest of what the DMA wrote not
/// before a barrier.
///
/// Cacheable: the two have a memory each, and lines go between them by cache maintenance, or by the
/// cache's own will: a line that was written may be written back, another one fetched anew, at any
/// time.
struct memory {
    uint8_t *cpu; ///< as the processor sees it
    bool cached;
    bool unordered;       ///< cache maintenance since the last barrier
    uint8_t seen[MEMORY]; ///< not cached: as of the last barrier; cached: as cleaned or fetched
    uint8_t ram[MEMORY];  ///< cached: as the DMA sees it
    uint8_t late[MEMORY]; ///< not cached: written by the DMA, not yet seen
    bool is_late[MEMORY];
    uint32_t random;
    const struct ring *rings[2];
};

void memory_init(struct memory *, void *cpu, bool cached, uint32_t seed);
void memory_enter(struct memory *);    ///< before anything else here: the model may look anywhere
void memory_leave(struct memory *);    ///< what the DMA owns is poison (AddressSanitizer)
void memory_barrier(struct memory *);  ///< the driver's barrier
void memory_doorbell(struct memory *); ///< the driver makes the DMA look at its descriptors
bool memory_maintain(struct memory *, uintptr_t operation, uint32_t address);
void memory_weather(struct memory *); ///< the cache's own will

// The DMA's side.
uint32_t memory_read(const struct memory *, uint32_t address);
void memory_read_all(const struct memory *, uint32_t address, void *to, size_t len);
void memory_write(struct memory *, uint32_t address, uint32_t value); ///< seen at once
void memory_write_late(struct memory *, uint32_t address, const void *from, size_t len);

/// PHY (stm32_phy.c) ///

struct phy {
    uint16_t reg[32];
    unsigned resets;  ///< reads until reset is over
    unsigned settles; ///< reads until negotiation is over
    bool plugged;
    uint16_t partner; ///< abilities
};

enum { PARTNER_10_HALF = 0x0021, PARTNER_10_FULL = 0x0061, PARTNER_ALL = 0x01E1 };

void phy_init(struct phy *);
void phy_plug(struct phy *, bool plugged, uint16_t partner);
uint16_t phy_read(struct phy *, unsigned reg);
void phy_write(struct phy *, unsigned reg, uint16_t value);
bool phy_up(const struct phy *);
bool phy_fast(const struct phy *);
bool phy_full_duplex(const struct phy *);

/// Frames (stm32_frames.c) ///

enum { FRAME_MOST = 4096, FCS = 4 };

/// What can happen to a frame on its way: bits.
enum {
    BAD_FCS = 1,
    RX_ERROR = 2,
    NOT_CHECKED = 4, ///< the checksum engine passes it by
    CUT_OFF = 8      ///< the FIFO overflows while it comes
};

struct frame {
    size_t len; ///< with FCS
    unsigned faults;
    uint8_t octets[FRAME_MOST];
};

/// What the checksum engine finds: bits, and the kind of payload.
enum { SUM_IPV4 = 1, SUM_HEADER_BAD = 2, SUM_PAYLOAD_BAD = 4, SUM_BYPASSED = 8 };
enum { PAYLOAD_UNKNOWN, PAYLOAD_UDP, PAYLOAD_TCP, PAYLOAD_ICMP };

unsigned frame_check(const uint8_t *frame, size_t len, unsigned *payload);
/// Inserts checksums as the MAC does with CIC 1 (IP header) or 3 (and payload).
void frame_insert(uint8_t *frame, size_t len, unsigned cic);
/// Makes a frame of len octets without FCS: Ethernet, IPv4 and TCP or ICMP with right checksums.
void frame_make(struct frame *, const uint8_t to[6], unsigned protocol, size_t len, uint32_t seed);

/// A MAC (stm32_model.c, stm32_eth_model.c, stm32h7_eth_model.c) ///

enum { REGISTERS = 0x1400, RX_FIFO = 2048, WAITING = 32 };
enum dma_state { STOPPED, SUSPENDED, RUNNING };
enum tx_fault { TX_GOOD, TX_UNDERRUN, TX_LATE_COLLISION, TX_JABBER };

struct model;

struct model_kind {
    uint32_t (*get)(struct model *, unsigned at);
    void (*put)(struct model *, unsigned at, uint32_t value);
    /// A frame comes from the wire.
    void (*arrive)(struct model *, const struct frame *);
    /// The DMA goes on until it has to wait.
    void (*run)(struct model *);
    bool (*interrupt)(const struct model *); ///< the line to the processor
    bool (*slow)(unsigned at);               ///< registers that want time between writes
};

struct model {
    const struct model_kind *kind;
    uintptr_t base;
    uint32_t hclk;
    uint32_t reg[REGISTERS / 4];
    uint32_t accesses;
    uint32_t written_at[REGISTERS / 4]; ///< accesses, when it was last written
    struct memory memory;
    struct ring rx, tx;
    uint32_t rx_at, tx_at; ///< current descriptors
    enum dma_state rx_state, tx_state;
    struct phy phy;
    unsigned resetting; ///< reads until reset is over
    unsigned mdio_busy;
    unsigned fifo_first, fifo_count;
    size_t fifo_octets;
    size_t rx_done; ///< octets of the FIFO's first frame that are in buffers
    struct frame fifo[WAITING];

    /// Where frames go. NULL: nowhere.
    void (*sent)(struct model *, const uint8_t *frame, size_t len);
    void *user;

    // To make happen.
    bool no_clock; ///< the PHY gives none
    bool frozen;   ///< the DMA is not served by the bus
    bool bus_error;
    enum tx_fault tx_fault; ///< of the next frame

    // What happened.
    uint32_t frames_sent;
    uint32_t frames_garbled; ///< sent with another speed or duplex than the link has
    uint32_t demands;        ///< writes of poll demand or tail pointer registers
};

extern const struct model_kind model_f, model_h7;

/// Ways to sabotage the driver: what it does is ignored.
enum sabotage { SABOTAGE_NONE, NO_BARRIER, NO_CLEAN, NO_INVALIDATE, NO_DEMAND };
extern enum sabotage sabotage;

/// While a test wants a breach, they are counted instead of failing.
extern bool breach_wanted;
extern unsigned breaches;
void model_broken(const char *what);

void model_none(void); ///< no MAC is on the bus, and all is as it should be
void model_init(struct model *, const struct model_kind *, uintptr_t base, uint32_t hclk, void *cpu,
                bool cached);
void model_arrive(struct model *, const struct frame *);
void model_run(struct model *);
bool model_interrupt(const struct model *);

// For the two kinds.
void model_reset(struct model *);
bool model_reset_done(struct model *);
void model_mdc(const struct model *, uint32_t divisor);
void model_mdio(struct model *, unsigned phy, unsigned reg, bool write, uint16_t *data);
bool model_mdio_done(struct model *);
void model_demand(struct model *);
void model_transmit(struct model *, uint8_t *frame, size_t len, bool fast, bool full_duplex);
bool model_for_us(const struct model *, const uint8_t *frame, uint32_t high, uint32_t low);
bool model_fifo_push(struct model *, const struct frame *);
const struct frame *model_fifo_top(struct model *);
void model_fifo_pop(struct model *);

#endif
