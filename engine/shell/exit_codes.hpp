#pragma once

#include "engine/base/error.hpp"

/// What the program `varve` tells the shell that ran it; the table of README.md says the same.
///
///   0    it did what was asked
///   1    it failed: storage, the catalog, the machine; the message says which, and it may work later
///   2    it was asked wrongly: an option, a statement, a path or a value
///   3    damage: bytes the archive holds or reaches are missing or are not what was written
///   4    refused for now: another process owns the data directory, or has taken the tenant over
///   5    the archive does not have what was asked for: a time, an LSN, a stream, a round in force
///   6    the input is not the log that was archived: other bytes, a gap, an SCN that goes back
///   130  stopped by SIGINT or SIGTERM; what was accepted before is durable, run it again to go on
namespace varve::shell {

enum exit_code : int {
  exit_ok = 0,
  exit_failed = 1,
  exit_usage = 2,
  exit_damage = 3,
  exit_refused = 4,
  exit_not_there = 5,
  exit_other_log = 6,
  exit_stopped = 130
};

/// The exit code that an error means.
exit_code exit_code_of(errc code);

/// A message of several lines, fit for a terminal: each line as printable() shows it.
std::string plain_lines(std::string_view text);

/// Prints "varve: <code> <name>: <message>" and "hint: <hint>" to stderr; returns the exit code.
exit_code report(const error& failed);

/// Prints a usage error to stderr; returns exit_usage.
exit_code report_usage(std::string_view message);

} // namespace varve::shell
