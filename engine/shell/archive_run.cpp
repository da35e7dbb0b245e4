#include "engine/shell/archive_run.hpp"

#include "engine/shell/exit_codes.hpp"
#include "engine/shell/stop_signals.hpp"
#include "engine/shell/wall_clock.hpp"

#include <algorithm>
#include <chrono>
#include <iostream>

namespace varve::shell {
namespace {

using namespace std::chrono_literals;
constexpr auto look_interval = 200ms; // how soon a stop signal is seen while the engine is waited for
constexpr duration_ns round_wait = 10 * one_second;
constexpr unsigned go_backs_max = 100;

} // namespace

void archive_events::notify_locked() {
  news_ = true;
  told_.notify_all();
}
void archive_events::on_round_began(tenant_id, round_id) {
  std::lock_guard lock{mutex_};
  notify_locked();
}
void archive_events::on_room(tenant_id, stream_id, lsn) {
  std::lock_guard lock{mutex_};
  notify_locked();
}
void archive_events::on_resend_from(tenant_id, stream_id, lsn from, std::string_view) {
  std::lock_guard lock{mutex_};
  resend_from_ = resend_from_ ? std::min(*resend_from_, from) : from;
  notify_locked();
}
void archive_events::on_fenced(tenant_id, std::string_view reason) {
  std::lock_guard lock{mutex_};
  reason_ = reason;
  notify_locked();
}
void archive_events::on_interrupted(tenant_id, std::string_view reason) {
  std::lock_guard lock{mutex_};
  reason_ = reason;
  notify_locked();
}
void archive_events::on_durable(tenant_id, stream_id, stream_position position) {
  std::lock_guard lock{mutex_};
  durable_ = std::max(durable_, position.next_lsn);
}
void archive_events::on_error(const error& why) {
  std::lock_guard lock{mutex_};
  if (!error_)
    error_ = why;
  notify_locked();
}
void archive_events::wait(std::chrono::nanoseconds limit) {
  std::unique_lock lock{mutex_};
  told_.wait_for(lock, limit, [&] { return news_; });
  news_ = false;
}
std::optional<lsn> archive_events::take_resend() {
  std::lock_guard lock{mutex_};
  return std::exchange(resend_from_, std::nullopt);
}
lsn archive_events::durable() const {
  std::lock_guard lock{mutex_};
  return durable_;
}
std::string archive_events::reason() const {
  std::lock_guard lock{mutex_};
  return reason_;
}
std::optional<error> archive_events::take_error() {
  std::lock_guard lock{mutex_};
  return std::exchange(error_, std::nullopt);
}

archive_run::archive_run(archive_engine& engine, log_stream& stream, log_input& input, archive_events& events,
                         progress& shown, options how)
    : engine_(engine), stream_(stream), input_(input), events_(events), shown_(shown), options_(how) {}

/// The bytes of an entry, gathered if they lie in several files.
result<bytes_view> archive_run::payload(const entry_mark& entry) {
  auto size = static_cast<std::size_t>(entry.next_lsn - entry.lsn);
  VARVE_TRY_ASSIGN(auto view, input_.read(entry.lsn, size));
  if (view.size() == size)
    return view;
  scratch_.assign(view.begin(), view.end());
  while (scratch_.size() < size) {
    VARVE_TRY_ASSIGN(view, input_.read(entry.lsn + scratch_.size(), size - scratch_.size()));
    if (view.empty())
      return fail(errc::lsn_conflict,
                  "the input ends at " + std::to_string(entry.lsn + scratch_.size()) + " in '" +
                      input_.name_at(entry.lsn) + "', but the archive has an entry up to LSN " +
                      std::to_string(entry.next_lsn),
                  "give the same files in the same order as before, from the first one on");
    append(scratch_, view);
  }
  return bytes_view(scratch_);
}

/// Hands over one entry, waiting for room as long as it takes. A stop signal ends the wait with `canceled`.
status archive_run::hand_over(const entry_mark& entry) {
  VARVE_TRY_ASSIGN(auto bytes, payload(entry));
  auto waiting_since = wall_clock();
  while (true) {
    auto answer = stream_.append({entry.lsn, entry.next_lsn, entry.scn, bytes});
    switch (answer.outcome) {
    case append_outcome::accepted:
    case append_outcome::repeated:
      return {};
    case append_outcome::full:
      break;
    case append_outcome::not_archiving:
      if (wall_clock() - waiting_since > round_wait)
        return fail(errc::not_archiving,
                    "tenant " + to_string(stream_.tenant()) + " is not archived: no round takes its log",
                    "give --dest, or say ALTER SYSTEM ARCHIVELOG in `varve shell`");
      break;
    case append_outcome::interrupted:
      return fail(errc::interrupted,
                  "archiving of tenant " + to_string(stream_.tenant()) +
                      " is interrupted: " + events_.reason(),
                  "say NOARCHIVELOG and ARCHIVELOG in `varve shell` to begin a new round");
    case append_outcome::fenced:
      return fail(errc::fenced,
                  "another engine has taken tenant " + to_string(stream_.tenant()) +
                      " over: " + events_.reason(),
                  "find out who archives to this destination; run again to take it back");
    case append_outcome::error:
      if (answer.failed.code == errc::lsn_gap && answer.expected_lsn < entry.lsn) {
        go_back_to(answer.expected_lsn);
        return {};
      }
      return answer.failed;
    }
    if (stop_requested())
      return fail(errc::canceled, "stopped by a signal");
    note_durable();
    events_.wait(look_interval);
  }
}

/// The engine wants the log again from here on.
void archive_run::go_back_to(lsn from) {
  ++go_backs_;
  auto lowest = entries_.empty() ? read_to_ : entries_.front().lsn;
  if (from < lowest) {
    // It was never archived, and this run has not seen it: it is read for the first time.
    entries_.clear();
    next_entry_ = 0;
    read_to_ = from;
    return;
  }
  next_entry_ = 0;
  while (next_entry_ < entries_.size() && entries_[next_entry_].next_lsn <= from)
    ++next_entry_;
}

void archive_run::note_durable() {
  if (auto why = events_.take_error()) {
    shown_.finish();
    report(*why);
  }
  auto durable = events_.durable();
  while (!entries_.empty() && next_entry_ > 0 && entries_.front().next_lsn <= durable) {
    entries_.pop_front();
    --next_entry_;
  }
  input_.release_below(entries_.empty() ? read_to_ : entries_.front().lsn);
  tell_comment();
  auto note = durable == 0 ? std::string() : "durable to " + std::to_string(durable);
  shown_.update(next_entry_ < entries_.size() ? entries_[next_entry_].lsn : read_to_, note);
}

void archive_run::keep_rate() {
  if (options_.bytes_per_second == 0)
    return;
  auto time = wall_clock();
  if (rate_begin_ == 0)
    rate_begin_ = time;
  auto due = rate_begin_ + static_cast<duration_ns>(static_cast<double>(rate_bytes_) * 1e9 /
                                                    static_cast<double>(options_.bytes_per_second));
  while (due > time && !stop_requested()) {
    wait_readable(-1, due - time);
    time = wall_clock();
  }
}

/// Waits for a pipe; says once per interval that nothing older is to come. false: asked to stop.
bool archive_run::wait_for_input(int descriptor) {
  while (!stop_requested()) {
    auto time = wall_clock();
    if (time >= next_advance_) {
      if (!advance().ok())
        return !stop_requested();
      note_durable();
      continue;
    }
    if (wait_readable(descriptor, std::min<duration_ns>(next_advance_ - time, one_second)))
      return true;
    note_durable();
  }
  return false;
}

result<bool> archive_run::read_entry() {
  if (auto descriptor = input_.waits_at(read_to_); descriptor >= 0)
    if (!wait_for_input(descriptor))
      return false;
  keep_rate();
  if (stop_requested())
    return false;
  VARVE_TRY_ASSIGN(auto bytes, input_.read(read_to_, options_.chunk_bytes));
  if (bytes.empty())
    return false;
  last_scn_ = std::max({last_scn_, advanced_ + 1, wall_clock()});
  entries_.push_back({read_to_, read_to_ + bytes.size(), last_scn_});
  read_to_ += bytes.size();
  rate_bytes_ += bytes.size();
  return true;
}

result<bool> archive_run::hand_over_next() {
  if (auto from = events_.take_resend())
    go_back_to(*from);
  if (go_backs_ > go_backs_max)
    return fail(errc::io_error, "the engine asked for the log again " + std::to_string(go_backs_) + " times",
                "look at COMMENT in CDB_OB_BACKUP_ARCHIVELOG for what is wrong with the destination");
  if (next_entry_ == entries_.size()) {
    VARVE_TRY_ASSIGN(bool more, read_entry());
    if (!more)
      return false;
  }
  auto entry = entries_[next_entry_];
  auto before = go_backs_;
  VARVE_TRY(hand_over(entry));
  if (go_backs_ == before)
    ++next_entry_;
  note_durable();
  return true;
}

status archive_run::advance() {
  auto upto = std::max(wall_clock(), last_scn_);
  next_advance_ = wall_clock() + options_.advance_interval;
  VARVE_TRY(engine_.advance(stream_.tenant(), upto));
  advanced_ = upto;
  return {};
}

/// All durable, and a checkpoint of now.
status archive_run::finish() {
  VARVE_TRY(advance());
  auto flushed = engine_.flush(stream_.tenant());
  // After a signal only what the destination takes at once is waited for.
  auto patience_ends = summary_.stopped ? wall_clock() + round_wait : ~unix_ns{0};
  while (true) {
    if (auto answer = flushed.get_for(look_interval)) {
      VARVE_TRY(answer->outcome);
      if (stream_.archived_position().next_lsn >= read_to_)
        return {};
    }
    if (wall_clock() > patience_ends || (!summary_.stopped && stop_requested())) {
      summary_.stopped = true;
      return fail(errc::canceled, "stopped by a signal before the destination had everything",
                  "run it again: it goes on where the archive ends");
    }
    note_durable();
    if (auto from = events_.take_resend()) {
      go_back_to(*from);
      for (bool more = true; more;) {
        VARVE_TRY_ASSIGN(more, hand_over_next());
      }
      flushed = engine_.flush(stream_.tenant());
    }
  }
}

/// A takeover looks at the destination and learns where the archive ends; a flush asks for one.
status archive_run::find_end(lsn archived_end) {
  if (stream_.resume_lsn().next_lsn >= archived_end)
    return {};
  auto found = engine_.flush(stream_.tenant());
  while (true) {
    if (auto answer = found.get_for(look_interval)) {
      VARVE_TRY(answer->outcome);
      static_cast<void>(events_.take_resend());
      return {};
    }
    if (stop_requested())
      return fail(errc::canceled, "stopped by a signal");
    tell_comment();
  }
}

void archive_run::tell_comment() {
  auto time = wall_clock();
  if (time < next_look_)
    return;
  next_look_ = time + 2 * one_second;
  auto rows = engine_.query("SELECT COMMENT FROM CDB_OB_BACKUP_ARCHIVELOG WHERE TENANT_ID = " +
                            to_string(stream_.tenant()));
  if (!rows.ok() || rows->rows.empty())
    return;
  auto comment = rows->rows[0][0].value_or("");
  auto reason = comment.substr(0, comment.rfind(" (for ")); // its age is not news
  if (reason == std::exchange(told_comment_, reason) || reason.empty())
    return;
  shown_.finish();
  std::cerr << "waiting: " << reason << std::endl;
}

result<archive_run::summary> archive_run::run(const archived_tail& tail) {
  VARVE_TRY(find_end(tail.end.next_lsn));
  input_.release_below(tail.entries.empty() ? tail.end.next_lsn : tail.entries.front().lsn);
  for (const auto& entry : tail.entries) {
    VARVE_TRY(hand_over(entry));
    ++summary_.compared_entries;
  }
  auto resume = stream_.resume_lsn();
  read_to_ = std::max(tail.end.next_lsn, resume.next_lsn);
  last_scn_ = std::max(tail.end.last_scn, resume.last_scn);
  advanced_ = options_.checkpoint;
  next_advance_ = wall_clock() + options_.advance_interval;
  summary_.skipped_bytes = summary_.first_lsn = read_to_;
  if (auto total = input_.total(); total && *total < read_to_)
    return fail(errc::lsn_conflict,
                "the input has " + std::to_string(*total) +
                    " bytes, but the archive has the stream up to LSN " + std::to_string(read_to_),
                "give the same files in the same order as before, from the first one on");
  while (true) {
    auto more = hand_over_next();
    if (!more.ok() && more.code() != errc::canceled)
      return more.error();
    if (!more.ok() || !*more)
      break;
  }
  summary_.stopped = stop_requested();
  // What was read and not accepted before a stop is not part of it.
  if (next_entry_ < entries_.size())
    read_to_ = entries_[next_entry_].lsn;
  VARVE_TRY(finish());
  summary_.next_lsn = read_to_;
  summary_.durable = stream_.archived_position();
  summary_.advanced = advanced_;
  return summary_;
}

} // namespace varve::shell
