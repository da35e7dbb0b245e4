#include "engine/reader/restore_plan.hpp"

#include "engine/reader/round_join.hpp"

#include <algorithm>

namespace varve {
namespace {

void extend(restore_window& window, const catalogued_round& round, const catalogued_round* before,
            std::optional<stream_id> only) {
  window.last_round = round.round.id;
  if (window.start_scn == 0)
    window.start_scn = round.round.start_scn;
  window.checkpoint_scn = std::max(window.checkpoint_scn, round.round.checkpoint_scn);
  for (auto& row : round.streams) {
    if (only && row.stream != *only)
      continue;
    auto begin = log_begin(row, before ? find_row(before->streams, row.stream) : nullptr).next_lsn;
    auto at = std::find_if(window.streams.begin(), window.streams.end(),
                           [&](const stream_extent& x) { return x.stream == row.stream; });
    if (at == window.streams.end())
      at = window.streams.insert(at, {row.stream, begin, begin, 0, false});
    at->next_lsn = std::max(row.position.next_lsn, begin);
    at->last_scn = row.position.last_scn;
    at->dropped = row.dropped;
  }
}

/// The commit names the stream of the current round; of an ended one it is the one that stands lowest.
std::optional<stream_id> limiting_stream(const piece_catalogue& catalogue, const restore_window& window) {
  auto& record = catalogue.state.commit.record;
  if (record.round.id == window.last_round && record.limiting_stream)
    return record.limiting_stream;
  const stream_extent* lowest = nullptr;
  for (auto& x : window.streams)
    if (!x.dropped && (!lowest || x.last_scn < lowest->last_scn))
      lowest = &x;
  return lowest ? std::optional(lowest->stream) : std::nullopt;
}

bool has_log(const restore_window& window) {
  return std::any_of(window.streams.begin(), window.streams.end(),
                     [](auto& x) { return x.first_lsn < x.next_lsn; });
}

std::string rounds_text(const restore_window& x) {
  if (x.first_round == x.last_round)
    return "round " + to_string(x.first_round);
  return "rounds " + to_string(x.first_round) + " to " + to_string(x.last_round);
}

std::string time_text(scn x) {
  return std::to_string(x) + " (" + format_time(x) + ")";
}

error not_there(std::string message, std::string hint = {}) {
  return fail(errc::entry_not_exist, std::move(message), std::move(hint));
}

error no_such_lsn(const std::vector<restore_window>& windows, const restore_options& options) {
  std::string text = "the LSNs asked for of stream " + to_string(*options.stream) + " of tenant " +
                     to_string(options.tenant) + " are not in the archive; it has";
  bool any = false;
  for (auto& window : windows)
    for (auto& x : window.streams) {
      text += (any ? ", [" : " [") + std::to_string(x.first_lsn) + ", " + std::to_string(x.next_lsn) +
              ") in " + rounds_text(window);
      any = true;
    }
  return not_there(any ? text : text + " nothing of it", "ask for a part of one of these ranges");
}

bool has_lsn(const restore_window& window, const restore_options& options) {
  for (auto& x : window.streams) {
    auto from = options.from_lsn.value_or(x.first_lsn), to = options.to_lsn.value_or(x.next_lsn);
    if (from >= x.first_lsn && from <= x.next_lsn && to >= x.first_lsn && to <= x.next_lsn)
      return true;
  }
  return false;
}

status check_options(const restore_options& options) {
  if ((options.from_lsn || options.to_lsn) && !options.stream)
    return fail(errc::invalid_argument,
                "an LSN range needs a stream: LSNs of different streams do not compare");
  if (options.from_lsn && options.to_lsn && *options.from_lsn >= *options.to_lsn)
    return fail(errc::invalid_argument, "the LSN range [" + std::to_string(*options.from_lsn) + ", " +
                                            std::to_string(*options.to_lsn) + ") is empty");
  if (options.from_scn && options.until && *options.from_scn > *options.until)
    return fail(errc::invalid_argument, "the SCN range " + std::to_string(*options.from_scn) + ".." +
                                            std::to_string(*options.until) + " is empty");
  return {};
}

/// The newest window that has what is wanted; time is checked against it afterwards.
result<restore_window> choose(const std::vector<restore_window>& windows, const restore_options& options) {
  auto tenant = "tenant " + to_string(options.tenant);
  if (options.round) {
    for (auto& x : windows) // they end with that round
      if (*options.round <= x.last_round) {
        if ((options.from_lsn || options.to_lsn) && !has_lsn(x, options))
          return no_such_lsn({x}, options);
        return x;
      }
    return fail(errc::invalid_argument,
                tenant + " has no round " + to_string(*options.round) + " in the archive");
  }
  if (options.from_lsn || options.to_lsn) {
    for (auto x = windows.rbegin(); x != windows.rend(); ++x)
      if (has_lsn(*x, options))
        return *x;
    return no_such_lsn(windows, options);
  }
  auto earliest = options.from_scn ? options.from_scn : options.until;
  const restore_window* oldest = nullptr;
  for (auto x = windows.rbegin(); x != windows.rend(); ++x) {
    if (!has_log(*x))
      continue;
    if (!earliest || (x->start_scn != 0 && x->start_scn <= *earliest))
      return *x;
    oldest = &*x;
  }
  if (!oldest) {
    if (options.stream)
      return not_there(tenant + " has no log of stream " + to_string(*options.stream));
    return not_there(tenant + " has no log in the archive");
  }
  if (oldest->start_scn == 0)
    return not_there("the first round of " + tenant + " has not begun: no point in time works");
  return not_there("the archive of " + tenant + " begins at SCN " + time_text(oldest->start_scn) +
                   ", after " + time_text(*earliest));
}

/// T above the checkpoint: which T works, and who holds it back.
status check_until(const restore_window& window, const restore_options& options) {
  if (options.until && *options.until < window.start_scn)
    return not_there(rounds_text(window) + " of tenant " + to_string(options.tenant) + " begins at SCN " +
                     time_text(window.start_scn) + ", after " + time_text(*options.until));
  if (!options.until || options.beyond_checkpoint || *options.until <= window.checkpoint_scn)
    return {};
  std::string text = "UNTIL " + time_text(*options.until) + " is above the checkpoint of " +
                     rounds_text(window) + " of tenant " + to_string(options.tenant) + ": ";
  if (window.checkpoint_scn == 0)
    return not_there(text + "there is no checkpoint yet", "wait for the first one");
  text += "the largest that works is " + time_text(window.checkpoint_scn);
  if (window.limiting_stream) {
    text += ", held back by stream " + to_string(*window.limiting_stream);
    for (auto& x : window.streams)
      if (x.stream == *window.limiting_stream)
        text += x.first_lsn < x.next_lsn ? ", whose last entry has SCN " + time_text(x.last_scn)
                                         : ", of which there is no log yet";
  }
  return not_there(
      text, "restore until that time, or say --beyond-checkpoint to get what is there of every stream");
}

} // namespace

std::vector<restore_window> restore_windows(const piece_catalogue& catalogue, std::optional<stream_id> stream,
                                            round_id upto) {
  std::vector<restore_window> windows;
  const catalogued_round* before = nullptr;
  for (auto& round : catalogue.rounds) {
    if (round.round.id > upto)
      break;
    if (!before || !rounds_join(*before, round, stream)) {
      windows.emplace_back();
      windows.back().first_round = round.round.id;
    }
    extend(windows.back(), round, before, stream);
    before = &round;
  }
  for (auto& x : windows) {
    std::sort(x.streams.begin(), x.streams.end(), [](auto& a, auto& b) { return a.stream < b.stream; });
    x.limiting_stream = limiting_stream(catalogue, x);
  }
  return windows;
}

result<restore_preview> plan_restore(const piece_catalogue& catalogue, const restore_options& options) {
  VARVE_TRY(check_options(options));
  restore_preview x;
  auto& commit = catalogue.state.commit;
  x.commit = commit.record.seq;
  x.committed_at = commit.record.written_at;
  if (!commit.fallback.empty())
    x.notes.push_back(commit.fallback);
  for (auto& found : catalogue.damages)
    x.notes.push_back(describe(found));
  x.windows = restore_windows(catalogue, options.stream);
  auto upto = options.round ? restore_windows(catalogue, options.stream, *options.round) : x.windows;
  VARVE_TRY_ASSIGN(x.window, choose(upto, options));
  VARVE_TRY(check_until(x.window, options));

  x.filter.first_round = x.window.first_round;
  x.filter.last_round = x.window.last_round;
  x.filter.stream = options.stream;
  if (options.from_lsn)
    x.filter.from_lsn = *options.from_lsn;
  if (options.to_lsn)
    x.filter.to_lsn = *options.to_lsn;
  if (options.from_scn)
    x.filter.from_scn = *options.from_scn;
  if (options.until)
    x.filter.until_scn = *options.until;
  return x;
}

status check_nothing_hidden(const piece_catalogue& catalogue, const restore_preview& chosen,
                            const restore_options& options) {
  if (options.round || options.from_lsn || options.from_scn)
    return {};
  const catalogued_round* before = nullptr;
  for (auto& round : catalogue.rounds) {
    if (round.round.id == chosen.window.first_round && before &&
        !(before->streams_proved && round.streams_proved)) {
      auto& lost = before->streams_proved ? round : *before;
      auto text = "the end of round " + to_string(lost.round.id) + " of tenant " + to_string(options.tenant) +
                  " cannot be read, so nobody knows whether the log goes on from round " +
                  to_string(before->round.id) + " to round " + to_string(round.round.id);
      for (auto& x : catalogue.damages)
        text += "; " + describe(x);
      return fail(code_of_loss(catalogue.damages), text,
                  "restore one after the other: --round " + to_string(before->round.id) + ", then --round " +
                      to_string(round.round.id));
    }
    before = &round;
  }
  return {};
}

result<std::optional<random_id>> identity_for_reading(destination& where, std::vector<std::string>& notes) {
  auto identity = read_identity(where);
  if (identity.ok())
    return std::optional<random_id>(identity->archive);
  if (identity.code() != errc::file_not_exist && identity.code() != errc::checksum_error)
    return identity.error();
  notes.push_back("the archive's identity cannot be read, so objects of another one would not be noticed: " +
                  identity.error().message);
  return std::optional<random_id>();
}

result<piece_catalogue> catalogue_for_reading(destination& where, const restore_options& options,
                                              const random_id* archive) {
  VARVE_TRY_ASSIGN(auto found, read_piece_catalogue(
                                   where, options.tenant,
                                   {.archive = archive, .allow_previous = options.allow_previous_commit}));
  if (!found)
    return not_there("tenant " + to_string(options.tenant) + " has nothing archived at " + where.describe(),
                     "verify lists the tenants that are there");
  return std::move(*found);
}

result<restore_preview> preview_restore(destination& where, const restore_options& options) {
  std::vector<std::string> notes;
  VARVE_TRY_ASSIGN(auto archive, identity_for_reading(where, notes));
  VARVE_TRY_ASSIGN(auto catalogue, catalogue_for_reading(where, options, archive ? &*archive : nullptr));
  VARVE_TRY_ASSIGN(auto preview, plan_restore(catalogue, options));
  preview.notes.insert(preview.notes.begin(), notes.begin(), notes.end());
  return preview;
}

} // namespace varve
