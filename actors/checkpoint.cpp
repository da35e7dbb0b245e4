#include "actors/checkpoint_state.hpp"
#include "engine/base/planted_bug.hpp"
#include "engine/policy/checkpoint_rule.hpp"

#include <algorithm>

namespace varve {

checkpoint_state::~checkpoint_state() {
  auto closing = fail(errc::closed, "the engine is closed");
  fail_waits(waits, closing);
  fail_waits(cycle_waits, closing);
  for (auto* promises : {&begin_promises, &stop_promises, &ended_promises, &close_promises, &cycle_closes})
    answer(*promises);
}

void checkpoint_state::fail_waits(std::vector<durable_wait_ptr>& which, const error& why) {
  for (auto& wait : std::exchange(which, {})) {
    // It may have been committed since it began to wait. The ledger is no witness: it may have what is about
    // to be committed, and of a round behind this log.
    stream_position known;
    if (auto stream = parts.intake->find(wait->stream); stream && !wait->whole_tenant)
      known = stream->committed();
    auto said = answer_of(*wait, known);
    bool durable = said && said->outcome.ok();
    wait->answer(durable ? *said : durable_answer{why, known});
  }
}

/// False: only what the destination has not been told yet keeps us busy.
bool checkpoint_state::in_force() const {
  return parts.archiving || begin_wanted || parts.status.round.status != round_status::stop;
}

/// Is there anything a commit could say that the last one did not?
bool checkpoint_state::has_news() const {
  if (!waits.empty() || begin_wanted || stop_wanted || break_wanted)
    return true;
  if (parts.intake->accepted_entries.load() != seen_entries)
    return true;
  if (!ledger || now_in != phase::owner)
    return false;
  // An advance that raises the checkpoint, or an entry whose SCN the next one has confirmed.
  scn lowest = scn_max, start = 0;
  bool any = false, waiting = false;
  for (auto& stream : parts.intake->streams()) {
    auto* known = ledger->stream(stream->id());
    auto s = standing_of(*stream, nullptr);
    if (s.pending)
      return true;
    waiting |= s.waits_for_start;
    if (mark_is_wrong(s, known))
      return true;
    if (s.quiet) {
      any = true;
      start = std::max(start, s.start_scn);
      lowest = std::min(lowest, s.supports);
    }
    if (!s.started)
      continue;
    bool noted_as_dropped = known != nullptr && known->dropped;
    if (s.dropped ? !noted_as_dropped || !stream->attached() : noted_as_dropped)
      return true; // dropped, to be forgotten, or open again
    if (s.dropped)
      continue;
    any = true;
    start = std::max(start, s.start_scn);
    lowest = std::min(lowest, s.supports);
  }
  if (!any)
    lowest = start = parts.intake->round_advance();
  auto& round = ledger->round();
  if (round.status == round_status::beginning)
    return !waiting && start > 0;
  return round.status == round_status::doing && lowest > round.checkpoint_scn;
}

/// One look per eighth of the interval; a quiet tenant costs no more than that look.
void checkpoint_state::schedule_beat() {
  self->delayed_send(self, std::chrono::nanoseconds(parts.option.checkpoint_interval / 8), beat_atom::value,
                     ++beats);
}

/// A look that the old interval has ordered is not waited for: it may be minutes away.
void checkpoint_state::set_option(const dest_option& option) {
  bool other_beat = option.checkpoint_interval != parts.option.checkpoint_interval;
  parts.option = option;
  if (other_beat)
    self->send(self, beat_atom::value, ++beats);
}

void checkpoint_state::beat() {
  auto now = parts.now();
  parts.intake->budget().expire(now, parts.option.checkpoint_interval);
  schedule_beat();
  // What another destination was not told waits for an engine that works there; the break of a round that is
  // over, for what ends the round there.
  bool to_tell = std::any_of(parts.outbox.begin(), parts.outbox.end(), [&](auto& left) {
    return left.destination == parts.destination && !outbox_waits &&
           (in_force() || left.status == round_status::stop);
  });
  if ((now_in == phase::idle && to_tell) || (now_in == phase::quiet && (to_tell || has_news()))) {
    take_over();
    taking_to_tell = parts.status.round.status == round_status::interrupted && !has_news();
  }
  watch_breaks();
  if (now_in != phase::owner || in_cycle)
    return;
  auto interval = parts.option.checkpoint_interval;
  if (files_open && now - last_moved >= 2 * interval) {
    files_open = false; // an idle tenant holds no file open
    self->send(parts.writer, rest_atom::value);
  }
  // The first one after that of the takeover comes at the tenant's own phase, so that not all tenants commit
  // at once.
  auto phase = commits_made == 1 ? checkpoint_phase(parts.tenant, interval) : 0;
  if (!checkpoint_due(now, last_commit, interval, phase))
    return;
  if (has_news())
    want_cycle();
  else
    pass();
}

void checkpoint_state::work() {
  // What a broken round has to tell, or a stream of it that is dropped, is no work.
  bool broken = parts.status.round.status == round_status::interrupted;
  if (now_in == phase::quiet && (!broken || has_news()))
    take_over();
  // What is remembered of each block until its commit is not part of the budget.
  else if (now_in == phase::owner && !in_cycle &&
           parts.intake->blocks.load() - seen_blocks > parts.commit_blocks)
    want_cycle();
}

/// What the newest commit answers, if it holds all that is waited for and another one would say nothing new.
std::optional<durable_answer> checkpoint_state::committed_already(const durable_wait& what) const {
  VARVE_PLANT(old_commit_answers, if (what.whole_tenant) return durable_answer{});
  if (now_in != phase::owner || in_cycle || has_news())
    return std::nullopt;
  auto said = answer_of(what, in_ledger(what));
  return said && said->outcome.ok() ? said : std::nullopt;
}

void checkpoint_state::wait(const durable_wait_ptr& what) {
  bool busy = now_in == phase::quiet || now_in == phase::taking || now_in == phase::owner;
  bool begins = recording && begin_wanted; // what was accepted before is of no round that is in force
  if (now_in == phase::idle || begins || (busy && !in_force()))
    return what->answer({fail(errc::not_archiving, "the tenant is not archiving"), {}});
  if (now_in == phase::fenced)
    return what->answer({fail(errc::fenced, "the tenant was taken over by another engine"), {}});
  if (now_in == phase::stopped)
    return what->answer({parts.intake->stopped_by(), {}});
  if (what->whole_tenant)
    for (auto& stream : parts.intake->streams())
      what->accepted.emplace_back(stream->id(), stream->accepted_upto());
  if (auto answer = committed_already(*what))
    return what->answer(*answer);
  waits.push_back(what);
  if (now_in == phase::quiet)
    take_over();
  else if (now_in == phase::owner)
    want_cycle();
}

void checkpoint_state::trouble(const error_ptr& what) {
  if (now_in != phase::owner)
    return; // of a writer that was ended
  // Bytes under a name that is ours alone, or a block that fits nowhere: no later attempt will do better.
  if (what &&
      (is_final(what->code) || what->code == errc::checksum_error || what->code == errc::invalid_status))
    return stopped(*what);
  writer_trouble = what;
  publish_status();
}

void checkpoint_state::trouble_of_source(stream_id stream, const error_ptr& what) {
  if (what)
    source_trouble[stream] = what;
  else
    source_trouble.erase(stream);
  if (in_force())
    publish_status();
}

/// Where the last life of the engine left off.
void checkpoint_state::start() {
  auto round = parts.status.round.status;
  now_in = parts.archiving || round != round_status::stop ? phase::quiet : phase::idle;
  begin_wanted = parts.archiving && round == round_status::stop;
  schedule_beat();
  if (round != round_status::stopping)
    return;
  // NOARCHIVELOG was recorded and its end was not: that is still to be done.
  stop_wanted = true;
  self->delayed_send(self, std::chrono::nanoseconds(parts.stop_timeout), stop_atom::value, ++stop_order);
  self->send(self, work_atom::value);
}

checkpoint_actor spawn_checkpoint(caf::actor_system& system, checkpoint_parts parts) {
  return system.spawn([parts = std::move(parts)](checkpoint_pointer self) -> checkpoint_actor::behavior_type {
    auto& state = self->state;
    state.parts = parts;
    state.start();
    return {[&state](order_atom, const tenant_order_ptr& what) { return state.order(what); },
            [&state](wait_atom, const durable_wait_ptr& what) { state.wait(what); },
            [&state](work_atom) { state.work(); },
            [&state](repeat_atom, std::uint64_t id) { state.load_repeat(stream_id{id}); },
            [&state](trouble_atom, const error_ptr& what) { state.trouble(what); },
            [&state](trouble_atom, std::uint64_t stream, const error_ptr& what) {
              state.trouble_of_source(stream_id{stream}, what);
            },
            [&state](end_atom, const error_ptr& why) { state.stopped(*why); },
            [&state](beat_atom, std::uint64_t number) {
              if (number == state.beats)
                state.beat();
            },
            [&state](retry_atom, std::uint64_t generation) {
              if (generation == state.generation)
                state.retry();
            },
            [&state](stop_atom, std::uint64_t order) {
              if (order == state.stop_order && state.stop_wanted)
                state.stop_here(true);
            }};
  });
}

} // namespace varve
