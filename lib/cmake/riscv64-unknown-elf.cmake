# SPDX-License-Identifier: MIT
# Toolchain file: riscv64-unknown-elf-gcc, which builds for 32 bits too. AKSU_MARCH and AKSU_MABI say
# for what, rv64imac and lp64 unless set. The headers of libc are picolibc's.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR riscv)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES AKSU_MARCH AKSU_MABI)
set(AKSU_MARCH rv64imac CACHE STRING "what -march= is given")
set(AKSU_MABI lp64 CACHE STRING "what -mabi= is given")
set(CMAKE_C_COMPILER riscv64-unknown-elf-gcc)
set(CMAKE_ASM_COMPILER riscv64-unknown-elf-gcc)
set(CMAKE_SIZE riscv64-unknown-elf-size)
# By specification 2.2 the control registers belong to "i": with "_zicsr" gcc 12 finds no libgcc.
set(aksu_flags "-march=${AKSU_MARCH} -mabi=${AKSU_MABI} -misa-spec=2.2 -mcmodel=medany")
set(CMAKE_ASM_FLAGS_INIT "${aksu_flags}")
# A section a function lets the linker drop what an image does not call. SiFive's smaller cores
# fault on what is not aligned.
set(CMAKE_C_FLAGS_INIT
    "${aksu_flags} -mstrict-align -ffunction-sections -fdata-sections --specs=picolibc.specs")
