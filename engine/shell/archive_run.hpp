#pragma once

#include "engine/archive_engine.hpp"
#include "engine/shell/archived_tail.hpp"
#include "engine/shell/log_input.hpp"
#include "engine/shell/progress.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>

namespace varve::shell {

/// What the engine tells a run while it hands log over. Thread-safe; outlives the engine.
class archive_events final : public archive_listener {
public:
  void on_round_began(tenant_id, round_id) override;
  void on_room(tenant_id, stream_id, lsn expected) override;
  void on_resend_from(tenant_id, stream_id, lsn from, std::string_view why) override;
  void on_fenced(tenant_id, std::string_view reason) override;
  void on_interrupted(tenant_id, std::string_view reason) override;
  void on_durable(tenant_id, stream_id, stream_position position) override;
  void on_error(const error& why) override;

  /// Waits until something was told, at most so long.
  void wait(std::chrono::nanoseconds limit);
  std::optional<lsn> take_resend(); ///< the lowest place asked for since the last call
  lsn durable() const;
  std::string reason() const;        ///< why fenced or interrupted
  std::optional<error> take_error(); ///< the first one since the last call

private:
  void notify_locked();
  mutable std::mutex mutex_;
  std::condition_variable told_;
  bool news_ = false;
  std::optional<lsn> resend_from_;
  lsn durable_ = 0;
  std::string reason_;
  std::optional<error> error_;
};

/// One run of `varve archive`: hands an input over as one stream.
///
/// The SCN of an entry is drawn when it is read for the first time: max(last SCN, last advance + 1, now).
/// Until the entry is durable the run remembers its place and SCN, so that handing it over again gives the
/// same entry. What is archived already is skipped, but for the last entries: those are handed over again,
/// with the SCN the archive has, and the engine compares them.
class archive_run {
public:
  struct options {
    std::size_t chunk_bytes = 64 << 10;              ///< an entry's payload at most
    std::uint64_t bytes_per_second = 0;              ///< 0: as fast as it goes
    duration_ns advance_interval = 120 * one_second; ///< of a pipe; files need none
    scn checkpoint = 0;                              ///< of the tenant: new entries are above it
  };
  struct summary {
    lsn first_lsn = 0, next_lsn = 0; ///< what this run handed over anew
    std::uint64_t skipped_bytes = 0, compared_entries = 0;
    stream_position durable;
    scn advanced = 0;
    bool stopped = false; ///< by a signal, before the input ended
  };

  archive_run(archive_engine& engine, log_stream& stream, log_input& input, archive_events& events,
              progress& shown, options how);

  /// Until the input ends, or a signal asks to stop; then advances the tenant to now and waits until all is
  /// durable.
  result<summary> run(const archived_tail& tail);

private:
  result<bool> hand_over_next(); ///< false: the input has ended
  status hand_over(const entry_mark& entry);
  result<bool> read_entry(); ///< a new one, at the end of entries_
  result<bytes_view> payload(const entry_mark& entry);
  void note_durable(); ///< and tells what the engine complains of
  void go_back_to(lsn from);
  status advance();
  status find_end(lsn archived_end); ///< where the catalog is behind the archive
  status finish();
  void tell_comment(); ///< why it does not move, once per reason
  bool wait_for_input(int descriptor);
  void keep_rate();

  archive_engine& engine_;
  log_stream& stream_;
  log_input& input_;
  archive_events& events_;
  progress& shown_;
  options options_;
  summary summary_;
  std::deque<entry_mark> entries_; // read and not durable
  std::size_t next_entry_ = 0;     // of entries_, to hand over next
  lsn read_to_ = 0;                // where the next new entry begins
  scn last_scn_ = 0, advanced_ = 0;
  bytes scratch_;
  unix_ns next_advance_ = 0, rate_begin_ = 0;
  std::uint64_t rate_bytes_ = 0;
  unsigned go_backs_ = 0;
  unix_ns next_look_ = 0; // at COMMENT
  std::string told_comment_;
};

} // namespace varve::shell
