// SPDX-License-Identifier: MIT
/// The seam between the driver of a MAC behind SPI and the board, which has the SPI and the pins.
///
/// SPI mode 0, most significant bit first. The chip's interrupt pin is low as long as what it was
/// told to interrupt for lasts, and high whenever the driver's pending() has returned false. So a
/// level does, and so does a falling edge whose latch is cleared before pending() is called.
#ifndef AKSU_SPI_H
#define AKSU_SPI_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct aksu_spi {
    /// Makes the chip listen: its select pin goes low.
    void (*select)(struct aksu_spi *spi);
    /// Exchanges len octets and returns when they are over. out NULL: zeros are sent; in NULL: what
    /// comes is dropped. A board may use a DMA for it.
    void (*transfer)(struct aksu_spi *spi, const void *out, void *in, size_t len);
    /// Ends what select() began: the pin goes high, for as long as the chip wants between two.
    void (*deselect)(struct aksu_spi *spi);
};

#ifdef __cplusplus
}
#endif

#endif
