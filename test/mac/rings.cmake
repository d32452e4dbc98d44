# SPDX-License-Identifier: MIT
# A descriptor of these DMAs holds 32-bit addresses: -no-pie keeps static memory below 4 GiB.
find_package(PkgConfig REQUIRED)
pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)
set(baremetal ${PROJECT_SOURCE_DIR}/ports/baremetal)

add_executable(mac_rings rings_test.c rings_model.c ${baremetal}/mac/gem.c ${baremetal}/mac/msf2.c
                         ${baremetal}/phy.c)
target_include_directories(mac_rings PRIVATE ${baremetal})
target_compile_definitions(mac_rings PRIVATE AKSU_REG_MODEL)
target_compile_options(mac_rings PRIVATE -fno-pie)
target_link_options(mac_rings PRIVATE -no-pie)
target_link_libraries(mac_rings PRIVATE PkgConfig::CMOCKA)
set_target_properties(mac_rings PROPERTIES C_STANDARD 11 C_STANDARD_REQUIRED ON C_EXTENSIONS OFF)
add_test(NAME mac_rings COMMAND mac_rings)
