# What `cmake --install` puts where; the pkg-config and CMake packages.
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/libsock)

install(TARGETS sock sock_static EXPORT libsock
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
  RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY include/sock DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  FILES_MATCHING PATTERN "*.h")
install(EXPORT libsock NAMESPACE libsock:: FILE libsockTargets.cmake
  DESTINATION ${package_dir})

configure_package_config_file(cmake/libsockConfig.cmake.in
  ${PROJECT_BINARY_DIR}/libsockConfig.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/libsockConfigVersion.cmake
  COMPATIBILITY SameMajorVersion)
install(FILES ${PROJECT_BINARY_DIR}/libsockConfig.cmake
  ${PROJECT_BINARY_DIR}/libsockConfigVersion.cmake DESTINATION ${package_dir})

# The prefix is found from where the file lies, so a tree may be moved.
file(RELATIVE_PATH pc_to_prefix
  ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
string(REGEX REPLACE "/$" "" pc_to_prefix "${pc_to_prefix}")
if(LIBSOCK_TLS)
  set(LIBSOCK_PC_REQUIRES "libssl >= 3.0, libcrypto")
endif()
configure_file(cmake/libsock.pc.in ${PROJECT_BINARY_DIR}/libsock.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/libsock.pc
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

install(FILES README.md CHANGELOG.md LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR}/docs
  FILES_MATCHING PATTERN "*.md")
install(DIRECTORY examples/ DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples
  FILES_MATCHING PATTERN "*.c" PATTERN "*.h" PATTERN "*.md"
  PATTERN "CMakeLists.txt")
