# SPDX-License-Identifier: MIT
set(AKSU_BOARD_IRQ_LINES 62)
set(AKSU_BOARD_DEFINITIONS BOARD_RING=8192)
set(AKSU_BOARD_SOURCES nucleo/nucleo.c nucleo/f4_f7.c)
