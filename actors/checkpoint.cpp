#include "actors/checkpoint_state.hpp"
#include "engine/policy/checkpoint_rule.hpp"

namespace varve {

checkpoint_state::~checkpoint_state() {
  auto closing = fail(errc::closed, "the engine is closed");
  fail_waits(waits, closing);
  fail_waits(cycle_waits, closing);
  for (auto& promise : stop_promises)
    promise.deliver(true);
  for (auto& promise : close_promises)
    promise.deliver(true);
}

void checkpoint_state::fail_waits(std::vector<durable_wait_ptr>& which, const error& why) {
  for (auto& wait : std::exchange(which, {})) {
    stream_position position;
    if (auto stream = wait->whole_tenant ? nullptr : parts.intake->find(wait->stream))
      position = stream->committed();
    wait->done({why, position});
  }
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
  scn lowest = scn_max;
  bool any = false;
  for (auto& stream : parts.intake->streams()) {
    auto s = stream->support(nullptr);
    if (s.pending)
      return true;
    if (s.dropped && !stream->attached())
      return true;
    if (!s.started)
      continue;
    any = true;
    lowest = std::min(lowest, s.supports);
  }
  if (!any)
    lowest = parts.intake->advanced();
  auto& round = ledger->round();
  if (round.status == round_status::beginning)
    return any && lowest > 0;
  return round.status == round_status::doing && lowest > round.checkpoint_scn;
}

/// One look per eighth of the interval; a quiet tenant costs no more than that look.
void checkpoint_state::schedule_beat() {
  if (std::exchange(beating, true))
    return;
  self->delayed_send(self, std::chrono::nanoseconds(parts.option.checkpoint_interval / 8), beat_atom::value);
}

void checkpoint_state::beat() {
  beating = false;
  auto now = parts.now();
  parts.intake->budget().expire(now, parts.option.checkpoint_interval);
  schedule_beat();
  if (now_in == phase::idle && !parts.outbox.empty())
    take_over();
  if (now_in == phase::quiet && has_news())
    take_over();
  if (now_in != phase::owner || in_cycle)
    return;
  auto interval = parts.option.checkpoint_interval;
  // The first one of a life comes at the tenant's own phase, so that not all tenants commit at once.
  auto phase = commits_made == 0 ? checkpoint_phase(parts.tenant, interval) : 0;
  if (!checkpoint_due(now, last_commit, interval, phase))
    return;
  if (has_news())
    want_cycle();
  else
    pass();
}

checkpoint_actor spawn_checkpoint(caf::actor_system& system, checkpoint_parts parts) {
  return system.spawn([parts = std::move(parts)](checkpoint_pointer self) -> checkpoint_actor::behavior_type {
    auto& state = self->state;
    using phase = checkpoint_state::phase;
    state.parts = parts;
    state.last_commit = 0;
    bool round = parts.status.round.status != round_status::stop;
    state.now_in = parts.archiving || round ? phase::quiet : phase::idle;
    state.begin_wanted = parts.archiving && !round;
    state.schedule_beat();
    return {[&state](order_atom, const tenant_order_ptr& what) { return state.order(what); },
            [&state](wait_atom, const durable_wait_ptr& wait) {
              switch (state.now_in) {
              case phase::idle:
                wait->done({fail(errc::not_archiving, "the tenant is not archiving"), {}});
                return;
              case phase::fenced:
                wait->done({fail(errc::fenced, "the tenant was taken over by another engine"), {}});
                return;
              case phase::stopped:
                wait->done({state.parts.intake->stopped_by(), {}});
                return;
              default:
                break;
              }
              state.waits.push_back(wait);
              if (state.now_in == phase::quiet)
                state.take_over();
              else if (state.now_in == phase::owner)
                state.want_cycle();
            },
            [&state](work_atom) {
              if (state.now_in == phase::quiet)
                state.take_over();
            },
            [&state](repeat_atom, std::uint64_t id) { state.load_repeat(stream_id{id}); },
            [&state](trouble_atom, const error_ptr& what) {
              state.writer_trouble = what;
              state.publish_status();
            },
            [&state](beat_atom) { state.beat(); },
            [&state](retry_atom, std::uint64_t generation) {
              if (generation == state.generation)
                state.retry();
            },
            [&state](stop_atom, std::uint64_t order) {
              if (order == state.stop_order && state.stop_wanted)
                state.stop_timed_out();
            }};
  });
}

} // namespace varve
