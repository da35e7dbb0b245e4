#pragma once

#include "tests/sim/sim_engine.hpp"
#include "tests/sim/sim_host.hpp"

#include <algorithm>
#include <deque>

namespace varve::test {

/// One stream at this host; as a log_source, what the engine pulls from.
class sim_host::stream final : public log_source {
public:
  stream(sim_host& host, stream_id number) : of(host), id(number) {}

  const host_log::stream& log() const { return of.world_.log().at(of.tenant_, id); }
  std::size_t oldest() const { return host_log::find(log(), log().oldest); }
  /// Where its log begins in a round: everything behind the replay point.
  std::size_t earliest() const { return std::max(oldest(), of.world_.log().first_to_replay(of.tenant_, id)); }

  /// The number of the first entry that is handed over in a round that may begin anywhere.
  std::size_t left_out() const { return fresh && earliest() < log().entries.size() ? earliest() : 0; }

  /// The replay point of the database's own recovery.
  result<lsn> start_lsn() override {
    first.reset(); // asked once a round, perhaps before the host hears that it began
    auto archived = handle ? host_log::find(log(), handle->archived_position().next_lsn) : 0;
    auto which = fresh ? std::max(archived, earliest()) : archived;
    // An earlier life may have dropped it and left out what lies before.
    if (log().dropped)
      which = std::max(which, host_log::find(log(), log().said_start));
    auto start = which < log().entries.size() ? log().entries[which].lsn : host_log::end_of(log());
    of.world_.log().say_start(of.tenant_, id, start);
    return start;
  }

  result<lsn> oldest_lsn() override { return log().oldest; }

  result<batch> read(lsn from, std::size_t) override {
    of.open_new_streams();
    if (from < log().oldest) {
      told_lost = true;
      return fail(errc::entry_not_exist, "log below LSN " + std::to_string(log().oldest) + " is recycled");
    }
    if (of.world_.faults_on() && of.world_.world().chance(20))
      return fail(errc::io_error, "the simulated source failed");
    auto& entries = log().entries;
    auto at = host_log::find(log(), from);
    if (at < entries.size())
      first = std::min(first.value_or(at), at);
    batch made;
    payloads.clear();
    auto count = of.world_.world().draw(20) + 1;
    for (; at < entries.size() && made.entries.size() < count; ++at) {
      payloads.push_back(host_log::payload(of.tenant_, id, entries[at]));
      made.entries.push_back({entries[at].lsn, entries[at].next_lsn, entries[at].scn, payloads.back()});
    }
    if (at == entries.size() && !of.engine_.silent() &&
        (!of.engine_.writing() || of.world_.world().chance(300))) {
      made.nothing_before = of.world_.log().now();
      of.world_.log().promise(of.tenant_, made.nothing_before);
    }
    return made;
  }

  sim_host& of;
  const stream_id id;
  std::unique_ptr<log_stream> handle; ///< null: it has been closed for good
  std::optional<std::size_t> first;   ///< number of the first entry handed over in this round
  bool fresh = true;                  ///< no round claims anything yet: the log may begin where recovery did
  bool said_start = false;            ///< when it was opened
  bool idle = false;                  ///< no round takes its log
  bool waits_for_room = false;
  lsn durable = 0;
  lsn accepted = 0;           ///< the engine has it all, or says that it has not
  unsigned turns_behind = 0;  ///< in which it wanted less than that
  lsn told_oldest = 0;        ///< to the engine
  bool told_lost = false;     ///< in this round: what the engine wanted was gone
  std::deque<bytes> payloads; ///< of the last read()
};

} // namespace varve::test
