#include "tests/crash/told_book.hpp"

#include "engine/destination/destination.hpp"
#include "engine/reader/piece_catalogue.hpp"
#include "engine/reader/round_join.hpp"

#include <algorithm>
#include <set>
#include <sstream>

namespace varve::test {
namespace {

[[noreturn]] void broken(const std::string& what) {
  throw broken_claim(what);
}

template <class Key>
std::string name(const Key& of) {
  return "tenant " + to_string(of.first) + " stream " + to_string(of.second);
}

} // namespace

// ---- what was told
// ---------------------------------------------------------------------------------------------

void told_book::take(const std::string& line, std::uint64_t host) {
  if (std::find(hosts_.begin(), hosts_.end(), host) == hosts_.end())
    hosts_.push_back(host);
  ++counted_.lines;
  std::istringstream words(line);
  std::string kind;
  std::uint64_t a = 0, b = 0, c = 0, d = 0;
  words >> kind;
  if (kind == "phase") {
    words >> phase_;
    std::string what;
    if (phase_ == "statement" && words >> what && words >> what && words >> what)
      phase_ += " " + what;
    if (phase_ == "work")
      phase_ = "takeover";
    return;
  }
  if (kind == "said")
    phase_ = "work";
  if (kind == "broken" || kind == "failed")
    broken("host " + std::to_string(host) + ": " + line);
  if (kind != "durable" && kind != "ack" && kind != "archived" && kind != "recyclable" && kind != "view" &&
      kind != "checkpoint" && kind != "handed" && kind != "gone" && kind != "recycled")
    return;
  words >> a >> b >> c;
  if (kind == "checkpoint") {
    auto& told = told_checkpoints_[{host, tenant_id{a}, round_id{b}}];
    if (c < told)
      broken("host " + std::to_string(host) + ": the view says '" + line + "', and said " +
             std::to_string(told) + " before");
    told = c;
    auto& published = published_[{tenant_id{a}, round_id{b}}];
    published = std::max(published, c);
    ++counted_.checkpoints;
    return;
  }
  auto& of = streams_[{tenant_id{a}, stream_id{b}}];
  if (kind == "gone" && words >> d) {
    of.gone.push_back({c, d, {}, {}});
  } else if (kind == "recycled") {
    of.recycled = std::max(of.recycled, c);
  } else if (kind == "handed") {
    of.handed = std::max(of.handed, c);
  } else {
    if (!log_.find(tenant_id{a}, stream_id{b}, c))
      broken("host " + std::to_string(host) + ": '" + line + "', but no entry ends there");
    auto& known = of.acknowledged[host];
    known = std::max(known, c);
    ++counted_.acknowledgements;
    if (phase_ == "takeover" && (kind == "durable" || kind == "ack"))
      phase_ = "work";
  }
}

std::vector<std::string> told_book::first_left() const {
  std::vector<std::string> all;
  for (auto& [of, book] : streams_) {
    auto upto = book.recycled;
    for (auto& each : book.gone)
      upto = std::max(upto, each.next);
    if (upto > 0)
      all.push_back(to_string(of.first) + " " + to_string(of.second) + " " + std::to_string(upto));
  }
  return all;
}

// ---- what the archive says
// -------------------------------------------------------------------------------------

void told_book::check(const std::string& uri, bool all, bool living) {
  auto parsed = parse_destination_uri(uri);
  auto where = open_destination(*parsed, open_mode::read_only, "check");
  if (!where.ok())
    broken("the archive cannot be opened: " + where.error().to_string());
  std::vector<tenant_id> tenants;
  for (auto& [of, book] : streams_)
    if (tenants.empty() || tenants.back() != of.first)
      tenants.push_back(of.first);
  for (auto tenant : tenants)
    read(*where, tenant, all, living);
  for (auto& [of, book] : streams_)
    check_acknowledged(of, book, living);
}

void told_book::check_complete(const std::string& uri) {
  check(uri, true);
  for (auto& [of, book] : streams_) {
    // What its host let go between rounds may be the last there is.
    auto end = beyond_gone(book, end_of(of.first, of.second));
    if (end != book.handed)
      broken(name(of) + ": log up to LSN " + std::to_string(book.handed) +
             " was handed over and flushed, but the archive ends at LSN " + std::to_string(end));
  }
}

lsn told_book::end_of(tenant_id tenant, stream_id stream) const {
  auto found = streams_.find({tenant, stream});
  return found == streams_.end() || found->second.found.empty() ? 0 : found->second.found.back().next;
}

std::pair<lsn, lsn> told_book::last_run_of(tenant_id tenant, stream_id stream) const {
  auto& found = streams_.at({tenant, stream}).found;
  auto first = found.rbegin();
  auto follows = [](const span& later, const span& before) {
    // Where a round has none of its log, it may have skipped some.
    return before.next == later.first && before.last_round.value + 1 == later.first_round.value &&
           later.at_once;
  };
  while (first + 1 != found.rend() && follows(*first, first[1]))
    ++first;
  return {first->first, found.back().next};
}

void told_book::read(const std::shared_ptr<destination>& where, tenant_id tenant, bool all, bool living,
                     unsigned looks) {
  restore_options options;
  options.tenant = tenant;
  auto preview = preview_restore(*where, options);
  for (auto& [of, book] : streams_)
    if (of.first == tenant) {
      book.found.clear();
      book.owned.clear();
    }
  if (preview.code() == errc::entry_not_exist)
    return; // no commit, or none that holds log
  if (!preview.ok())
    broken("tenant " + to_string(tenant) + " cannot be restored: " + preview.error().to_string());
  auto known_rounds = read_piece_catalogue(*where, tenant, {});
  auto has_log = [&](round_id round, stream_id id) {
    if (!known_rounds.ok() || !*known_rounds)
      return false;
    for (auto& each : (*known_rounds)->rounds)
      if (auto* row = each.round.id == round ? find_row(each.streams, id) : nullptr)
        return row->position.next_lsn > row->start_lsn;
    return false;
  };
  for (auto& window : preview->windows) {
    bool newest = window.last_round == preview->windows.back().last_round;
    auto& known = compared_[{tenant, window.first_round, window.last_round}];
    if (!known.over || all) {
      auto got = compare(where, tenant, window);
      if (!got && looks > 0) // a host may be writing
        return read(where, tenant, all, living, looks - 1);
      if (!got)
        broken("tenant " + to_string(tenant) + ": round " + to_string(window.last_round) +
               " is in another window each time");
      known = std::move(*got);
    }
    known.over = !newest;
    for (auto& [id, range] : known.found) {
      auto& book = streams_[{tenant, id}];
      auto end = book.found.empty() ? lsn{0} : book.found.back().next;
      if (range.first < end)
        broken(name(key{tenant, id}) + ": LSN " + std::to_string(range.first) +
               " comes back in two windows, once from round " + to_string(window.first_round) + " on");
      book.found.push_back(
          {range.first, range.next, window.first_round, window.last_round, has_log(window.first_round, id)});
      for (auto& owner : known.owned[id])
        if (book.owned.empty() || book.owned.back().first != owner.first)
          book.owned.push_back(owner);
    }
    if (!living)
      check_claim(tenant, window);
  }
  auto before = newest_.find(tenant);
  auto& now = preview->windows.back();
  if (before != newest_.end() && before->second.last_round == now.last_round &&
      now.checkpoint_scn < before->second.checkpoint_scn)
    broken("tenant " + to_string(tenant) + ": the checkpoint of round " + to_string(now.last_round) +
           " has gone back from " + std::to_string(before->second.checkpoint_scn) + " to " +
           std::to_string(now.checkpoint_scn));
  newest_[tenant] = now;
  for (auto& [of, scn] : published_) {
    if (of.first != tenant)
      continue;
    auto holds = std::find_if(preview->windows.begin(), preview->windows.end(), [&](auto& window) {
      return window.first_round <= of.second && of.second <= window.last_round;
    });
    if (holds == preview->windows.end() || holds->checkpoint_scn < scn)
      broken("tenant " + to_string(tenant) + ": the checkpoint " + std::to_string(scn) + " of round " +
             to_string(of.second) + " was published, but the archive's is " +
             (holds == preview->windows.end() ? "none" : std::to_string(holds->checkpoint_scn)));
  }
}

/// Nullopt: the last round of that window has joined another one meanwhile.
std::optional<told_book::compared_window> told_book::compare(const std::shared_ptr<destination>& where,
                                                             tenant_id tenant, const restore_window& window) {
  restore_options options;
  options.tenant = tenant;
  options.round = window.last_round;
  auto reader = restore_reader::open(where, options);
  auto what = "tenant " + to_string(tenant) + " round " + to_string(window.last_round);
  if (reader.code() == errc::entry_not_exist && window.streams.empty())
    return compared_window{};
  if (!reader.ok())
    broken(what + " cannot be restored: " + reader.error().to_string());
  if ((*reader)->preview().window.first_round != window.first_round)
    return std::nullopt;
  compared_window got;
  std::tuple<scn, stream_id, lsn> last{};
  for (;;) {
    auto batch = (*reader)->next();
    if (!batch.ok())
      broken(what + ": the restore ends early: " + batch.error().to_string());
    if (!*batch)
      break;
    for (auto& entry : (*batch)->entries) {
      std::tuple<scn, stream_id, lsn> place{entry.scn, (*batch)->stream, entry.lsn};
      if (place <= last)
        broken(what + " stream " + to_string((*batch)->stream) + ": LSN " + std::to_string(entry.lsn) +
               " comes back out of order");
      last = place;
      compare_entry({tenant, (*batch)->stream}, entry, got);
    }
  }
  return got;
}

void told_book::compare_entry(const key& of, const log_entry& entry, compared_window& into) {
  auto at = name(of) + ": LSN " + std::to_string(entry.lsn);
  auto number = log_.find(of.first, of.second, entry.lsn);
  if (!number)
    broken(at + " comes back, and no entry starts there");
  auto wanted = log_.at(of.first, of.second, *number);
  if (entry.next_lsn != wanted.next_lsn || entry.scn != wanted.scn)
    broken(at + " comes back as [" + std::to_string(entry.lsn) + ", " + std::to_string(entry.next_lsn) +
           ") with SCN " + std::to_string(entry.scn) + ", which it never was");
  auto [range, first] = into.found.try_emplace(of.second, span{entry.lsn, entry.lsn, {}, {}});
  if (range->second.next != entry.lsn)
    broken(at + " comes back after LSN " + std::to_string(range->second.next));
  range->second.next = entry.next_lsn;
  std::vector<std::uint64_t> whose;
  for (auto host : hosts_)
    if (equal(entry.payload, log_.payload(of.first, of.second, *number, host)))
      whose.push_back(host);
  if (whose.empty())
    broken(at + " comes back with other bytes");
  auto& owned = into.owned[of.second];
  if (whose.size() == 1 && (owned.empty() || owned.back().first != whose[0]))
    owned.emplace_back(whose[0], entry.lsn);
  ++counted_.entries;
  counted_.bytes += entry.payload.size();
}

/// The first LSN from `at` on that was ever handed over.
lsn told_book::beyond_gone(const stream_book& of, lsn at) const {
  for (bool moved = true; std::exchange(moved, false);)
    for (auto& each : of.gone)
      if (each.first <= at && at < each.next) {
        at = each.next;
        moved = true;
      }
  return at;
}

/// The next entry of every stream, where a window ends, must lie above its checkpoint.
void told_book::check_claim(tenant_id tenant, const restore_window& window) {
  for (auto& [of, book] : streams_) {
    if (of.first != tenant)
      continue;
    auto end = beyond_gone(book, book.found.empty() ? lsn{0} : book.found.back().next);
    auto next = log_.at(tenant, of.second, log_.find(tenant, of.second, end).value());
    if (next.scn <= window.checkpoint_scn)
      broken(name(of) + ": the checkpoint " + std::to_string(window.checkpoint_scn) + " of round " +
             to_string(window.last_round) + " claims LSN " + std::to_string(next.lsn) + " with SCN " +
             std::to_string(next.scn) + ", but the archive ends there");
  }
}

/// Everything up to what was acknowledged, and up to where the archive ends, is there or was never handed
/// over.
void told_book::check_acknowledged(const key& of, const stream_book& book, bool living) const {
  auto at = beyond_gone(book, 0);
  auto told_of_more = [&] {
    return std::any_of(book.acknowledged.begin(), book.acknowledged.end(),
                       [&](auto& told) { return told.second > at; });
  };
  for (auto& range : book.found) {
    if (range.first > at && living && !told_of_more())
      break; // its host may be about to say that this log is gone
    if (range.first > at)
      broken(name(of) + ": the archive goes on at LSN " + std::to_string(range.first) +
             ", and log from LSN " + std::to_string(at) + " on is missing");
    at = beyond_gone(book, std::max(at, range.next));
  }
  for (auto& [host, upto] : book.acknowledged)
    if (at < upto)
      broken(name(of) + ": host " + std::to_string(host) + " was told that everything below LSN " +
             std::to_string(upto) + " is durable, but the archive ends at LSN " + std::to_string(at));
}

void told_book::check_owners() const {
  std::map<tenant_id, std::set<std::pair<std::uint64_t, std::uint64_t>>> before;
  for (auto& [of, book] : streams_) {
    std::string text;
    for (auto& [host, from] : book.owned)
      text += " host " + std::to_string(host) + " from LSN " + std::to_string(from) + " on";
    for (auto one = book.owned.begin(); one != book.owned.end(); ++one)
      for (auto later = one + 1; later != book.owned.end(); ++later) {
        if (one->first == later->first || before[of.first].contains({later->first, one->first}))
          broken(name(of) + ": the logs of hosts are mixed:" + text);
        before[of.first].emplace(one->first, later->first);
        auto told = book.acknowledged.find(one->first);
        if (told != book.acknowledged.end() && told->second > later->second)
          broken(name(of) + ": host " + std::to_string(one->first) + " was told that log up to LSN " +
                 std::to_string(told->second) + " is durable, but the archive has that of" + text);
      }
  }
}

} // namespace varve::test
