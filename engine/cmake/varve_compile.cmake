# How every target of Varve is compiled.
find_program(VARVE_CCACHE ccache)
if(VARVE_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # Without this sloppiness it takes nothing that uses a precompiled header.
  set(CMAKE_CXX_COMPILER_LAUNCHER env CCACHE_SLOPPINESS=pch_defines,time_macros)
  # What one clone has compiled serves the next. Not where clang precompiles: its headers name the folder they are from.
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" OR CMAKE_DISABLE_PRECOMPILE_HEADERS)
    list(APPEND CMAKE_CXX_COMPILER_LAUNCHER "CCACHE_BASEDIR=${PROJECT_SOURCE_DIR}" CCACHE_NOHASHDIR=1)
  endif()
  list(APPEND CMAKE_CXX_COMPILER_LAUNCHER "${VARVE_CCACHE}")
endif()
find_program(VARVE_MOLD mold)
if(VARVE_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

add_library(varve_compile INTERFACE)
target_compile_options(varve_compile INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wold-style-cast -Wnon-virtual-dtor
  -Woverloaded-virtual -Wimplicit-fallthrough -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 reports these inside libstdc++ itself when it inlines at -O2 (GCC bugs 105562, 105329, 107852).
  # Its plain -Wshadow also counts types, and `lsn`, `status` or `codec` are good names for a parameter, too.
  target_compile_options(varve_compile INTERFACE -Wshadow=local
    -Wno-maybe-uninitialized -Wno-restrict -Wno-stringop-overflow -Wno-array-bounds)
else()
  # clang's -Wshadow has no "local": it counts members and captures, too. And it takes the std::get_temporary_buffer
  # inside libstdc++'s own stable_sort for ours.
  target_compile_options(varve_compile INTERFACE -Wno-deprecated-declarations)
endif()

if(VARVE_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -O1)
  add_link_options(-fsanitize=address,undefined)
elseif(VARVE_SANITIZE STREQUAL "address")
  # CAF binds a null reference when a function actor without arguments is spawned: hence no-sanitize=null.
  add_compile_options(-fsanitize=address,undefined -fno-sanitize=null -fno-sanitize-recover=all
    -fno-omit-frame-pointer -O1)
  add_link_options(-fsanitize=address,undefined)
elseif(VARVE_SANITIZE STREQUAL "thread")
  add_compile_options(-fsanitize=thread -fno-omit-frame-pointer)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-Wno-tsan)   # g++ warns of every std::atomic_thread_fence; clang does not know the option
  endif()
  add_link_options(-fsanitize=thread)
elseif(VARVE_SANITIZE)
  message(FATAL_ERROR "VARVE_SANITIZE is '${VARVE_SANITIZE}': use address, thread or nothing")
endif()

if(VARVE_COVERAGE)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    message(FATAL_ERROR "VARVE_COVERAGE counts what clang writes: use the preset coverage")
  endif()
  # The counts are of the source, so the optimiser does not change them; -O1 without -g is the quickest build.
  # atomic: actors count from many threads.
  add_compile_options(-fprofile-instr-generate -fcoverage-mapping -fprofile-update=atomic -O1 -g0)
  add_link_options(-fprofile-instr-generate)
endif()

# varve_precompile(target HEADER …): headers that take longer to read than most of our files to compile, read once; or
# varve_precompile(target REUSE_FROM other), of the same kind: libraries among libraries, programs among programs. The
# preset clang does without: there every file shows that it includes what it uses.
function(varve_precompile target)
  if(ARGV1 STREQUAL "REUSE_FROM")
    target_precompile_headers(${target} REUSE_FROM ${ARGV2})
  else()
    target_precompile_headers(${target} PRIVATE ${ARGN})
  endif()
  # Without the first two ccache takes nothing that uses one; the third makes once what all would make.
  if(NOT CMAKE_DISABLE_PRECOMPILE_HEADERS)
    target_compile_options(${target} PRIVATE
      $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>
      "$<$<CXX_COMPILER_ID:Clang>:SHELL:-Xclang -fno-pch-timestamp>"
      $<$<CXX_COMPILER_ID:Clang>:-fpch-instantiate-templates>)
  endif()
endfunction()

# varve_unity(target): where VARVE_UNITY is on, a dozen of its files are compiled as one, and what they include is read
# once. Their names without linkage must differ, so layers of many files alike do without.
function(varve_unity target)
  set_target_properties(${target} PROPERTIES UNITY_BUILD "${VARVE_UNITY}" UNITY_BUILD_BATCH_SIZE 12)
  if(VARVE_UNITY AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(${target} PRIVATE -Wno-subobject-linkage) # it means types that others see, too
  endif()
endfunction()

# varve_layer(name [APART] SOURCES ... LINK ... PRIVATE ...): one layer, the library varve_<name>, linking only what its row in
# the layer table allows. All layers together are what is installed (varve_install.cmake).
function(varve_layer name)
  cmake_parse_arguments(LAYER "APART" "" "SOURCES;LINK;PRIVATE" ${ARGN})
  add_library(varve_${name} STATIC ${LAYER_SOURCES})
  target_include_directories(varve_${name} PUBLIC "${PROJECT_SOURCE_DIR}")
  target_link_libraries(varve_${name} PUBLIC ${LAYER_LINK} PRIVATE ${LAYER_PRIVATE} varve_compile)
  if(NOT LAYER_APART)
    varve_unity(varve_${name})
  endif()
  set_property(GLOBAL APPEND PROPERTY VARVE_LAYERS varve_${name})
endfunction()
