#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace varve::test {

/// One step of a script: what to do, on what, and what must come of it.
struct script_step {
  std::size_t line = 0;
  std::vector<std::string> words;    ///< of its first line: "append", "1001/1", "0", "hello"
  std::string text;                  ///< the lines below it, up to "----" or an empty line
  std::vector<std::string> expected; ///< the lines after "----", up to an empty line
  bool expects = false;              ///< there was a "----"
};

/// A text of steps, separated by empty lines; lines that start with # are comments. The steps:
///
///   statement ok           SQL; after ----: each line stands in one of its warnings
///   statement error        SQL; after ----: each line stands in the error
///   query [eventually]     SQL; after ----: the rows, cells joined by |; eventually: within a minute
///   tenant 1001 shop       registers a tenant
///   stream 1001/1 [0]      opens a log stream, whose log starts there
///   append 1001/1 5 world [-> interrupted]   one entry, committed now, and what the engine answers if not
///   accepted advance 1001           no entry of the tenant before now will follow flush 1001 everything
///   accepted becomes durable recycled 1001/1 50     the host has no log below that any more close 1001/1
///   closes the stream clock +2h              time passes restart, crash         the engine is closed and
///   opened again; is killed and opened again fault destination away | back restore 1001           after
///   ----: every entry as stream/lsn:payload
///
/// $DEST is the destination, $DEST2 another one. The clock stands at 2026-01-01 and moves only by "clock", a
/// microsecond per entry, and with every step.
std::vector<script_step> parse_script(const std::string& text);

/// Runs one, and fails the current test with the line at the first step that does not hold.
void run_script(const std::string& text);

} // namespace varve::test
