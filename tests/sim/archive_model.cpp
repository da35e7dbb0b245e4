#include "tests/sim/archive_model.hpp"

#include "engine/reader/restore_reader.hpp"
#include "engine/reader/verify.hpp"

#include <algorithm>

namespace varve::test {
namespace {

std::string name(tenant_id tenant, stream_id stream) {
  return "tenant " + to_string(tenant) + " stream " + to_string(stream);
}

[[noreturn]] void broken(const std::string& what) {
  throw broken_claim(what);
}

void mark(std::vector<char>& numbers, std::size_t first, std::size_t end) {
  numbers.resize(std::max(numbers.size(), end));
  std::fill(numbers.begin() + static_cast<std::ptrdiff_t>(first),
            numbers.begin() + static_cast<std::ptrdiff_t>(end), char{1});
}

bool has(const std::vector<char>& numbers, std::size_t which) {
  return which < numbers.size() && numbers[which] != 0;
}

} // namespace

void archive_model::acknowledged(tenant_id tenant, stream_id stream, std::size_t first, lsn upto) {
  auto& of = log_.at(tenant, stream);
  auto end = host_log::find(of, upto);
  bool whole = end < of.entries.size() ? of.entries[end].lsn == upto : upto == host_log::end_of(of);
  if (!whole)
    broken(name(tenant, stream) + ": LSN " + std::to_string(upto) +
           " was acknowledged, and no entry ends there");
  if (first < end)
    mark(acknowledged_[tenant][stream], first, end);
  ++counts_.acknowledgements;
}

void archive_model::published(const std::string& uri, tenant_id tenant, round_id round, scn checkpoint) {
  auto& known = checkpoints_[{uri, tenant, round}];
  known = std::max(known, checkpoint);
}

void archive_model::read_window(const place& from, tenant_id tenant, const restore_window& window,
                                content& here, content& all) {
  auto who = from.uri + " tenant " + to_string(tenant) + " round " + to_string(window.last_round);
  restore_options options;
  options.tenant = tenant;
  options.threads = 1;
  options.round = window.last_round;
  auto reader = restore_reader::open(from.where, options);
  bool empty = std::ranges::all_of(window.streams, [](auto& x) { return x.first_lsn == x.next_lsn; });
  if (reader.code() == errc::entry_not_exist && empty)
    return check_checkpoint(who, tenant, window, {});
  if (!reader.ok())
    broken(who + " cannot be restored: " + reader.error().to_string());
  struct run {
    std::size_t first = 0, next = 0;
  };
  std::map<stream_id, run> runs;
  scn last_scn = 0;
  for (;;) {
    auto batch = (*reader)->next();
    if (!batch.ok())
      broken(who + ": the restore ends early: " + batch.error().to_string());
    if (!*batch)
      break;
    auto id = (*batch)->stream;
    auto& entries = log_.at(tenant, id).entries;
    for (auto& entry : (*batch)->entries) {
      auto at = runs.try_emplace(id).first;
      if (at->second.next == 0) {
        auto begin = host_log::find(log_.at(tenant, id), entry.lsn);
        at->second = {begin, begin};
      }
      auto next = at->second.next++;
      auto it = [&] { return name(tenant, id) + " (" + who + "): LSN " + std::to_string(entry.lsn); };
      if (next >= entries.size())
        broken(it() + " came back, and was never written");
      auto& wanted = entries[next];
      if (entry.lsn != wanted.lsn || entry.next_lsn != wanted.next_lsn || entry.scn != wanted.scn)
        broken(it() + " SCN " + std::to_string(entry.scn) + " came back where LSN " +
               std::to_string(wanted.lsn) + " SCN " + std::to_string(wanted.scn) + " was expected");
      if (!equal(entry.payload, host_log::payload(tenant, id, wanted)))
        broken(it() + " came back with other bytes");
      if (entry.scn < last_scn)
        broken(it() + " came back out of order");
      last_scn = entry.scn;
      ++counts_.compared_entries;
    }
  }
  content got;
  for (auto& [id, run] : runs) {
    for (auto i = run.first; i < run.next; ++i)
      if (has(here[id], i))
        broken(name(tenant, id) + " (" + who + "): LSN " +
               std::to_string(log_.at(tenant, id).entries[i].lsn) + " is in an earlier window, too");
    for (auto* each : {&got, &here, &all})
      mark((*each)[id], run.first, run.next);
  }
  check_checkpoint(who, tenant, window, got);
}

/// A stream that was dropped counts while it was there.
void archive_model::check_checkpoint(const std::string& who, tenant_id tenant, const restore_window& window,
                                     const content& got) const {
  for (auto& [id, of] : log_.streams(tenant)) {
    auto found = got.find(id);
    if (found == got.end() && of.dropped)
      continue;
    for (std::size_t i = 0; i < of.entries.size(); ++i) {
      auto& entry = of.entries[i];
      if (entry.scn <= window.start_scn || entry.scn > window.checkpoint_scn)
        continue;
      if (found == got.end() || !has(found->second, i))
        broken(name(tenant, id) + " (" + who + "): the checkpoint " + std::to_string(window.checkpoint_scn) +
               " of the window from " + std::to_string(window.start_scn) + " claims LSN " +
               std::to_string(entry.lsn) + " with SCN " + std::to_string(entry.scn) +
               ", which does not come back");
    }
  }
}

void archive_model::check_rounds(const std::string& who, const piece_catalogue& known,
                                 const std::string& uri) const {
  const catalogued_round* before = nullptr;
  for (auto& each : known.rounds) {
    auto& round = each.round;
    auto it = who + " round " + to_string(round.id);
    if (before != nullptr && (before->round.id >= round.id || before->round.status != round_status::stop))
      broken(it + " follows round " + to_string(before->round.id) + ", which is " +
             std::string(to_string(before->round.status)));
    before = &each;
    auto published = checkpoints_.find({uri, known.tenant, round.id});
    if (published != checkpoints_.end() && round.checkpoint_scn < published->second)
      broken(it + ": the checkpoint " + std::to_string(published->second) +
             " was published, but the archive's is " + std::to_string(round.checkpoint_scn));
    if (auto& broke = each.interruption) {
      auto& of = log_.at(known.tenant, broke->stream);
      if (broke->oldest_left > of.oldest || broke->first_missing >= of.oldest)
        broken(it + " is said to be broken in stream " + to_string(broke->stream) + " from LSN " +
               std::to_string(broke->first_missing) + " to " + std::to_string(broke->oldest_left) +
               ", but the host still has everything from LSN " + std::to_string(of.oldest));
    }
  }
  const catalogued_piece* last = nullptr;
  for (auto& piece : known.pieces) {
    auto it = who + " piece " + to_string(piece.piece.round) + "/" + to_string(piece.piece.piece);
    if (piece.bounds.start_scn >= piece.bounds.end_scn)
      broken(it + " has no room: it ends where it starts, or before");
    if (last != nullptr && last->piece.round == piece.piece.round) {
      if (last->piece.piece.value + 1 != piece.piece.piece.value)
        broken(it + " follows piece " + to_string(last->piece.piece));
      if (last->bounds.end_scn != piece.bounds.start_scn)
        broken(it + " starts at SCN " + std::to_string(piece.bounds.start_scn) +
               ", but the one before it ends at " + std::to_string(last->bounds.end_scn));
      if (last->status != piece_status::frozen && piece.status == piece_status::frozen)
        broken(it + " is frozen before the one before it");
    }
    last = &piece;
  }
}

void archive_model::read(const place& from, tenant_id tenant, content& all) {
  auto who = from.uri + " tenant " + to_string(tenant);
  auto known = read_piece_catalogue(*from.where, tenant, {});
  if (!known.ok())
    broken(who + " cannot be read: " + known.error().to_string());
  if (!*known)
    return; // no commit
  if (!(*known)->damages.empty())
    broken(who + " is damaged: " + describe((*known)->damages.front()));
  check_rounds(who, **known, from.uri);
  content here;
  for (auto& window : restore_windows(**known, std::nullopt))
    read_window(from, tenant, window, here, all);
}

void archive_model::require(tenant_id tenant, content& all, const content& wanted, const char* why) const {
  for (auto& [id, numbers] : wanted)
    for (std::size_t i = 0; i < numbers.size(); ++i)
      if (has(numbers, i) && !has(all[id], i))
        broken(name(tenant, id) + ": LSN " + std::to_string(log_.at(tenant, id).entries[i].lsn) + " " + why +
               ", and does not come back");
}

void archive_model::check(const std::vector<place>& places, bool crashed) {
  ++counts_.checks;
  for (auto tenant : log_.tenants()) {
    content all;
    for (auto& place : places)
      read(place, tenant, all);
    require(tenant, all, acknowledged_[tenant],
            crashed ? "was acknowledged before a power failure" : "was acknowledged");
    if (crashed)
      continue;
    require(tenant, all, came_back_[tenant], "came back once");
    came_back_[tenant] = std::move(all);
  }
}

void archive_model::check_complete(const std::vector<place>& places) {
  check(places);
  for (auto& place : places) {
    auto report = verify_archive(*place.where, {.tenant = {}, .threads = 1, .progress = {}});
    if (!report.ok())
      broken(place.uri + " cannot be verified: " + report.error().to_string());
    if (!report->problems.empty())
      broken("verify " + place.uri + ": " + describe(report->problems.front()));
  }
}

} // namespace varve::test
