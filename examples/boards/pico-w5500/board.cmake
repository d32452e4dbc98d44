# SPDX-License-Identifier: MIT
set(AKSU_BOARD_IRQ_LINES 26)
# The W5500 holds 16 KB of frames.
set(AKSU_BOARD_DEFINITIONS BOARD_RING=8192)

# The second stage: assembled alone, and put into the image as octets with their checksum.
find_package(Python3 REQUIRED COMPONENTS Interpreter)
set(stage ${CMAKE_CURRENT_BINARY_DIR}/boot2)
add_custom_command(
  OUTPUT ${stage}.checked.S
  COMMAND ${CMAKE_C_COMPILER} -c ${board}/boot2.S -o ${stage}.o
  COMMAND ${CMAKE_OBJCOPY} -O binary ${stage}.o ${stage}.bin
  COMMAND ${Python3_EXECUTABLE} ${board}/boot2.py stage ${stage}.bin ${stage}.checked.S
  DEPENDS ${board}/boot2.S ${board}/boot2.py
  VERBATIM)
set(AKSU_BOARD_SOURCES ${stage}.checked.S)
