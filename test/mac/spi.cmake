# SPDX-License-Identifier: MIT
# MACs behind SPI, LAN9118 and the PHY's driver, with a whole stack at the other end of the cable.
if(NOT TARGET aksu_examples)
  return()
endif()
find_package(PkgConfig REQUIRED)
pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)

set(baremetal ${PROJECT_SOURCE_DIR}/ports/baremetal)
foreach(mac enc28j60 w5500)
  add_executable(mac_${mac} ${mac}_test.c ${mac}_model.c wire.c ${baremetal}/mac/${mac}.c ${baremetal}/loop.c)
  target_include_directories(mac_${mac} PRIVATE ${baremetal})
  target_link_libraries(mac_${mac} PRIVATE aksu_examples PkgConfig::CMOCKA)
  set_target_properties(mac_${mac} PROPERTIES C_STANDARD 11 C_EXTENSIONS OFF)
  add_test(NAME mac_${mac} COMMAND mac_${mac})
endforeach()
