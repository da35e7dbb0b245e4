#pragma once

#include <catch2/catch.hpp>

/// Ends a test case that this machine cannot run, for this reason: ctest then calls it Skipped, not Passed.
/// By the words that tests/list_cases.cmake knows; a case that failed before it came here stays Failed.
#define SKIP_UNLESS(possible, why)                                                                           \
  if (!(possible)) {                                                                                         \
    WARN("VARVE_SKIPPED: " << (why));                                                                        \
    return;                                                                                                  \
  }
