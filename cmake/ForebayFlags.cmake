# One interface target carries the flags that every Forebay target is built with.
add_library(forebay_flags INTERFACE)
target_include_directories(forebay_flags INTERFACE ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR}/generated)
target_compile_options(forebay_flags INTERFACE
  -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Wno-missing-field-initializers
  -fno-omit-frame-pointer)
# Ranks of bitmaps (backlog/sequence_table.h) are counted in the hot path; every x86-64 since 2008 has the instruction.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|amd64|AMD64)$")
  target_compile_options(forebay_flags INTERFACE -mpopcnt)
endif()
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1")
set(CMAKE_C_FLAGS_RELEASE "-O2 -g1")
# Of the sanitizer presets. CMake's own value would define NDEBUG and take the assertions out.
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O1 -g1")
set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O1 -g1")
# Paired assertions stay on in every build: the impossible ends the process, it is not optimised away.
if(FOREBAY_SANITIZE)
  target_compile_options(forebay_flags INTERFACE -fsanitize=${FOREBAY_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(forebay_flags INTERFACE -fsanitize=${FOREBAY_SANITIZE})
  # This check opens a pipe to look at an object, and takes a good one for a wrong one when no descriptor is left:
  # the tests of descriptor exhaustion could not run with it.
  target_compile_options(forebay_flags INTERFACE -fno-sanitize=vptr)
endif()
# Everything tells the fuzzer which branches it takes; the fuzzer itself is linked in tests/fuzz.
if(FOREBAY_FUZZ)
  target_compile_options(forebay_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

# forebay_library(NAME SOURCES... LINK targets...)
function(forebay_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK" ${ARGN})
  add_library(${name} STATIC ${arg_SOURCES})
  target_link_libraries(${name} PUBLIC forebay_flags ${arg_LINK})
endfunction()
