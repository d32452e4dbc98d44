# SPDX-License-Identifier: MIT
set(AKSU_BOARD_IRQ_LINES 43)
# 64 KB of RAM, and a MAC that holds 2 KB: a window of little more than one segment.
set(AKSU_BOARD_DEFINITIONS BOARD_RING=2048)
