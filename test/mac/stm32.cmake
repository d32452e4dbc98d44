# SPDX-License-Identifier: MIT
# A descriptor of the STM32's DMA holds 32-bit addresses: -no-pie keeps static memory below 4 GiB.
find_package(PkgConfig REQUIRED)
pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)
set(baremetal ${PROJECT_SOURCE_DIR}/ports/baremetal)

add_library(stm32_models STATIC stm32_eth_model.c stm32_frames.c stm32_memory.c stm32_model.c stm32_phy.c
                                stm32h7_eth_model.c ${baremetal}/mac/stm32_eth.c
                                ${baremetal}/mac/stm32h7_eth.c ${baremetal}/phy.c)
target_include_directories(stm32_models PUBLIC ${baremetal})
target_compile_definitions(stm32_models PUBLIC AKSU_REG_MODEL)
target_compile_options(stm32_models PUBLIC -fno-pie)
target_link_options(stm32_models INTERFACE -no-pie)
target_link_libraries(stm32_models PUBLIC aksu::aksu PkgConfig::CMOCKA)

add_executable(mac_stm32 stm32_test.c)
add_test(NAME mac_stm32 COMMAND mac_stm32)
set(stm32_programs mac_stm32)
if(TARGET aksu_examples)
  add_executable(mac_stm32_stack stm32_stack_test.c ${baremetal}/loop.c)
  target_link_libraries(mac_stm32_stack PRIVATE aksu_examples)
  add_test(NAME mac_stm32_stack COMMAND mac_stm32_stack)
  list(APPEND stm32_programs mac_stm32_stack)
endif()
foreach(program ${stm32_programs})
  target_link_libraries(${program} PRIVATE stm32_models)
endforeach()
set_target_properties(stm32_models ${stm32_programs} PROPERTIES C_STANDARD 11 C_STANDARD_REQUIRED ON
                                                                C_EXTENSIONS OFF)
