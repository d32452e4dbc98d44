# SPDX-License-Identifier: MIT
set(AKSU_BOARD_IRQ_LINES 13)
# 64 KB of RAM, of which the MAC's frames take 18; its 8 buffers are twice this window.
set(AKSU_BOARD_DEFINITIONS BOARD_RING=4096)
