# SPDX-License-Identifier: MIT
# Toolchain file: arm-none-eabi-gcc for a Cortex-M. AKSU_CPU names it, cortex-m3 unless set.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR arm)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES AKSU_CPU)
set(AKSU_CPU cortex-m3 CACHE STRING "what -mcpu= is given")
set(CMAKE_C_COMPILER arm-none-eabi-gcc)
set(CMAKE_SIZE arm-none-eabi-size)
set(CMAKE_ASM_FLAGS_INIT "-mcpu=${AKSU_CPU} -mthumb")
# A section a function lets the linker drop what an image does not call.
set(CMAKE_C_FLAGS_INIT "-mcpu=${AKSU_CPU} -mthumb -ffunction-sections -fdata-sections")
set(CMAKE_EXE_LINKER_FLAGS_INIT "--specs=nano.specs --specs=nosys.specs -Wl,--gc-sections")
