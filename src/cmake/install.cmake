include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/roomcast)

install(TARGETS roomcast EXPORT roomcast FILE_SET HEADERS)
install(EXPORT roomcast NAMESPACE roomcast:: DESTINATION ${package_dir} FILE roomcast-targets.cmake)
if(ROOMCAST_BUILD_SERVER)
  install(TARGETS roomcast_command)
endif()

configure_package_config_file(src/cmake/roomcast-config.cmake.in roomcast-config.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(roomcast-config-version.cmake COMPATIBILITY SameMajorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/roomcast-config.cmake ${CMAKE_CURRENT_BINARY_DIR}/roomcast-config-version.cmake
  DESTINATION ${package_dir})

file(RELATIVE_PATH pc_to_prefix ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
if(BUILD_SHARED_LIBS)
  set(pc_requires Requires.private)
else()
  set(pc_requires Requires)
endif()
configure_file(src/cmake/roomcast.pc.in roomcast.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/roomcast.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
