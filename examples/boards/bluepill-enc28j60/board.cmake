# SPDX-License-Identifier: MIT
set(AKSU_BOARD_IRQ_LINES 7)
# 20 KB of RAM, and a MAC that holds four long frames.
set(AKSU_BOARD_DEFINITIONS BOARD_RING=1024 BOARD_ECHO=1024)
