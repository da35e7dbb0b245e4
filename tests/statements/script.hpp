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

// clang-format off
/// A text of steps, separated by empty lines; lines that start with # are comments. The steps, where [x] may
/// be left out:
///
///   What a DBA types
///     statement ok              SQL; after ----: each line stands in one of its warnings; none: no warning
///     statement error           SQL; after ----: each line stands in the error; what follows a ! does not
///     query [eventually]        SQL; after ----: the rows, cells joined by |; eventually: within a minute
///
///   What a host does. "-> x" is what the engine answers where that is not "accepted" or "done": an outcome
///   of append, or the name of an error.
///     tenant 1001 shop [-> x]   registers a tenant
///     stream 1001/1 [0]         opens a log stream, whose log starts there
///     pulled 1001/1 [0]         the same, but the engine asks the host for the log, which the host keeps
///     append 1001/1 5 world [-> interrupted]
///                               one entry, committed at the host now, or, if it is the same again, then; to
///                               a pulled stream: one entry more that the engine may ask for
///     append_wait 1001/1 5 world [-> full]
///                               the same, and waits for room as the mode has it
///     fill 1001/1 5 x*1000      one such entry after the other until one is not accepted, which must be full
///     expects 1001/1 5          what the next append must start with, within a minute
///     recyclable 1001/1 5       log below that may go, says the engine; or "all"
///     recycled 1001/1 50        the host has no log below that any more
///     advance 1001              no entry of the tenant, or of the stream 1001/1, before now will follow
///     flush 1001 [-> x]         everything accepted becomes durable
///     drop 1001/1 50            the stream ends there
///     drop 1001                 the tenant is gone
///     close 1001/1              closes the handle of the stream
///     heard room 1001/1         its listener was told that, and not heard it yet, within a minute: room
///                               1001/1, resend 1001/1 5, interrupted 1001, round 1001 2, fenced 1001
///
///   What befalls them
///     clock +2h                 time passes, or goes back: -2h
///     restart                   the engine is closed and opened again
///     crash                     it is killed and opened again
///     elsewhere 1001/1 5 world  a second engine takes the tenant over, appends, makes it durable and ends
///     fault destination away    no commit of tenant 1001 can be made, till "back"
///     fault destination unmounted
///                               an empty directory lies in its place, till "mounted", and is empty then, too
///
///   What is left
///     restore 1001 [round 2]    after ----: every entry of the window (of that round) as stream/lsn:payload
///     verify                    finds no problem in all that is at the destination
///
/// An LSN may be the word "next": what the engine expects. A payload x*1000 is a thousand x. $DEST is the
/// destination, $DEST2 another one. The clock stands at 2026-01-01 and moves only by "clock", and a
/// microsecond with every step. The memory budget is the smallest that there is, and NOARCHIVELOG waits 200ms
/// for a dead destination.
// clang-format on
std::vector<script_step> parse_script(const std::string& text);

/// The first words of all steps.
std::vector<std::string> script_verbs();

/// Runs one, and fails the current test with the line at the first step that does not hold.
void run_script(const std::string& text);

} // namespace varve::test
