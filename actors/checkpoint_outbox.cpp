// What a destination is still owed, a break or the end of a round, and whether it is ours to tell.
#include "actors/checkpoint_state.hpp"
#include "engine/base/planted_bug.hpp"

#include <algorithm>

namespace varve {

/// Has an engine of this catalog made the commit that a takeover found? Also one of which the catalog has not
/// heard.
bool checkpoint_state::is_ours(const commit_record& found) const {
  VARVE_PLANT(any_commit_is_ours, return true);
  return std::ranges::find(parts.known_as, found.writer) != parts.known_as.end();
}

/// Is the takeover for the outbox alone? Then nothing is lost where it comes to nothing.
bool checkpoint_state::only_to_tell() const {
  return !in_force() || (taking_to_tell && !has_news());
}

/// Who takes over writes down as whom, before the commit that says so can be there. True: that is done; else
/// `before` is run after it.
bool checkpoint_state::note_writer(const commit_sequence::step& before) {
  VARVE_PLANT(writer_not_noted, return true);
  auto& known = parts.known_as;
  if (!known.empty() && known.back() == sequence->writer())
    return true;
  // A create of one before the writer of what was found comes too late: its number is taken.
  auto found = std::ranges::find(known, sequence->newest().writer);
  bool ours = found != known.end();
  if (ours)
    known.erase(known.begin(), found);
  if (known.size() == writer_record::writers_max)
    known.erase(known.begin() + (ours ? 1 : 0)); // by the first the destination is known as ours
  known.push_back(sequence->writer());
  change_set changes;
  changes.put(writer_record{parts.tenant, parts.destination, known});
  auto go_on = [this, of = generation, before] {
    if (of == generation)
      run(before);
  };
  record(std::move(changes), go_on, [this, of = generation, go_on] {
    if (of != generation || !only_to_tell())
      return go_on(); // nothing is owed that the next life could take for another engine's to tell
    outbox_waits = true;
    abandon("the catalog cannot be written");
    answer(close_promises);
    now_in = in_force() ? phase::quiet : phase::idle;
  });
  return false;
}

void checkpoint_state::forget_outbox(change_set& changes,
                                     const std::function<bool(const outbox_record&)>& which) {
  std::erase_if(parts.outbox, [&](auto& left) {
    bool gone = left.destination == parts.destination && which(left);
    if (gone)
      changes.erase_outbox(parts.tenant, left.number);
    return gone;
  });
}

/// Another engine knows what of the outbox is so: a break that is none to it must not stay in the history,
/// and one that is comes back from the destination.
void checkpoint_state::void_outbox(change_set& changes,
                                   const std::function<bool(const outbox_record&)>& which) {
  forget_outbox(changes, [&](auto& left) {
    bool gone = which(left);
    if (gone && left.status == round_status::interrupted) {
      changes.erase_break(parts.tenant, left.round);
      if (parts.broke && parts.broke->round == left.round)
        parts.broke.reset();
      ++*voided_breaks;
    }
    return gone;
  });
}

/// After a takeover: what could not be said while the destination was away. True: the round is over, and the
/// destination does not know it.
bool checkpoint_state::apply_outbox() {
  auto& round = ledger->round();
  // A break that an engine without the tenant believed in: the one who had it has archived that log.
  auto mistaken = [&](const outbox_record& left) {
    auto* row = ledger->stream(left.break_stream);
    return left.status == round_status::interrupted && left.round == round.id && left.oldest_left != 0 &&
           row != nullptr && row->position.next_lsn >= left.oldest_left;
  };
  auto over = [&](const outbox_record& left) {
    if (left.round > round.id) // it never began there, and may be about to
      return left.status == round_status::stop || left.round != recorded_round();
    return left.round < round.id || round.status == round_status::stop;
  };
  change_set changes;
  void_outbox(changes, mistaken);
  forget_outbox(changes, over); // told before, or by another engine, or the round never began there
  if (!changes.empty())
    record(std::move(changes), [] {});
  apply_break();
  return std::any_of(parts.outbox.begin(), parts.outbox.end(), [&](auto& left) {
    return left.destination == parts.destination && left.round == round.id &&
           left.status == round_status::stop;
  });
}

break_record checkpoint_state::break_of(const outbox_record& left) {
  return {left.break_stream, left.first_missing, left.oldest_left, left.decided_at, left.reason};
}

/// A break that was noticed before the takeover, perhaps in an earlier life.
void checkpoint_state::apply_break() {
  auto& round = ledger->round();
  for (auto& left : parts.outbox)
    if (left.status == round_status::interrupted && left.round == round.id &&
        left.destination == parts.destination && !ledger->interruption()) {
      round.status = round_status::interrupted;
      ledger->interruption() = break_of(left);
    }
}

/// The row's round is over, at another destination: only how one before ended is to be told here.
bool checkpoint_state::row_is_elsewhere() const {
  auto& row = parts.status;
  return row.round.status == round_status::stop && row.destination != parts.destination &&
         row.round.id > ledger->round().id;
}

/// Another engine has gone on with the tenant, so how our last round ended is not ours to say any more.
void checkpoint_state::outbox_is_void(const error& why) {
  abandon("another engine has the tenant");
  now_in = phase::idle;
  auto told = why;
  told.message += "; how the last round ended here is not told there";
  commit_trouble = std::make_shared<const error>(std::move(told));
  change_set changes;
  void_outbox(changes, [](auto&) { return true; });
  record(std::move(changes), [] {});
  publish_status();
}

/// Another engine has gone on with a round that is broken here. It keeps it: an order must come here anyway,
/// and that tells of the break.
void checkpoint_state::break_waits(const error& why) {
  let_go();
  now_in = phase::quiet;
  outbox_waits = true;
  auto told = why;
  told.message += ", which has not heard of this break";
  told.hint = "NOARCHIVELOG, then ARCHIVELOG, takes the tenant back";
  commit_trouble = std::make_shared<const error>(std::move(told));
  answer(close_promises); // nothing was accepted
  publish_status();
}

} // namespace varve
