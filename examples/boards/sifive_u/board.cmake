# SPDX-License-Identifier: MIT
set(AKSU_BOARD_IRQ_LINES 0) # there is no table of vectors
set(AKSU_BOARD_DEFINITIONS BOARD_RING=16384)
