#pragma once

/// VARVE_PLANT(bug, statement): a place where the tests can make the code wrong in one known way, to see that
/// they notice it. Only what is compiled with VARVE_PLANTED_BUGS has such places; in what is shipped there is
/// nothing of them. The bugs, and what finds each: tests/mutation/planted_bugs.hpp.
#ifdef VARVE_PLANTED_BUGS
#include VARVE_PLANTED_BUGS
#else
#define VARVE_PLANT(...)
#endif
