#pragma once

#include "actors/log_time_grid.hpp"
#include "actors/stream_buffer.hpp"

#include <atomic>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace varve {

/// Whether a tenant takes log, and if not, what append answers.
enum class intake_gate : std::uint8_t { closed, open, interrupted, fenced, stopped };

/// Where host threads hand a tenant's log over: its streams, and the queue of blocks that the log-stream
/// actor takes away. Shared by host threads and the tenant's actors; everything here is thread-safe.
class tenant_intake {
public:
  struct limits {
    std::uint32_t block_bytes = 0;
    std::uint32_t entry_bytes_max = 0;
  };
  /// What the intake tells the tenant's actors. Called from any thread, with a stream's lock held, so an
  /// implementation only sends a message. Every call is about something the actor then looks up itself.
  struct signals {
    std::function<void()> on_work;            ///< blocks are queued, or a quiet tenant has log again
    std::function<void(stream_id)> on_repeat; ///< a repeat wants the last committed block
    std::function<void()> on_pressure;        ///< cut the oldest partial blocks
    std::function<void(stream_id)> on_room;   ///< a refused stream may go on
  };

  tenant_intake(tenant_id id, memory_budget& budget, limits given);
  ~tenant_intake();

  tenant_id id() const { return id_; }
  memory_budget& budget() { return budget_; }
  const std::shared_ptr<memory_budget::account>& account() const { return account_; }
  const limits& limit() const { return limits_; }
  log_time_grid& grid() { return grid_; }

  /// Set when the tenant's actors are there; cleared when they end.
  void connect(signals to);
  void disconnect();

  std::shared_ptr<stream_buffer> find(stream_id id) const;
  std::shared_ptr<stream_buffer> find_or_add(stream_id id);
  /// Finds or makes the stream and gives it its appender (stream_buffer::attach). Errors: already_open,
  /// invalid_argument of a tenant that is retired.
  result<std::shared_ptr<stream_buffer>> open(stream_id id, std::optional<lsn> start_lsn,
                                              bool pulled = false);
  /// The tenant is about to go: no stream is opened any more. Not so if some have their appender: those are
  /// returned, and nothing has changed.
  std::vector<stream_id> retire();
  void reinstate();                                            ///< it stays, after all
  std::vector<std::shared_ptr<stream_buffer>> streams() const; ///< ascending by id
  /// Lets go of a stream that was dropped, unless it is open again; where its log ends stays known.
  void forget(stream_id id);
  /// The archive knows of log of a stream that nobody holds here, and of which nothing waits here.
  void remember(stream_row row);
  /// Up to where the archive has a stream that nobody holds here any more; nullopt: one is held, or was never
  /// known.
  std::optional<lsn> remembered_upto(stream_id id) const;
  /// A new round: every stream begins anew, at or after where its archived log ends.
  void begin_round();
  /// The largest SCN of what is archived of streams that have no log in this round: in rounds before, perhaps
  /// at another destination.
  scn archived_before_round() const;

  intake_gate gate() const { return gate_.load(std::memory_order_acquire); }
  /// Opening or closing wakes everybody who waits for room, and signals room to streams that were refused.
  /// `why`: the answer of append at a stopped gate. What was advanced before it opens tells nothing of where
  /// a round begins: log may have passed the closed gate by.
  void set_gate(intake_gate gate, error why = {});
  error stopped_by() const;
  archive_mode mode() const { return mode_.load(std::memory_order_relaxed); }
  codec wanted_codec() const { return codec_.load(std::memory_order_relaxed); }
  void set_option(const archive_option& option); ///< a change of mode wakes waiters, too

  /// No entry with SCN <= upto will follow in any stream. Counts while the gate is open: else the host lets
  /// log pass the archive by. Errors: check_advance().
  status advance(scn upto);
  scn advanced() const { return advance_.load(std::memory_order_acquire); }
  /// The same, of what was said since the gate opened; 0: nothing.
  scn round_advance() const {
    return advances() > advances_before_.load(std::memory_order_acquire) ? advanced() : 0;
  }
  /// How often it was said; the same SCN again counts, a lower one does not.
  std::uint64_t advances() const { return advances_.load(std::memory_order_acquire); }
  /// The committed checkpoint: entries at or below it are refused.
  void set_checkpoint(scn checkpoint) { checkpoint_.store(checkpoint, std::memory_order_release); }
  scn checkpoint() const { return checkpoint_.load(std::memory_order_acquire); }

  // ---- the queue of cut blocks ----
  void push(cut_block_ptr block); ///< by a stream, under its lock
  std::deque<cut_block_ptr> take_all();
  std::uint64_t next_opening() { return ++openings_; }
  /// A quiet tenant has log: one signal until rearm().
  void wake();
  void rearm() { awake_.store(false, std::memory_order_release); }

  /// Cuts the partial blocks that were begun first, until `bytes_wanted` are cut.
  void cut_oldest(std::uint64_t bytes_wanted);
  void cut_all();

  void signal_repeat(stream_id stream);
  void signal_room(stream_id stream);
  void signal_pressure();
  void pressure_handled() { pressure_sent_.store(false, std::memory_order_release); }

  /// Accepted log is in no round: one that another engine began goes on behind it. Whoever asked for it to be
  /// durable, before its host was told, must not take a later position for the answer.
  void leave_out() { left_out_.fetch_add(1, std::memory_order_acq_rel); }
  std::uint64_t left_out() const { return left_out_.load(std::memory_order_acquire); } ///< how often
  std::uint64_t left_out_told() const { return left_out_told_.load(std::memory_order_acquire); }
  void tell_left_out(std::uint64_t upto) { left_out_told_.store(upto, std::memory_order_release); }

  // counters, for metrics and the benchmark
  std::atomic<std::uint64_t> accepted_entries{0}, accepted_bytes{0}, repeats_uncompared{0};
  std::atomic<std::uint64_t> blocks{0}, block_input_bytes{0};
  /// Last committed blocks kept for comparing repeats; at most compare_blocks_max of them.
  std::atomic<int> compare_blocks{0};
  static constexpr int compare_blocks_max = 64;

private:
  void wake_waiters();
  void outdate_advances();

  std::atomic<std::uint64_t> left_out_{0}, left_out_told_{0};
  const tenant_id id_;
  memory_budget& budget_;
  const std::shared_ptr<memory_budget::account> account_;
  const limits limits_;
  log_time_grid grid_;

  std::atomic<intake_gate> gate_{intake_gate::closed};
  std::atomic<archive_mode> mode_{archive_mode::optional};
  std::atomic<codec> codec_{codec::lz4};
  std::atomic<scn> advance_{0}, checkpoint_{0};
  std::atomic<std::uint64_t> advances_{0}, advances_before_{0};
  std::atomic<bool> awake_{false}, pressure_sent_{false};
  std::atomic<std::uint64_t> openings_{0};

  std::shared_ptr<stream_buffer>& slot_locked(stream_id id);

  mutable std::mutex streams_mutex_; // may be held while a stream's lock is taken, never the other way round
  std::map<stream_id, std::shared_ptr<stream_buffer>> streams_;
  struct remembered {
    stream_row row;
    lsn accepted = 0; // what of it is not archived comes again
  };
  std::map<stream_id, remembered> archived_; // streams that are not in streams_
  bool retired_ = false;

  std::mutex queue_mutex_;
  std::deque<cut_block_ptr> queue_;

  mutable std::mutex signals_mutex_;
  signals signals_;
  error stopped_by_;
};

} // namespace varve
