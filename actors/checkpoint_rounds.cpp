// Rounds: what statements ask for.
#include "actors/checkpoint_state.hpp"

namespace varve {

caf::result<bool> checkpoint_state::order(const tenant_order_ptr& what) {
  using kind = tenant_order::kind;
  switch (what->what) {
  case kind::archivelog:
    return archivelog(*what);
  case kind::noarchivelog:
    return noarchivelog();
  case kind::interrupt:
    interrupt(what->broken);
    return true;
  case kind::options:
    parts.option = what->option;
    parts.intake->grid().set_interval(what->option.piece_switch_interval);
    return true;
  case kind::close: {
    if (now_in != phase::owner && now_in != phase::taking && !(now_in == phase::quiet && has_news()))
      return true;
    auto promise = self->make_response_promise<bool>();
    close_promises.push_back(promise);
    if (now_in == phase::quiet)
      take_over();
    else
      want_cycle();
    return promise;
  }
  }
  return true;
}

/// Records BEGINNING and answers; the round itself begins with the takeover, in the background.
caf::result<bool> checkpoint_state::archivelog(const tenant_order& what) {
  parts.option = what.option;
  bool taking_back = now_in == phase::fenced || now_in == phase::stopped;
  auto promise = self->make_response_promise<bool>();
  parts.archiving = true;
  stop_wanted = false;
  pause.reset();
  commit_trouble = nullptr;
  bool fresh = !taking_back || parts.status.round.status == round_status::stop;
  begin_wanted = fresh;
  if (fresh) {
    parts.intake->set_checkpoint(0);
    for (auto& stream : parts.intake->streams())
      stream->begin_round();
  }
  now_in = phase::quiet;
  change_set changes;
  put_status(changes, fresh ? round_status::beginning : parts.status.round.status);
  record(std::move(changes), [this, promise]() mutable {
    parts.intake->set_gate(intake_gate::open);
    promise.deliver(true);
    take_over();
  });
  return promise;
}

/// After a takeover that found the last round over: the next one.
void checkpoint_state::begin_round() {
  ledger->begin_round(parts.option.piece_switch_interval);
  noted.clear();
  restarting = true;
  parts.archiving = true;
  parts.intake->set_gate(intake_gate::open);
  tell([tenant = parts.tenant, round = ledger->round().id](archive_listener& listener) {
    listener.on_round_began(tenant, round);
  });
}

caf::result<bool> checkpoint_state::noarchivelog() {
  auto promise = self->make_response_promise<bool>();
  stop_promises.push_back(promise);
  if (stop_wanted)
    return promise;
  parts.archiving = false;
  begin_wanted = false;
  ++stop_order;
  parts.intake->set_gate(intake_gate::closed);
  if (now_in == phase::fenced || now_in == phase::stopped || now_in == phase::idle) {
    stop_wanted = true;
    stop_timed_out();
    return promise;
  }
  stop_wanted = true;
  change_set changes;
  put_status(changes, round_status::stopping);
  record(std::move(changes), [this] {
    self->delayed_send(self, std::chrono::nanoseconds(parts.stop_timeout), stop_atom::value, stop_order);
    if (now_in == phase::quiet)
      take_over();
    else if (now_in == phase::owner)
      want_cycle();
  });
  return promise;
}

/// The STOP commit counts.
void checkpoint_state::round_over() {
  stop_wanted = false;
  ++stop_order;
  abandon("the round was stopped");
  now_in = phase::idle;
  fail_waits(waits, fail(errc::canceled, "the round was stopped"));
  fail_waits(cycle_waits, fail(errc::canceled, "the round was stopped"));
  for (auto& promise : std::exchange(close_promises, {}))
    promise.deliver(true);
  for (auto& promise : std::exchange(stop_promises, {}))
    promise.deliver(true);
  if (!parts.archiving)
    return;
  // That was the round the outbox told of; the one that is wanted begins now.
  begin_wanted = true;
  parts.intake->set_checkpoint(0);
  for (auto& stream : parts.intake->streams())
    stream->begin_round();
  now_in = phase::quiet;
  take_over();
}

/// The destination does not answer (or is not ours to write to): STOP is recorded here and, if it is still
/// ours to say, told to the destination when it is back.
void checkpoint_state::stop_timed_out() {
  stop_wanted = false;
  bool void_there = now_in == phase::fenced || now_in == phase::stopped || now_in == phase::idle;
  auto round = parts.status.round.id;
  abandon("the round was stopped before the destination answered");
  now_in = phase::idle;
  commit_trouble = nullptr;
  change_set changes;
  if (!void_there && round.value > 0) {
    outbox_record left;
    left.tenant = parts.tenant;
    left.number = parts.outbox.empty() ? 1 : parts.outbox.back().number + 1;
    left.round = round;
    left.decided_at = parts.now();
    left.destination = parts.destination;
    left.reason = "NOARCHIVELOG while the destination did not answer";
    parts.outbox.push_back(left);
    changes.put(left);
  }
  put_status(changes, round_status::stop);
  round_history_record history;
  history.tenant = parts.tenant;
  history.round = parts.status.round;
  history.counts = parts.status.counts;
  history.last_piece = parts.status.current_piece;
  history.ended_at = parts.now();
  history.destination = parts.destination;
  history.comment = void_there ? "" : "stopped before the destination answered";
  if (round.value > 0)
    changes.put(history);
  auto why = fail(errc::canceled, "the round was stopped before everything was archived");
  fail_waits(waits, why);
  fail_waits(cycle_waits, why);
  for (auto& promise : std::exchange(close_promises, {}))
    promise.deliver(true);
  record(std::move(changes), [this] {
    for (auto& promise : std::exchange(stop_promises, {}))
      promise.deliver(true);
  });
}

/// After a takeover: what could not be said while the destination was away.
void checkpoint_state::apply_outbox() {
  if (parts.outbox.empty())
    return;
  auto& round = ledger->round();
  bool ours = false;
  for (auto& left : parts.outbox)
    ours |=
        left.round == round.id && left.destination == parts.destination && round.status != round_status::stop;
  if (ours) {
    // End that round now; a round that was asked for meanwhile begins after it.
    stop_wanted = true;
    return;
  }
  change_set changes;
  for (auto& left : parts.outbox)
    if (left.destination == parts.destination)
      changes.erase_outbox(parts.tenant, left.number);
  std::erase_if(parts.outbox, [&](auto& left) { return left.destination == parts.destination; });
  record(std::move(changes), [] {});
}

/// Log is gone before it was handed over. What was accepted before is still archived.
void checkpoint_state::interrupt(const break_record& why) {
  auto stream = parts.intake->find(why.stream);
  if (!stream || parts.status.round.status == round_status::interrupted || break_wanted || stop_wanted)
    return;
  if (now_in == phase::idle || now_in == phase::fenced || now_in == phase::stopped)
    return;
  break_wanted = why;
  break_wanted->first_missing = stream->expected_lsn();
  break_wanted->noticed_at = parts.now();
  parts.intake->set_gate(intake_gate::interrupted);
  auto text = "stream " + to_string(why.stream) + ": log from LSN " +
              std::to_string(break_wanted->first_missing) + " to " + std::to_string(why.oldest_left) +
              " is gone before it was archived: " + why.reason;
  break_wanted->reason = text;
  change_set changes;
  put_status(changes, round_status::interrupted);
  record(std::move(changes), [this, text] {
    tell(
        [tenant = parts.tenant, text](archive_listener& listener) { listener.on_interrupted(tenant, text); });
    if (now_in == phase::quiet)
      take_over();
    else if (now_in == phase::owner)
      want_cycle();
  });
}

} // namespace varve
