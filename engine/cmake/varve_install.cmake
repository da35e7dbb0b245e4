# What `cmake --install` gives: one static library of all layers, the headers a host needs, the CMake package `varve`
# and the program `varve`. Included after the last layer and before the programs.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

get_property(varve_layers GLOBAL PROPERTY VARVE_LAYERS)
set(varve_objects "")
foreach(layer IN LISTS varve_layers)
  list(APPEND varve_objects "$<TARGET_OBJECTS:${layer}>")
endforeach()

# In this tree the programs and tests link the layers; varve::varve is for hosts. No header it shows includes a
# library's, so what it links is private: a host's linker sees it, a host's compiler does not.
add_library(varve_library STATIC ${varve_objects})
add_library(varve::varve ALIAS varve_library)
set_target_properties(varve_library PROPERTIES OUTPUT_NAME varve EXPORT_NAME varve LINKER_LANGUAGE CXX)
target_compile_features(varve_library PUBLIC cxx_std_20)
# Headers include each other by their paths in the project ("engine/base/result.hpp"), which stay right below
# include/varve; hosts write <varve/engine/archive_engine.hpp>.
target_include_directories(varve_library INTERFACE
  "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>"
  "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/varve>")
target_link_libraries(varve_library PRIVATE
  CAF::core RocksDB::rocksdb-shared SQLite::SQLite3 zstd::libzstd_shared PkgConfig::LZ4 prometheus-cpp-core Threads::Threads)

set(varve_package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/varve")
install(TARGETS varve_library EXPORT varve_targets ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(EXPORT varve_targets NAMESPACE varve:: FILE varve-targets.cmake DESTINATION "${varve_package_dir}")

# The front door, what it is made of, and the reader, which restores and verifies without an engine.
install(FILES engine/archive_engine.hpp engine/archive_options.hpp
  DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/varve/engine")
foreach(part base model format destination reader)
  install(DIRECTORY "engine/${part}" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/varve/engine"
    FILES_MATCHING PATTERN "*.hpp" PATTERN "*_kernel.hpp" EXCLUDE PATTERN "planted_bug.hpp" EXCLUDE)
endforeach()

configure_package_config_file(engine/cmake/varve-config.cmake.in "${PROJECT_BINARY_DIR}/varve-config.cmake"
  INSTALL_DESTINATION "${varve_package_dir}")
# Before 1.0 a new minor version may change the interface.
write_basic_package_version_file("${PROJECT_BINARY_DIR}/varve-config-version.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/varve-config.cmake" "${PROJECT_BINARY_DIR}/varve-config-version.cmake"
  engine/cmake/FindCAF.cmake DESTINATION "${varve_package_dir}")
