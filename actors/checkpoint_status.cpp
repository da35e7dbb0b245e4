// What the catalog, the host and those who wait are told.
#include "actors/checkpoint_state.hpp"
#include "engine/base/planted_bug.hpp"

namespace varve {

void checkpoint_state::tell(std::function<void(archive_listener&)> what) {
  self->send(parts.log_stream, notify_atom::value,
             std::make_shared<std::function<void(archive_listener&)>>(std::move(what)));
}

void checkpoint_state::later(change_set changes) {
  self->send(parts.catalog, later_atom::value, std::make_shared<change_set>(std::move(changes)));
}

void checkpoint_state::record(change_set changes, std::function<void()> then, std::function<void()> refused) {
  // Where the catalog refuses, its writer reports that; what was asked happens all the same, unless said
  // otherwise, since commits and not the catalog hold the truth.
  self->request(parts.catalog, caf::infinite, apply_atom::value,
                std::make_shared<change_set>(std::move(changes)))
      .then([then](bool) { then(); },
            [otherwise = refused ? std::move(refused) : then](caf::error&) { otherwise(); });
}

/// What a quiet or young round waits for.
std::string checkpoint_state::waiting_for() const {
  if (!ledger || ledger->round().status != round_status::beginning)
    return {};
  std::string waiting;
  std::size_t streams = 0, without = 0;
  bool any_scn = false;
  for (auto& stream : parts.intake->streams()) {
    ++streams;
    auto standing = stream->support(nullptr);
    any_scn |= standing.start_scn != 0;
    if (!standing.waits_for_start)
      continue;
    if (++without <= 3)
      waiting.append(waiting.empty() ? "" : ", ").append(to_string(stream->id()));
  }
  if (streams == 0)
    return "waits for the first log stream";
  if (without == 0) // each may have an LSN to begin with, and none an SCN
    return any_scn ? "" : "waits for the first entry, or an advance, of any stream";
  return "waits for the start position of stream " + waiting +
         (without > 3 ? " and " + std::to_string(without - 3) + " more" : "");
}

std::string checkpoint_state::both(const std::string& first, const std::string& second) {
  return first.empty() ? second : first + "; " + second;
}

/// Of streams whose log is given up: how far it is archived.
std::string checkpoint_state::archived_upto() const {
  constexpr std::size_t named_max = 3;
  std::string text;
  std::size_t count = 0;
  for (auto& stream : parts.intake->streams()) {
    auto committed = stream->archived().next_lsn; // where it only is to begin is no such position
    if (stream->accepted_ever() > committed && ++count <= named_max)
      text.append("; stream " + to_string(stream->id()) + " is archived up to LSN " +
                  std::to_string(committed) + ", what it took after that was given up");
  }
  return count <= named_max ? text : text + "; and " + std::to_string(count - named_max) + " more streams";
}

/// A break is told of before it comes, while something can still be done.
void checkpoint_state::watch_breaks() {
  auto now = parts.now();
  std::optional<break_danger> danger;
  if (parts.intake->gate() == intake_gate::open && parts.intake->mode() == archive_mode::optional) {
    for (auto& stream : parts.intake->streams())
      breaks.look(stream->id(), stream->supply(), now, 2 * parts.option.checkpoint_interval);
    danger = breaks.danger(now);
  } else {
    breaks.reset();
  }
  if (!danger && !alarm)
    return;
  change_set changes;
  if (!danger) {
    clear_alarm(changes);
  } else {
    auto& x = danger->supply;
    alarm_record next{parts.tenant,          danger->stream,  x.archived,    x.accepted,
                      x.oldest_left.value(), danger->streams, danger->since, now};
    if (!alarm)
      tell([next](archive_listener& listener) {
        listener.on_alarm(next.tenant, next.stream, distance_to_break(next.archived_lsn, next.oldest_left));
      });
    alarm = next;
    changes.put(next);
  }
  later(std::move(changes));
  publish_status();
}

/// The danger is over, or what was feared has come.
void checkpoint_state::clear_alarm(change_set& changes) {
  breaks.reset();
  if (std::exchange(alarm, std::nullopt))
    changes.erase_alarm(parts.tenant);
}

std::string checkpoint_state::comment() const {
  if (!alarm)
    return trouble_text();
  auto left = distance_to_break(alarm->archived_lsn, alarm->oldest_left);
  return both(trouble_text(), "close to a break: stream " + to_string(alarm->stream) + " has log from LSN " +
                                  std::to_string(alarm->archived_lsn) +
                                  " on that is not archived, and its host has none below " +
                                  std::to_string(alarm->oldest_left) + " any more (" + std::to_string(left) +
                                  " left)");
}

/// Why the round is, or is about to be, INTERRUPTED.
std::string checkpoint_state::interruption_reason() const {
  auto& round = parts.status.round;
  if (ledger && ledger->interruption() &&
      ledger->round().id >= round.id) // else a round before is being ended
    return ledger->interruption()->reason;
  if (break_wanted)
    return break_wanted->reason;
  bool over = round.status == round_status::interrupted || round.status == round_status::stopping;
  if (!ledger && over && parts.broke && parts.broke->round == round.id)
    return parts.broke->reason; // the destination was not asked yet, or not any more
  return {};
}

std::string checkpoint_state::trouble_text() const {
  auto interruption = interruption_reason();
  for (auto* trouble : {&commit_trouble, &writer_trouble})
    if (*trouble)
      return both(interruption, (*trouble)->to_string());
  if (!interruption.empty())
    return interruption;
  if (in_force() && !source_trouble.empty()) {
    auto& [stream, why] = *source_trouble.begin();
    return "the source of stream " + to_string(stream) + ": " + why->to_string();
  }
  if (pass_trouble)
    return "commits that nobody needs any more cannot be deleted: " + pass_trouble->to_string();
  return waiting_for();
}

void checkpoint_state::refresh_comment() {
  auto& row = parts.status;
  auto text = comment();
  if (text.empty())
    trouble_since = 0;
  else if (trouble_since == 0)
    trouble_since = parts.now();
  row.comment = text;
  row.comment_since = trouble_since;
  row.updated_at = parts.now();
}

/// The row of the view: of the round, what the newest counted commit says and nothing that is still being
/// made.
void checkpoint_state::put_status(change_set& to, round_status status) {
  auto& row = parts.status;
  // Of another destination no commit is known: the next engine would miss those of the last one there.
  if (row.destination != parts.destination)
    row.seq = {};
  row.destination = parts.destination;
  bool recorded = status == round_status::beginning && row.round.status == round_status::stop;
  // Until the takeover has read the state, the catalog may lack what went before the newest commit.
  if (!recorded && ledger && sequence->newest().round.id >= row.round.id) {
    row.round = sequence->newest().round;
  } else if (recorded) {
    auto next = round_id{row.round.id.value + 1};
    row.round = archive_round{};
    row.round.id = next;
    row.round.piece_interval_ns = parts.option.piece_switch_interval;
    if (row.round.piece_interval_ns != 0)
      row.round.start_piece = piece_id{row.current_piece.value + 1};
    row.counts = {};
  }
  row.round.status = status;
  row.limiting_stream = cycle_limit;
  refresh_comment();
  to.put(row);
}

/// That a round broke, in the history.
void checkpoint_state::put_break(change_set& to, break_history_record what) {
  to.put(what);
  if (!parts.broke || parts.broke->round <= what.round)
    parts.broke = std::move(what);
}

/// The reason why it does not move has changed: the view says so.
void checkpoint_state::publish_status() {
  if (comment() == told_comment)
    return;
  refresh_comment();
  told_comment = parts.status.comment;
  change_set changes;
  changes.put(parts.status);
  later(std::move(changes));
}

error checkpoint_state::given_up(stream_id stream, lsn from) {
  return fail(errc::canceled,
              "stream " + to_string(stream) + " was given up from LSN " + std::to_string(from) + " on",
              "hand over again from there");
}

/// One that has accepted log that was given up and did not come again; nullptr: none.
std::shared_ptr<stream_buffer> checkpoint_state::owing_stream() const {
  for (auto& stream : parts.intake->streams())
    if (stream->owes())
      return stream;
  return nullptr;
}

/// May log that a wait is about be missing in the round that is in force?
bool checkpoint_state::left_out(const durable_wait& wait) const {
  return wait.left_out != parts.intake->left_out();
}

/// Is all committed that a wait of the whole tenant is about?
bool checkpoint_state::holds(const durable_wait& wait) const {
  return std::ranges::all_of(wait.accepted, [this](auto& each) {
    auto stream = parts.intake->find(each.first);
    return !stream || stream->committed().next_lsn >= each.second;
  });
}

/// Of a wait of the whole tenant, log that was accepted and must come again: a round that began since forgot
/// that it was. nullopt: none.
std::optional<error> checkpoint_state::given_up_of(const durable_wait& wait) const {
  for (auto& [id, upto] : wait.accepted) {
    auto stream = parts.intake->find(id);
    if (!stream) { // it was closed, and the round does not wait for it
      if (auto reached = parts.intake->remembered_upto(id); reached && *reached < upto)
        return given_up(id, *reached);
    } else if (stream->committed().next_lsn < upto && !stream->holds_beyond(upto - 1)) {
      return given_up(id, stream->expected_lsn());
    }
  }
  return std::nullopt;
}

/// Where the stream of a wait stands.
stream_position checkpoint_state::in_ledger(const durable_wait& wait) const {
  auto* row = wait.whole_tenant ? nullptr : ledger->stream(wait.stream);
  return row != nullptr ? row->position : stream_position{};
}

/// What is to be said to who waits, of one stream if that is committed so far; nullopt: nothing yet, the log
/// is on its way.
std::optional<durable_answer> checkpoint_state::answer_of(const durable_wait& wait,
                                                          const stream_position& committed) const {
  if (left_out(wait))
    return durable_answer{fail(errc::canceled,
                               "the round that another engine began goes on behind log of tenant " +
                                   to_string(parts.tenant) + " that was accepted here",
                               "hand over again from where each stream wants it"),
                          {}};
  if (!wait.whole_tenant) {
    if (committed.next_lsn >= wait.upto)
      return durable_answer{{}, committed};
    auto stream = parts.intake->find(wait.stream);
    if (stream && stream->holds_beyond(wait.upto - 1))
      return std::nullopt;
    // The takeover found another position than was assumed, and the listener was told.
    return durable_answer{given_up(wait.stream, stream ? stream->expected_lsn() : committed.next_lsn),
                          committed};
  }
  if (auto owing = owing_stream())
    return durable_answer{given_up(owing->id(), owing->expected_lsn()), {}};
  if (auto lost = given_up_of(wait))
    return durable_answer{*lost, {}};
  if (!holds(wait))
    return std::nullopt;
  return durable_answer{};
}

/// A commit counts: everything that it made true is said now, and not before.
void checkpoint_state::publish_commit() {
  auto& record = sequence->newest();
  auto checkpoint = record.round.checkpoint_scn;
  bool elsewhere = row_is_elsewhere();
  change_set changes;
  std::set<stream_id> moved(cycle_moved.begin(), cycle_moved.end());
  moved.merge(
      std::exchange(cycle_noted, {})); // also where an index of this cycle took them out of the commit
  for (auto& row : record.stream_changes)
    moved.insert(row.stream);
  for (auto id : moved) {
    auto* row = ledger->stream(id);
    if (!elsewhere)
      changes.put(stream_record{parts.tenant, id, row->start_lsn, row->position, row->dropped});
    join.look(*row);
    // Not where an old round is ended: streams do not know yet what of their log it has, and must not let go
    // of blocks that wait for their numbers.
    if (auto stream = parts.intake->find(id); stream && !ending_old_round)
      stream->on_committed(row->position);
  }
  std::vector<std::pair<durable_wait_ptr, durable_answer>> answers;
  for (auto& wait : std::exchange(cycle_waits, {})) {
    VARVE_PLANT(wrong_waiter_answered,
                if (!wait->whole_tenant) answers.emplace_back(wait, durable_answer{{}, in_ledger(*wait)});
                if (!wait->whole_tenant) continue);
    if (auto answer = answer_of(*wait, in_ledger(*wait))) {
      answers.emplace_back(wait, std::move(*answer));
      continue;
    }
    // Accepted, or handed over again, after the cut; or of a beginning that is only said: then every next
    // commit would say the same, and the interval's will do.
    waits.push_back(wait);
    cycle_again = cycle_again || parts.intake->accepted_entries.load() != seen_entries;
  }
  for (auto id : std::exchange(cycle_moved, {})) {
    auto* row = ledger->stream(id);
    tell([tenant = parts.tenant, id, position = row->position](archive_listener& listener) {
      listener.on_durable(tenant, id, position);
    });
  }
  for (auto id : std::exchange(cycle_dropped, {}))
    parts.intake->forget(id);

  auto& status = parts.status;
  if (!elsewhere)
    status.seq = record.seq;
  if (record.round.id >= status.round.id) // else the row is a later round's
    status.counts = record.round_counts;
  for (auto& row : ledger->take_rows()) {
    piece_record piece;
    piece.tenant = parts.tenant;
    piece.piece = row.piece;
    piece.bounds = row.bounds;
    // The object that says when it was made may be lost: that costs no log.
    piece.created_at = row.created_at != 0 ? row.created_at : row.bounds.start_scn;
    piece.checkpoint_scn = std::min(checkpoint, row.bounds.end_scn == scn_max ? scn_max : row.bounds.end_scn);
    // ACTIVE is the piece of the highest SCN seen; older ones that wait for slow streams are FREEZING.
    bool behind =
        !row.newest || (row.bounds.end_scn != scn_max && parts.intake->advanced() >= row.bounds.end_scn);
    piece.status = row.frozen ? piece_status::frozen : behind ? piece_status::freezing : piece_status::active;
    piece.start_piece = record.round.start_piece;
    piece.counts = row.counts;
    piece.destination = parts.destination;
    status.current_piece = std::max(status.current_piece, row.piece.piece);
    changes.put(piece);
  }
  auto before = status.round;
  if (ending_old_round && (parts.archiving || (stop_wanted && record.round.id < status.round.id))) {
    changes.put(status); // the row is the next round's already
  } else if (!elsewhere) {
    // What came meanwhile, NOARCHIVELOG or a break, is in the row already, and in a commit to come.
    auto now = record.round.status;
    if (now != round_status::stop)
      now = stop_wanted ? round_status::stopping : break_wanted ? round_status::interrupted : now;
    put_status(changes, now);
  }
  told_comment = status.comment;
  if (record.round.status == round_status::stop) {
    auto why = record.interruption ? record.interruption->reason : std::string();
    for (auto& left : parts.outbox) // it ended before the destination could be told
      if (left.round == record.round.id && left.status == round_status::stop)
        why = both(why, left.reason);
    round_history_record history{parts.tenant, record.round,      record.round_counts, status.current_piece,
                                 parts.now(),  parts.destination, std::move(why)};
    changes.put(history);
  }
  if (auto& why = record.interruption)
    put_break(changes, {parts.tenant, record.round.id, why->stream, why->first_missing, why->oldest_left,
                        why->noticed_at, why->reason});
  if (std::exchange(told_join, join.joined()) != join.joined()) {
    if (join.joined())
      changes.put(round_join_record{parts.tenant, record.round.id});
    else
      changes.erase_round_join(parts.tenant, record.round.id);
  }
  VARVE_PLANT(journal_forgotten_early, forget_outbox(changes, [](auto&) { return true; }));
  forget_outbox(changes, [&](auto& left) {
    return left.round == record.round.id &&
           (record.round.status == left.status || record.round.status == round_status::stop);
  });
  if (auto now = parts.now();
      checkpoint > before.checkpoint_scn && record.round.status == round_status::doing)
    changes.put(lag_sample{parts.tenant, ++parts.last_lag_sample, now, checkpoint, cycle_limit,
                           now - std::min(cycle_began, now)}); // the clock may have been set back
  // The end of a round at once: nobody reads it at this destination again if the tenant goes to another.
  if (record.round.status == round_status::stop)
    this->record(std::move(changes), [] {});
  else
    later(std::move(changes));
  // Last, so that whoever was told finds it in the views.
  for (auto& [wait, answer] : answers)
    wait->answer(answer);
}

} // namespace varve
