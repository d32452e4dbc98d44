// SPDX-License-Identifier: MIT
// The scripts that pack.py packed, as they are.
    .section .rodata
    .global packed_scripts
packed_scripts:
    .incbin PACKED
    .section .note.GNU-stack, "", %progbits
