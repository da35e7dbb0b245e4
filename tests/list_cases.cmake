# cmake -D PROGRAM=… -D NAME=… -D LIST=… -P list_cases.cmake
# Asks a test program for its cases and writes the file LIST, by which ctest runs each of them as a test of its own.
# (Catch's own script for this breaks names at a semicolon.)
execute_process(COMMAND "${PROGRAM}" --list-test-names-only
  OUTPUT_VARIABLE listed ERROR_VARIABLE complaint RESULT_VARIABLE count)
string(REGEX REPLACE "[\r\n]+$" "" listed "${listed}")
# Catch answers with their number. Zero cases, a crash and a duplicate name are all mistakes.
if(NOT count MATCHES "^[0-9]+$" OR count EQUAL 0 OR complaint)
  message(FATAL_ERROR "${PROGRAM} lists no test cases: ${count} ${complaint} ${listed}")
endif()

# A test that this machine cannot run says so (tests/harness/skip.hpp). One that said it and failed has failed.
set(skipped "VARVE_SKIPPED: .*(All tests passed|test cases: 1 [|] 1 passed)")

# A list of CMake's would be broken by ; and [ ], so the text is cut line by line.
set(script "")
while(NOT listed STREQUAL "")
  string(FIND "${listed}" "\n" end)
  string(SUBSTRING "${listed}" 0 ${end} case)
  if(end EQUAL -1)
    set(listed "")
  else()
    math(EXPR end "${end} + 1")
    string(SUBSTRING "${listed}" ${end} -1 listed)
  endif()
  string(STRIP "${case}" case)
  if(NOT case STREQUAL "")
    # What Catch reads as more than a letter in a name. A name it does not find again fails, by --warn NoTests.
    string(REGEX REPLACE "([\\,\"]|\\[|\\])" "\\\\\\1" escaped "${case}")
    string(APPEND script "add_test([==[${NAME}: ${case}]==] [==[${PROGRAM}]==] [==[${escaped}]==] --warn NoTests)\n"
      "set_tests_properties([==[${NAME}: ${case}]==] PROPERTIES LABELS ${NAME} TIMEOUT 900\n"
      "  SKIP_REGULAR_EXPRESSION [==[${skipped}]==])\n")
  endif()
endwhile()
file(WRITE "${LIST}" "${script}")
