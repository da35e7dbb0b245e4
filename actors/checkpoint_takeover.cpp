// From quiet to owner, and from owner to fenced or stopped.
#include "actors/checkpoint_state.hpp"
#include "actors/taken_state.hpp"
#include "engine/base/planted_bug.hpp"
#include "engine/reader/block_lookup.hpp"

#include <algorithm>

namespace varve {
namespace {

using verb = commit_operation::verb;

commit_answer answer_of(destination& where, tenant_id tenant, const commit_operation& op) {
  auto path = to_path(commit_name{tenant, op.seq});
  switch (op.what) {
  case verb::list:
    return list_commits(where, tenant);
  case verb::read:
    return where.read_all(path, format::object_bytes_max);
  case verb::create:
    VARVE_PLANT(commit_replaced, static_cast<void>(where.remove(path)));
    return where.create(path, op.content);
  case verb::remove:
    return where.remove(path);
  case verb::none:
    break;
  }
  return status{};
}

/// Where the destination is not there any more that is the job's outcome: the pool opens it anew.
result<commit_answer> run_operation(destination& where, tenant_id tenant, const commit_operation& op) {
  auto answer = answer_of(where, tenant, op);
  auto why = std::visit([](auto& each) { return each.ok() ? error{} : each.error(); }, answer);
  if (why.code == errc::invalid_destination)
    return why;
  return answer;
}

} // namespace

/// Nothing is written before the destination was seen to know at least the commits that the catalog knows: an
/// older copy of it put back in its place would otherwise lose what was acknowledged since, silently.
void checkpoint_state::take_over() {
  if (now_in == phase::taking || now_in == phase::owner || recording)
    return;
  now_in = phase::taking;
  taking_to_tell = false;
  ++generation;
  sequence.reset();
  ledger.reset();
  retry_operation.reset();
  check_destination();
}

void checkpoint_state::check_destination() {
  run_io<std::vector<commit_seq>>(
      self, parts.pool, "list commits",
      [tenant = parts.tenant](destination& where) { return list_commits(where, tenant); },
      [this, of = generation](result<std::vector<commit_seq>> found) {
        if (of != generation)
          return;
        if (!found.ok()) {
          if (!is_transient(found.code()) && found.code() != errc::file_not_exist &&
              found.code() != errc::invalid_destination)
            return stopped(found.error());
          return retry_later(found.error());
        }
        auto known = parts.status.destination == parts.destination ? parts.status.seq : commit_seq{0};
        auto newest = found->empty() ? commit_seq{0} : found->back();
        VARVE_PLANT(destination_behind_unseen, known = newest);
        if (newest < known && !begin_wanted)
          return stopped(fail(errc::destination_behind,
                              "the destination " + parts.destination + " holds commits of tenant " +
                                  to_string(parts.tenant) + " up to " + to_string(newest) +
                                  ", but the catalog knows commit " + to_string(known),
                              "was an older copy put in its place? To archive on, begin a new round "
                              "(NOARCHIVELOG, then ARCHIVELOG)"));
        auto begin_at = commit_seq{std::max(newest.value, known.value) + 1};
        sequence = std::make_unique<commit_sequence>(parts.tenant, parts.archive, parts.draw(), begin_at);
        commit_record first;
        auto named = recorded_round();
        first.next_round = named ? *named : round_id{parts.status.round.id.value + 1};
        first.next_piece = piece_id{parts.status.current_piece.value + 1};
        // NOARCHIVELOG and ARCHIVELOG after the tenant was stopped: the DBA's word that what is lost is lost.
        run(sequence->take(std::move(first), parts.now(), begin_wanted && give_up_lost));
      });
}

/// Runs what the sequence wants next, or acts on what it came to.
void checkpoint_state::run(const commit_sequence::step& step) {
  using event = commit_sequence::event;
  switch (step.what) {
  case event::none:
    break;
  case event::retry:
    retry_operation = step.next;
    return retry_later(step.why);
  case event::owner:
    return took_over();
  case event::counted:
    return counted();
  case event::fenced:
    VARVE_PLANT(fenced_still_acknowledges, return counted());
    return lost(step.why);
  case event::stopped:
    return stopped(step.why);
  case event::pass_done:
    in_pass = false;
    pass_trouble = step.why.code == errc::ok ? nullptr : std::make_shared<const error>(step.why);
    publish_status();
    if (cycle_again || stop_wanted || !close_promises.empty())
      start_cycle();
    return;
  }
  if (now_in == phase::taking && step.next.what == verb::create) {
    auto& found = sequence->newest();
    // Nothing is to be archived here, and another engine has gone on: then it must not be taken over.
    if (found.writer != random_id{} && !is_ours(found)) {
      auto why = fail(errc::fenced, "another engine has gone on with tenant " + to_string(parts.tenant) +
                                        " at " + parts.destination);
      if (only_to_tell())
        return in_force() ? break_waits(why) : outbox_is_void(why);
    }
    if (!note_writer(step))
      return;
  }
  auto op = std::make_shared<commit_operation>(step.next);
  run_io<commit_answer>(
      self, parts.pool, "commit",
      [tenant = parts.tenant, op](destination& where) { return run_operation(where, tenant, *op); },
      [this, of = generation, op](result<commit_answer> got) {
        if (of != generation || !sequence)
          return;
        if (got.ok())
          return answered(of, *got);
        if (is_final(got.code()))
          return stopped(got.error());
        // It is not there, or could not even be opened: the outcome of whatever was asked is unknown.
        switch (op->what) {
        case verb::list:
          return answered(of, result<std::vector<commit_seq>>(got.error()));
        case verb::read:
          return answered(of, result<bytes>(got.error()));
        default:
          return answered(of, status(got.error()));
        }
      });
}

/// Somebody else's destination, or one of a newer program: it is not written to any more.
bool checkpoint_state::is_final(errc code) {
  return code == errc::foreign_destination || code == errc::unknown_version;
}

void checkpoint_state::answered(std::uint64_t of, const commit_answer& got) {
  if (of != generation || !sequence)
    return;
  auto step = sequence->answer(got);
  if (step.what != commit_sequence::event::retry) {
    pause.reset();
    if (std::exchange(commit_trouble, nullptr))
      publish_status();
  }
  run(step);
}

/// What failed is tried again, later each time, and COMMENT says why meanwhile.
void checkpoint_state::retry_later(const error& why) {
  commit_trouble = std::make_shared<const error>(why);
  publish_status();
  self->delayed_send(self, std::chrono::nanoseconds(pause.next()), retry_atom::value, generation);
}

void checkpoint_state::retry() {
  if (!retry_operation) {
    VARVE_PLANT(object_made_anew, if (making) return make_objects());
    if (now_in == phase::taking && !sequence)
      check_destination();
    else if (now_in == phase::taking)
      took_over();
    else if (making)
      make_object();
    return;
  }
  run({*std::exchange(retry_operation, std::nullopt), commit_sequence::event::none, {}});
}

void checkpoint_state::took_over() {
  catalog_standing known;
  if (parts.status.destination == parts.destination) {
    auto& round = parts.status.round; // perhaps only recorded, and never begun there
    known = {parts.status.seq, round.start_scn != 0 ? round.id : round_id{0}};
  }
  run_io<std::optional<taken_state>>(
      self, parts.pool, "read state",
      [tenant = parts.tenant, archive = parts.archive, uri = parts.destination, known](destination& where) {
        return read_taken_state(where, tenant, archive, uri, known);
      },
      [this, of = generation](result<std::optional<taken_state>> found) {
        if (of != generation)
          return;
        if (found.ok() && !*found)
          return stopped(fail(errc::bytes_missing, "the takeover commit of tenant " +
                                                       to_string(parts.tenant) + " is gone from " +
                                                       parts.destination));
        bool lost_there = found.code() == errc::bytes_missing || found.code() == errc::checksum_error;
        if (lost_there && begin_wanted && give_up_lost) {
          // What the last round still had open is given up; what is sealed stays.
          auto rest = sequence->newest();
          rest.open_pieces.clear();
          rest.stream_table.reset();
          rest.stream_changes.clear();
          rest.round.status = round_status::stop;
          rest.interruption.reset();
          ledger = std::make_unique<piece_ledger>(parts.tenant, parts.archive);
          ledger->adopt_nothing(rest);
          return adopted();
        }
        if (!found.ok()) {
          if (!is_transient(found.code()) && found.code() != errc::invalid_destination)
            return stopped(found.error());
          return retry_later(found.error());
        }
        if ((*found)->state.commit.record.writer != sequence->newest().writer)
          return lost(
              fail(errc::fenced, "tenant " + to_string(parts.tenant) + " was taken over by another engine"));
        pause.reset();
        commit_trouble = nullptr;
        VARVE_PLANT(checkpoint_in_force_early,
                    parts.intake->set_checkpoint(sequence->newest().round.checkpoint_scn));
        ledger = std::make_unique<piece_ledger>(parts.tenant, parts.archive);
        ledger->adopt((*found)->state);
        for (auto& [piece, at] : (*found)->made_at)
          ledger->piece_was_made(piece, at);
        join = {(*found)->before, (*found)->state.streams};
        told_join.reset();
        parts.status.current_piece = std::max(parts.status.current_piece, (*found)->newest_piece);
        later(std::move((*found)->missed));
        if (!row_is_elsewhere()) {
          parts.status.seq = sequence->newest().seq;
          parts.status.destination = parts.destination;
        }
        adopted();
      });
}

/// The tenant is ours: whatever waited may happen now.
void checkpoint_state::adopted() {
  now_in = phase::owner;
  last_pass = last_commit = parts.now();
  noted.clear();
  bool told_as_over = apply_outbox();
  VARVE_PLANT(outbox_not_told, told_as_over = false);
  for (auto& [id, row] : ledger->streams())
    noted.insert(id);
  bool begins = begin_wanted || recorded_round();
  // NOARCHIVELOG came before the round that it is for began here.
  bool never_began = stop_wanted && parts.status.round.id > ledger->round().id;
  auto epoch = sequence->current_epoch();
  auto start_writer = [&] {
    self->send(parts.writer, begin_atom::value,
               std::make_shared<const writer_start>(
                   ledger->start_of_writer(epoch, parts.segment_bytes, parts.sync_bytes)));
  };
  auto there = ledger->round().status;
  if (there != round_status::stop && (told_as_over || begins || never_began)) {
    // That round ended, and its destination was not there to hear it.
    ending_old_round = true;
    start_writer();
    return want_cycle();
  }
  if (there != round_status::stop && !in_force()) {
    // It was ended here when its commits could not be relied on, and is not ours to end any more.
    abandon("nothing is to be archived");
    now_in = phase::idle;
    return;
  }
  // Where another engine had it the break that we knew of is none until it is judged again.
  if (auto& known = parts.status.round.status;
      known == round_status::interrupted &&
      (there == round_status::beginning || there == round_status::doing))
    known = there;
  auto rows = std::make_shared<const std::vector<stream_row>>(ledger->rows());
  bool begins_anew = there == round_status::stop;
  if (begins_anew) {
    if (recording || !(begins || parts.archiving)) {
      // Nothing is to be written: only the outbox brought us here, or NOARCHIVELOG came before the round
      // began at the destination.
      auto end = recording ? end_of_round::known : heard_of_end();
      if (recording)
        let_go(); // what is accepted since is of the next round
      else
        abandon("the round is over");
      now_in = recording ? phase::quiet : phase::idle;
      if (end == end_of_round::ours_to_say)
        stop_here(false);
      return;
    }
    begin_round();
  }
  begin_wanted = give_up_lost = false;

  auto& intake = *parts.intake;
  intake.grid().restart(ledger->last_end(), ledger->round().piece_interval_ns, ledger->open_ends());
  VARVE_PLANT(grid_not_anchored, intake.grid().restart(0, ledger->round().piece_interval_ns, {}));
  intake.grid().set_interval(parts.option.piece_switch_interval);
  start_writer();
  // The catalog may have lost its last writes. Rows of quiet streams that stay behind the checkpoint of our
  // next commit would make the next engine refuse as too old what the archive has long had.
  change_set known;
  for (auto& [id, row] : ledger->streams())
    known.put(stream_record{parts.tenant, id, row.start_lsn, row.position, row.dropped});
  VARVE_PLANT(quiet_rows_not_written, known = {});
  later(std::move(known));
  self->send(parts.log_stream, begin_atom::value, epoch.value, rows, begins_anew,
             ledger->round().start_scn != 0);
  if (ledger->round().status == round_status::interrupted && !stop_wanted)
    intake.set_gate(intake_gate::interrupted);
  else if (intake.gate() == intake_gate::interrupted)
    intake.set_gate(intake_gate::open); // the catalog was mistaken, or another engine's
  publish_status();
  want_cycle();
}

/// The destination says that its last round has ended, and nobody wants another. A catalog that lost its last
/// writes says otherwise: its gate would take log that nobody archives.
checkpoint_state::end_of_round checkpoint_state::heard_of_end() {
  if (parts.status.round.status == round_status::stop && !stop_wanted)
    return end_of_round::known;
  parts.intake->set_gate(intake_gate::closed);
  if (parts.status.round.id > ledger->round().id)
    return end_of_round::ours_to_say; // that one never began there
  stop_wanted = false;
  ++stop_order;
  break_wanted.reset();
  change_set changes;
  clear_alarm(changes);
  parts.status.counts = sequence->newest().round_counts;
  put_status(changes, round_status::stop);
  end_here(std::move(changes), "the round was stopped");
  return end_of_round::known;
}

void checkpoint_state::abandon(const std::string& why) {
  self->send(parts.log_stream, end_atom::value, why);
  let_go();
}

void checkpoint_state::let_go() {
  ++generation;
  self->send(parts.writer, end_atom::value);
  sequence.reset();
  ledger.reset();
  in_cycle = cycle_again = in_pass = round_is_over = ending_old_round = false;
  positions_known = false; // another engine may go on with the tenant
  retry_operation.reset();
  making = nullptr;
  writer_trouble = pass_trouble = nullptr;
  noted.clear();
  cycle_moved.clear();
  cycle_dropped.clear();
  cycle_noted.clear();
  take_back_waits();
  // A claim that no commit has made must not keep out what comes again.
  parts.intake->set_checkpoint(parts.status.round.checkpoint_scn);
}

void checkpoint_state::lost(const error& why) {
  if (!in_force())
    return outbox_is_void(why);
  parts.intake->set_gate(intake_gate::fenced); // first: nothing may be accepted after it was given up
  auto told = why;
  told.message += archived_upto();
  // A break that no commit of ours says is none if the other engine has that log.
  for (auto& left : parts.outbox)
    if (left.status == round_status::interrupted && left.destination == parts.destination &&
        left.round >= parts.status.round.id)
      suspected.push_back(break_of(left));
  leave(phase::fenced, why);
  commit_trouble = std::make_shared<const error>(std::move(told));
  // How our last round ended is not ours to say any more.
  change_set changes;
  void_outbox(changes, [](auto&) { return true; });
  VARVE_PLANT(fenced_outbox_kept, changes = {});
  if (!changes.empty())
    record(std::move(changes), [] {});
  publish_status();
  tell([tenant = parts.tenant, why](archive_listener& listener) { listener.on_fenced(tenant, why.message); });
  if (stop_wanted)
    stop_here(false); // what we wanted to say there is void; the round is over for us
}

void checkpoint_state::stopped(const error& why) {
  if (!in_force() && now_in != phase::idle) {
    // The outbox is told some other time; where that would make one commit after the other, in another life.
    bool owned = now_in == phase::owner || (sequence && sequence->owns());
    outbox_waits = owned && why.code != errc::foreign_destination;
    parts.intake->set_gate(intake_gate::closed);
    abandon(why.message);
    now_in = phase::idle;
    commit_trouble = std::make_shared<const error>(why);
    return publish_status();
  }
  parts.intake->set_gate(intake_gate::stopped, why);
  leave(phase::stopped, why);
  publish_status();
  if (stop_wanted)
    stop_here(false);
}

/// Nothing more is committed until ARCHIVELOG takes the tenant back.
void checkpoint_state::leave(phase into, const error& why) {
  abandon(why.message);
  now_in = into;
  break_wanted.reset(); // it is judged again then, by what is journalled
  commit_trouble = std::make_shared<const error>(why);
  fail_waits(waits, why);
  answer(close_promises);
}

/// Reads back the block that ends where the stream's archived log ends.
void checkpoint_state::load_repeat(stream_id id) {
  auto stream = parts.intake->find(id);
  if (!stream)
    return;
  auto position = stream->committed();
  using loaded = std::pair<block_header, bytes>;
  if (position.next_lsn == 0)
    return stream->on_compare_block(std::nullopt);
  run_io<loaded>(
      self, parts.pool, "read block",
      [tenant = parts.tenant, archive = parts.archive, id, position](destination& where) -> result<loaded> {
        VARVE_TRY_ASSIGN(auto block, read_block_covering(where, tenant, id, position.next_lsn - 1, &archive));
        if (!block)
          return fail(errc::entry_not_exist, "no block ends there");
        return loaded{block->header, std::move(block->raw)};
      },
      [stream, intake = parts.intake, id, this](result<loaded> got) {
        if (got.ok())
          stream->on_compare_block(std::move(*got));
        else
          stream->on_compare_block(std::nullopt);
        self->send(parts.log_stream, room_atom::value, id.value);
      });
}

} // namespace varve
