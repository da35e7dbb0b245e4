// One checkpoint: cut, durable, objects, commit, publish.
#include "actors/checkpoint_state.hpp"
#include "engine/base/planted_bug.hpp"

#include <algorithm>

namespace varve {

void checkpoint_state::want_cycle() {
  if (in_cycle || in_pass) {
    cycle_again = true;
    if (in_pass)
      sequence->leave_pass();
    return;
  }
  start_cycle();
}

void checkpoint_state::start_cycle() {
  if (now_in != phase::owner || in_cycle)
    return;
  in_cycle = true;
  cycle_again = false;
  cycle_began = parts.now();
  if (ending_old_round) {
    // Nothing of ours belongs into it: it ends as it stands.
    round_is_over = true;
    return finish_pieces(scn_max);
  }
  cycle_stops = stop_wanted;
  cycle_waits.insert(cycle_waits.end(), waits.begin(), waits.end());
  waits.clear();
  cycle_closes.insert(cycle_closes.end(), close_promises.begin(), close_promises.end());
  close_promises.clear();
  seen_entries = parts.intake->accepted_entries.load();
  seen_blocks = parts.intake->blocks.load();
  self->request(parts.log_stream, caf::infinite, cut_atom::value)
      .then(
          [this, of = generation](std::uint64_t ticket) {
            if (of == generation)
              cut(ticket);
          },
          [this, of = generation](caf::error&) {
            if (of == generation)
              cycle_failed();
          });
}

void checkpoint_state::cut(std::uint64_t ticket) {
  // By now each stream knows where the archive ends. Before, repeats of what it has would have been refused
  // as too old. The catalog may have known that of another round.
  if (!positions_known) {
    parts.intake->set_checkpoint(ledger->round().checkpoint_scn);
    judge_suspected();
  }
  self->request(parts.writer, caf::infinite, durable_atom::value, ticket)
      .then(
          [this, of = generation](const durable_report_ptr& report) {
            if (of == generation)
              durable(report);
          },
          [this, of = generation](caf::error&) {
            if (of == generation)
              cycle_failed();
          });
}

void checkpoint_state::absorb(const durable_report& report) {
  ledger->absorb(report);
  files_open = !report.open.empty();
  if (!report.moved.empty())
    last_moved = parts.now();
  for (auto& [stream, position] : report.moved)
    cycle_moved.push_back(stream);
}

void checkpoint_state::durable(const durable_report_ptr& report) {
  absorb(*report);
  if (cycle_stops && stop_wanted) {
    // Everything accepted is durable: footers under all pieces, then their seals and the round's end.
    round_is_over = true;
    return finish_pieces(scn_max);
  }
  note_streams();
  decide_checkpoint();
  make_objects();
}

void checkpoint_state::finish_pieces(scn upto) {
  self->request(parts.writer, caf::infinite, finish_atom::value, upto)
      .then(
          [this, of = generation](const durable_report_ptr& report) {
            if (of != generation)
              return;
            absorb(*report);
            if (ending_old_round) {
              cycle_limit.reset();
              return make_objects();
            }
            note_streams();
            decide_checkpoint();
            make_objects();
          },
          [this, of = generation](caf::error&) {
            if (of == generation)
              cycle_failed();
          });
}

/// How the stream stands, with what the row says to be durable (null: with what is committed). Before the
/// round has begun one that begins behind log that nobody has, of whose SCNs there is no word yet, is quiet:
/// its row stays what the archive has, and it is waited for, though it was dropped. When it is forgotten
/// nobody knows any more that it skipped log.
stream_standing checkpoint_state::standing_of(const stream_buffer& stream, const stream_row* durable) const {
  auto s = stream.support(durable != nullptr ? &durable->position : nullptr);
  VARVE_PLANT(forgotten_while_waited_for, return s);
  if (s.started && s.waits_for_start && ledger->round().start_scn == 0) {
    s.quiet = true;
    s.started = s.dropped = false;
  }
  return s;
}

/// Does the row of a stream without log say the wrong thing of it? One that was noted may have been dropped
/// since. One that its row calls dropped may be open again: while the round has not begun it is waited for,
/// by the next engine, too; where the round ends nobody knows what it wrote since.
bool checkpoint_state::mark_is_wrong(const stream_standing& now, const stream_row* known) const {
  if (now.started || known == nullptr)
    return false;
  if (!known->dropped)
    return !now.quiet;
  return now.quiet && (ledger->round().start_scn == 0 || round_is_over);
}

/// Streams that took part for the first time, began anew in this round, or are dropped, go into the commit.
void checkpoint_state::note_streams() {
  bool begun = ledger->round().start_scn != 0;
  for (auto& stream : parts.intake->streams()) {
    auto* known = ledger->stream(stream->id());
    auto s = standing_of(*stream, known);
    auto note = [&](const stream_row& row) {
      ledger->note_stream(row);
      cycle_noted.insert(row.stream);
    };
    if (!s.started) {
      if (mark_is_wrong(s, known)) {
        auto row = *known;
        row.dropped = !row.dropped;
        note(row);
      } else if (known == nullptr && s.quiet && stream->started()) {
        note({stream->id(), 0, {}, false}); // the next engine waits for it, too
      }
      continue;
    }
    bool fresh = noted.insert(stream->id()).second;
    bool has_log = s.row.position.next_lsn > s.row.start_lsn;
    if (!has_log && !begun && !s.dropped) {
      // Where its log is to begin is only said yet, and may be behind a gap: its row stays what rounds before
      // have.
      s.row.position = known != nullptr ? known->position : stream_position{};
      s.row.start_lsn = s.row.position.next_lsn;
    } else if (known != nullptr && known->position.next_lsn >= s.row.start_lsn) {
      s.row.position = known->position;
    } else {
      // For the rounds after: up to this SCN log may be missing below.
      s.row.position.last_scn = std::max(s.row.position.last_scn, s.start_scn);
    }
    if (fresh || known == nullptr || known->start_lsn != s.row.start_lsn || known->dropped != s.dropped)
      note(s.row);
    if (s.dropped)
      cycle_dropped.push_back(stream->id());
  }
}

/// The checkpoint that this commit may claim: no stream can still come with an entry at or below it.
void checkpoint_state::decide_checkpoint() {
  auto& intake = *parts.intake;
  auto& round = ledger->round();
  if (auto why = std::exchange(break_wanted, std::nullopt);
      why && round.status != round_status::interrupted) {
    round.status = round_status::interrupted;
    ledger->interruption() = *why;
  }
  cycle_limit.reset();
  cycle_checkpoint = round.checkpoint_scn;
  if (round.status != round_status::beginning && round.status != round_status::doing)
    return;

  for (;;) {
    scn lowest = scn_max;
    scn start = 0;
    std::optional<stream_id> limit;
    std::set<stream_id> counted;
    bool waits_for_start = false;
    for (auto& stream : intake.streams()) {
      auto s = standing_of(*stream, ledger->stream(stream->id()));
      waits_for_start |= s.waits_for_start;
      bool takes_part = s.started && !s.dropped;
      // Also of a stream that is at its end already: the round has no log of it before.
      if (s.started || s.quiet)
        start = std::max(start, s.start_scn);
      if (!takes_part && !s.quiet)
        continue;
      counted.insert(stream->id());
      VARVE_PLANT(round_starts_early, start = s.start_scn);
      VARVE_PLANT(checkpoint_is_max, if (limit && s.supports <= lowest) continue; lowest = scn_max);
      if (s.supports < lowest) {
        lowest = s.supports;
        limit = stream->id();
      }
    }
    if (counted.empty()) {
      lowest = intake.round_advance();
      start = std::max(start, lowest);
    }
    if (round.status == round_status::beginning) {
      if (waits_for_start || start == 0)
        return;
      // What a stream has in the rounds before, or has skipped, this one has not; nor what one has skipped
      // that was dropped since it began.
      for (auto& [id, row] : ledger->streams())
        if (row.position.next_lsn == row.start_lsn || (row.dropped && !intake.find(id)))
          start = std::max(start, row.position.last_scn);
      // Nor what only another destination has.
      start = std::max(start, intake.archived_before_round());
      round.status = round_status::doing;
      round.start_scn = start;
      for (auto& stream : intake.streams())
        stream->go_on();
      note_streams();
    }
    auto claim = std::max(round.checkpoint_scn, lowest);
    VARVE_PLANT(checkpoint_goes_back, claim = lowest);
    // From here on a stream that starts must start above the claim. One that has started since it was looked
    // at may hold an entry below: then look again.
    intake.set_checkpoint(std::max(claim, intake.checkpoint()));
    bool again = false;
    for (auto& stream : intake.streams()) {
      if (counted.count(stream->id()) != 0)
        continue;
      auto s = standing_of(*stream, ledger->stream(stream->id()));
      again |= s.started && !s.dropped && s.supports < claim;
    }
    if (!again) {
      cycle_checkpoint = claim;
      cycle_limit = limit;
      break;
    }
    if (claim > round.checkpoint_scn)
      intake.set_checkpoint(round.checkpoint_scn);
    note_streams();
  }
  round.checkpoint_scn = cycle_checkpoint;
}

void checkpoint_state::make_objects() {
  auto sealed_upto = round_is_over ? scn_max : sequence->newest().round.checkpoint_scn;
  auto object = ledger->next_object(sequence->current_epoch(), sealed_upto, round_is_over, parts.now());
  if (!object)
    return commit();
  making = std::make_shared<const piece_ledger::object>(std::move(*object));
  make_object();
}

void checkpoint_state::make_object() {
  run_io<bool>(
      self, parts.pool, "create " + making->path,
      [making = making](destination& where) -> result<bool> {
        VARVE_TRY(create_same(where, making->path, making->content));
        return true;
      },
      [this, of = generation](result<bool> made) {
        if (of != generation)
          return;
        if (made.ok()) {
          pause.reset();
          making = nullptr;
          if (std::exchange(commit_trouble, nullptr))
            publish_status();
          ledger->object_made();
          return make_objects();
        }
        if (made.code() == errc::checksum_error || is_final(made.code()))
          return stopped(made.error());
        retry_later(made.error());
      });
}

void checkpoint_state::commit() {
  VARVE_PLANT(status_before_commit, parts.status.round = ledger->round(); told_comment = "?";
              publish_status());
  VARVE_PLANT(acknowledged_before_commit, publish_commit());
  run(sequence->commit(ledger->record(cycle_limit), parts.now()));
}

void checkpoint_state::counted() {
  last_commit = parts.now();
  ++commits_made;
  if (parts.commits != nullptr)
    ++*parts.commits;
  publish_commit();
  if (round_is_over)
    return round_over();
  end_cycle();
}

/// Whoever was promised this cycle and did not get it waits for the next one.
void checkpoint_state::take_back_waits() {
  waits.insert(waits.begin(), cycle_waits.begin(), cycle_waits.end());
  cycle_waits.clear();
  close_promises.insert(close_promises.begin(), cycle_closes.begin(), cycle_closes.end());
  cycle_closes.clear();
}

/// An actor that it needs has ended, which its supervisor reports.
void checkpoint_state::cycle_failed() {
  in_cycle = round_is_over = false;
  take_back_waits();
}

void checkpoint_state::end_cycle() {
  in_cycle = false;
  answer(cycle_closes);
  if (ledger->wants_finish(ledger->round().checkpoint_scn)) {
    in_cycle = true;
    self->request(parts.writer, caf::infinite, finish_atom::value, ledger->round().checkpoint_scn)
        .then(
            [this, of = generation](const durable_report_ptr& report) {
              if (of != generation)
                return;
              in_cycle = false;
              absorb(*report);
              start_cycle();
            },
            [this, of = generation](caf::error&) {
              if (of == generation)
                cycle_failed();
            });
    return;
  }
  bool urgent = stop_wanted || break_wanted || !close_promises.empty();
  if (!urgent && pass())
    return; // a cycle that is waited for follows soon
  if (cycle_again || urgent)
    start_cycle();
}

/// Deletes old commits, at most one pass per half interval; a checkpoint that is wanted meanwhile goes first,
/// and the pass goes on after it. False: there is nothing to do now.
bool checkpoint_state::pass() {
  auto now = parts.now();
  if (in_pass)
    return false;
  bool resumes = sequence->pass_was_left();
  if (!resumes) {
    if (now - last_pass < parts.option.checkpoint_interval / 2)
      return false;
    auto newest = sequence->newest().seq;
    if (newest == passed_twice)
      return false;
    passed_twice = newest == passed_once ? newest : commit_seq{};
    passed_once = newest;
    last_pass = now;
  }
  in_pass = true;
  auto step = resumes ? sequence->resume_pass() : sequence->begin_pass();
  if (cycle_again)
    sequence->leave_pass();
  run(step);
  return true;
}

} // namespace varve
