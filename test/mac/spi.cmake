# SPDX-License-Identifier: MIT
# MACs behind SPI, LAN9118, and the PHY's driver, each with a model of its own; and the MACs with a
# whole stack at the other end of the cable.
find_package(PkgConfig REQUIRED)
pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)
set(baremetal ${PROJECT_SOURCE_DIR}/ports/baremetal)

add_executable(mac_phy phy_test.c phy_model.c ${baremetal}/phy.c)
set(spi_programs phy)
if(TARGET aksu_examples)
  foreach(mac enc28j60 lan9118 w5500)
    add_executable(mac_${mac} ${mac}_test.c ${mac}_model.c wire.c ${baremetal}/mac/${mac}.c ${baremetal}/loop.c)
    target_link_libraries(mac_${mac} PRIVATE aksu_examples)
    list(APPEND spi_programs ${mac})
  endforeach()
  target_sources(mac_lan9118 PRIVATE phy_model.c ${baremetal}/phy.c)
  target_compile_definitions(mac_lan9118 PRIVATE AKSU_REG_MODEL)
endif()
foreach(program ${spi_programs})
  target_include_directories(mac_${program} PRIVATE ${baremetal})
  target_link_libraries(mac_${program} PRIVATE aksu::aksu PkgConfig::CMOCKA)
  set_target_properties(mac_${program} PROPERTIES C_STANDARD 11 C_STANDARD_REQUIRED ON C_EXTENSIONS OFF)
  add_test(NAME mac_${program} COMMAND mac_${program})
endforeach()
