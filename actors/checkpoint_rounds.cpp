// Rounds: what statements ask for.
#include "actors/checkpoint_state.hpp"
#include "engine/base/planted_bug.hpp"

#include <algorithm>
#include <cassert>
#include <iterator>

namespace varve {
namespace {

constexpr std::string_view is_gone = " is gone before it was archived: ";

/// Why log went, of a reason that may say already which.
std::string cause_of(const std::string& reason) {
  auto at = reason.rfind(is_gone);
  return at == std::string::npos ? reason : reason.substr(at + is_gone.size());
}

} // namespace

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
    set_option(what->option);
    parts.intake->grid().set_interval(what->option.piece_switch_interval);
    return true;
  case kind::close:
    return close();
  case kind::drop:
    drop();
    return true;
  }
  return true;
}

/// Answers once everything that was accepted before is durable.
caf::result<bool> checkpoint_state::close() {
  bool busy = now_in == phase::owner || now_in == phase::taking || now_in == phase::quiet;
  bool nothing = now_in != phase::taking && !in_cycle && !has_news();
  if (!busy || !in_force() || nothing)
    return true;
  auto promise = self->make_response_promise<bool>();
  close_promises.push_back(promise);
  if (now_in == phase::quiet)
    take_over();
  else if (now_in == phase::owner)
    want_cycle();
  return promise;
}

/// Its round is over: from here on nothing is said of the tenant. What the destination was not told stays in
/// the catalog's outbox for the day it is registered again.
void checkpoint_state::drop() {
  abandon("the tenant was dropped");
  now_in = phase::idle;
  parts.outbox.clear();
}

/// Records BEGINNING and answers; the round itself begins with the takeover, in the background.
caf::result<bool> checkpoint_state::archivelog(const tenant_order& what) {
  if (stop_wanted) // log of the round that ends is still on its way
    return caf::make_error(caf::sec::invalid_argument, "the round is STOPPING");
  if (now_in == phase::owner && !ending_old_round)
    return true;
  set_option(what.option);
  outbox_waits = false;
  bool taking_back = now_in == phase::fenced || now_in == phase::stopped;
  auto promise = self->make_response_promise<bool>();
  begin_promises.push_back(promise);
  // Ordered before the engine was opened, or a moment ago: its log may be there already.
  if (parts.archiving && !taking_back && now_in != phase::idle) {
    if (!recording) {
      answer(begin_promises);
      take_over();
    }
    return promise;
  }
  parts.archiving = true;
  bool fresh = !taking_back || parts.status.round.status == round_status::stop;
  begin_wanted = fresh;
  recording = true;
  if (fresh) {
    break_wanted.reset();
    suspected.clear();
  }
  // Else the destination is being told how the last round ended: the new one begins after that.
  if (now_in != phase::taking && now_in != phase::owner)
    be_quiet();
  change_set changes;
  put_status(changes, fresh ? round_status::beginning : parts.status.round.status);
  record(std::move(changes), [this, fresh, order = ++begin_order] {
    // What the log stream still has to do for the last round comes before the first entry of this one.
    behind_log_stream([this, fresh, order] {
      if (order == begin_order)
        recorded(fresh);
    });
  });
  return promise;
}

/// Once the log stream has done what it was told so far, or has ended.
void checkpoint_state::behind_log_stream(const std::function<void()>& then) {
  self->request(parts.log_stream, caf::infinite, cut_atom::value)
      .then([then](std::uint64_t) { then(); }, [then](caf::error&) { then(); });
}

/// To be taken over, whatever was before.
void checkpoint_state::be_quiet() {
  now_in = phase::quiet;
  pause.reset();
  commit_trouble = nullptr;
}

/// BEGINNING is in the catalog: log may come, unless NOARCHIVELOG came before.
void checkpoint_state::recorded(bool fresh) {
  recording = false;
  if (parts.archiving) {
    if (fresh)
      parts.intake->begin_round();
    parts.intake->set_gate(intake_gate::open);
    // It may have been lost, or stopped, while that was recorded.
    if (now_in != phase::taking && now_in != phase::owner)
      be_quiet();
  }
  answer(begin_promises);
  if (now_in == phase::quiet)
    take_over();
}

void checkpoint_state::answer(std::vector<caf::typed_response_promise<bool>>& promises) {
  for (auto& promise : std::exchange(promises, {}))
    promise.deliver(true);
}

/// The round that the catalog has recorded and the destination has not heard of.
std::optional<round_id> checkpoint_state::recorded_round() const {
  auto& known = parts.status.round;
  bool begun = known.status == round_status::beginning || known.status == round_status::interrupted;
  if (begun && known.id > (ledger ? ledger->round().id : round_id{0}))
    return known.id;
  return std::nullopt;
}

/// After a takeover that found the last round over: the next one.
void checkpoint_state::begin_round() {
  assert(!stop_wanted); // nothing is to be archived then
  // Numbers never repeat, also where the destination has not seen all of them.
  auto named = recorded_round();
  auto before = ledger->round().id;
  auto ended_with = ledger->rows();
  auto broke = ledger->interruption();
  ledger->begin_round(parts.option.piece_switch_interval,
                      named ? *named : round_id{parts.status.round.id.value + 1},
                      piece_id{parts.status.current_piece.value + 1});
  if (parts.status.round.id != ledger->round().id) { // of the one before the catalog had not heard the end
    parts.status.round = ledger->round();
    parts.status.counts = {};
    parts.status.seq = sequence->newest().seq;
    parts.status.destination = parts.destination;
  }
  bool follows = before.value + 1 == ledger->round().id.value && !holds_a_break(ended_with, broke);
  join = follows ? round_join{ended_with, ledger->rows()} : round_join{};
  told_join.reset();
  noted.clear();
  parts.archiving = true;
  if (!break_wanted)
    parts.intake->set_gate(intake_gate::open);
  apply_break();
  tell([tenant = parts.tenant, round = ledger->round().id](archive_listener& listener) {
    listener.on_round_began(tenant, round);
  });
}

caf::result<bool> checkpoint_state::noarchivelog() {
  auto promise = self->make_response_promise<bool>();
  stop_promises.push_back(promise);
  if (stop_wanted)
    return promise;
  if (!in_force()) { // perhaps its destination is being told so
    end_here({}, "the round was stopped");
    return promise;
  }
  parts.archiving = begin_wanted = outbox_waits = false;
  ++stop_order;
  if (parts.status.round.status == round_status::stop) {
    // ARCHIVELOG was ordered before the engine was opened, and of its round nothing was written yet.
    give_up_lost = now_in == phase::stopped;
    parts.intake->set_gate(intake_gate::closed);
    abandon("the round was stopped");
    now_in = phase::idle;
    commit_trouble = nullptr;
    publish_status();
    end_here({}, "the round was stopped");
    return promise;
  }
  stop_wanted = true;
  parts.intake->set_gate(intake_gate::closed);
  if (now_in == phase::fenced || now_in == phase::stopped || now_in == phase::idle) {
    stop_here(false);
    return promise;
  }
  change_set changes;
  clear_alarm(changes);
  put_status(changes, round_status::stopping);
  record(std::move(changes), [this, order = stop_order] {
    if (order != stop_order)
      return; // it is over already
    self->delayed_send(self, std::chrono::nanoseconds(parts.stop_timeout), stop_atom::value, order);
    if (now_in == phase::quiet)
      take_over();
    else if (now_in == phase::owner)
      want_cycle();
  });
  return promise;
}

/// The STOP commit counts.
void checkpoint_state::round_over() {
  bool ordered = std::exchange(stop_wanted, false);
  ++stop_order;
  if (ending_old_round && parts.archiving) {
    // That was the round before; what is accepted meanwhile is of the one that is wanted, which begins now.
    if (recording) {
      let_go(); // or at the takeover once ARCHIVELOG is recorded
      now_in = phase::quiet;
      return;
    }
    ending_old_round = in_cycle = round_is_over = false;
    begin_wanted = true;
    return adopted();
  }
  if (ordered && parts.status.round.id > ledger->round().id)
    return stop_here(false); // it was the round before; the one that NOARCHIVELOG is for was only recorded
  abandon("the round was stopped");
  now_in = phase::idle;
  end_here({}, "the round was stopped"); // what the commit said is on its way to the catalog
}

/// A round is over here. Who asked for that is answered once the catalog says so and the log stream has given
/// up what is to be given up: an ARCHIVELOG at another destination ends it.
void checkpoint_state::end_here(change_set changes, const std::string& why) {
  parts.intake->set_gate(intake_gate::closed);
  fail_waits(waits, fail(errc::canceled, why));
  answer(close_promises);
  std::ranges::move(std::exchange(stop_promises, {}), std::back_inserter(ended_promises));
  record(std::move(changes), [this] { behind_log_stream([this] { answer(ended_promises); }); });
}

/// STOP is recorded here. `is_owed`: the destination does not answer, and is told when it is back; else it is
/// not ours to tell, never heard of the round, or has its end.
void checkpoint_state::stop_here(bool is_owed) {
  stop_wanted = false;
  ++stop_order;
  give_up_lost = now_in == phase::stopped;
  auto round = parts.status.round.id;
  auto interruption = interruption_reason();
  auto how = "stopped before the destination answered" + archived_upto();
  abandon("the round was stopped before the destination answered");
  now_in = phase::idle;
  commit_trouble = nullptr;
  break_wanted.reset();
  change_set changes;
  clear_alarm(changes);
  if (is_owed && round.value > 0) {
    outbox_record left;
    left.tenant = parts.tenant;
    left.number = parts.outbox.empty() ? 1 : parts.outbox.back().number + 1;
    left.round = round;
    left.decided_at = parts.now();
    left.destination = parts.destination;
    left.reason = how;
    parts.outbox.push_back(left);
    changes.put(left);
    VARVE_PLANT(stop_not_in_outbox, changes.erase_outbox(parts.tenant, left.number));
  }
  put_status(changes, round_status::stop);
  round_history_record history;
  history.tenant = parts.tenant;
  history.round = parts.status.round;
  history.counts = parts.status.counts;
  history.last_piece = parts.status.current_piece;
  history.ended_at = parts.now();
  history.destination = parts.destination;
  history.comment = is_owed ? both(interruption, how) : interruption;
  if (round.value > 0)
    changes.put(history);
  end_here(std::move(changes), "the round was stopped before everything was archived");
}

/// Must log of the stream with this row (null: none yet) go on where the archive ends? Else it may begin
/// anywhere: in a round that has not begun, or opened again in one that it was dropped in, or before.
bool checkpoint_state::speaks_for(const stream_row* row) const {
  return ledger->round().start_scn != 0 && (row == nullptr || !row->dropped);
}

/// The takeover knows what the archive has: is that log missing?
void checkpoint_state::judge_suspected() {
  positions_known = true;
  for (auto& why : std::exchange(suspected, {})) {
    auto stream = parts.intake->find(why.stream);
    auto* row = ledger->stream(why.stream);
    if (!stream)
      continue;
    if (row != nullptr && row->position.next_lsn > row->start_lsn) {
      interrupt(why);
      continue;
    }
    if (!speaks_for(row) && !stream->started())
      continue;
    // The archive has no log of it in this round, and it may have begun behind the gap meanwhile.
    auto reached = std::max(why.first_missing, row != nullptr ? row->position.next_lsn : 0);
    auto now = stream->support(nullptr);
    bool behind = now.started && now.row.start_lsn > reached;
    if (behind && !speaks_for(row))
      continue;
    if (now.started && !behind)
      reached = std::max(reached, stream->expected_lsn());
    interrupt_at(why, reached);
  }
}

/// Log is gone before it was handed over. What was accepted before is still archived.
void checkpoint_state::interrupt(const break_record& why) {
  auto stream = parts.intake->find(why.stream);
  if (!stream || now_in == phase::idle)
    return;
  if (!positions_known) { // nor where another engine has the tenant: it is judged when that is taken back
    bool away = now_in == phase::fenced || now_in == phase::stopped; // and taken back to whatever round
    bool fresh = !away && (begin_wanted || (ledger && ledger->round().start_scn == 0));
    if (fresh && !stream->started())
      return; // a round that has not begun begins a stream anywhere
    // Only by the catalog, which may be behind: the host may have let go what it was told is archived.
    auto same = [&](const break_record& x) {
      return x.stream == why.stream && x.first_missing == why.first_missing;
    };
    std::erase_if(suspected, same);
    suspected.push_back(why);
    if (now_in == phase::quiet)
      take_over();
    return;
  }
  auto* row = ledger->stream(why.stream);
  if (!speaks_for(row) && !stream->started())
    return;
  auto reached = stream->started() ? stream->expected_lsn() : why.first_missing;
  interrupt_at(why, std::max(reached, row != nullptr ? row->position.next_lsn : 0));
}

/// The same, of a stream whose log is there up to `reached`.
void checkpoint_state::interrupt_at(const break_record& why, lsn reached) {
  if (parts.status.round.status == round_status::interrupted || break_wanted || stop_wanted)
    return;
  // Where the host could not say what it has left, only what it could not give is gone.
  bool there = why.oldest_left != 0 ? why.oldest_left <= reached : why.first_missing < reached;
  if (there)
    return;
  break_wanted = why;
  break_wanted->first_missing = reached;
  break_wanted->noticed_at = parts.now();
  parts.intake->set_gate(intake_gate::interrupted);
  auto text = "stream " + to_string(why.stream) + ": log from LSN " +
              std::to_string(break_wanted->first_missing) + " to " + std::to_string(why.oldest_left) +
              std::string(is_gone) + cause_of(why.reason);
  break_wanted->reason = text;
  // Kept until the destination knows it, whatever happens to this engine.
  outbox_record journal;
  journal.tenant = parts.tenant;
  journal.number = parts.outbox.empty() ? 1 : parts.outbox.back().number + 1;
  // At the takeover the row is still of what the catalog knew.
  journal.round = std::max(parts.status.round.id, ledger->round().id);
  journal.status = round_status::interrupted;
  journal.decided_at = break_wanted->noticed_at;
  journal.destination = parts.destination;
  journal.break_stream = why.stream;
  journal.first_missing = break_wanted->first_missing;
  journal.oldest_left = break_wanted->oldest_left;
  journal.reason = text;
  parts.outbox.push_back(journal);
  change_set changes;
  clear_alarm(changes);
  changes.put(journal);
  VARVE_PLANT(break_not_journalled, changes.erase_outbox(parts.tenant, journal.number));
  put_break(changes, {parts.tenant, journal.round, journal.break_stream, journal.first_missing,
                      journal.oldest_left, journal.decided_at, text});
  put_status(changes, round_status::interrupted);
  record(std::move(changes), [this, text, voids = voided_breaks, before = voided_breaks->load()] {
    if (*voids != before)
      return; // another engine has the tenant meanwhile
    tell([tenant = parts.tenant, text, voids, before](archive_listener& listener) {
      if (*voids == before) // and still has not
        listener.on_interrupted(tenant, text);
    });
    if (now_in == phase::quiet)
      take_over();
    else if (now_in == phase::owner)
      want_cycle();
  });
}

} // namespace varve
