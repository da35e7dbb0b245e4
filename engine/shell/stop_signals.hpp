#pragma once

/// SIGINT and SIGTERM ask a long command to end in good order: finish what it holds, say how to go on, and
/// exit with exit_stopped. A second signal ends the process at once.
namespace varve::shell {

/// From now on the signals only set a flag. Call once, before threads are started.
void catch_stop_signals();

bool stop_requested();

/// Becomes readable when a stop is requested, for poll(); -1 before catch_stop_signals().
int stop_descriptor();

/// Waits until `descriptor` is readable (true), or `ns_max` nanoseconds passed or a stop was requested
/// (false). descriptor -1: only waits.
bool wait_readable(int descriptor, unsigned long long ns_max);

} // namespace varve::shell
