#pragma once

#include "actors/cut_block.hpp"
#include "actors/round_start.hpp"
#include "engine/archive_engine.hpp"
#include "engine/format/metadata.hpp"
#include "engine/policy/break_watch.hpp"

#include <condition_variable>
#include <deque>

namespace varve {

class tenant_intake;

/// invalid_argument: an advance to the last SCN there is would leave none for any entry.
status check_advance(scn upto);

/// What a checkpoint must know of a stream.
struct stream_standing {
  bool started = false;         ///< it takes part in the round
  bool quiet = false;           ///< opened, and no log of it yet: counts with what it was said to be past
  bool waits_for_start = false; ///< quiet, and nobody has said anything of it in this round
  bool dropped = false;         ///< dropped, and everything below its final LSN is durable
  bool pending = false;         ///< something accepted is not durable yet
  scn start_scn = 0;            ///< of its first entry or advance in this round; 0: not known yet
  scn supports = 0;             ///< every entry with SCN <= this is durable
  stream_row row;               ///< with the durable position asked about
};

/// One log stream in memory: what was accepted and is not committed. The appender copies entries into slabs
/// here and never waits; the tenant's actors take full blocks away and say what became durable. Every call
/// takes the stream's own lock for a moment; append() must not run twice at once.
class stream_buffer : public std::enable_shared_from_this<stream_buffer> {
public:
  stream_buffer(tenant_intake& tenant, stream_id id);
  ~stream_buffer();

  // ---- the appender ----
  append_answer append(const log_entry& entry);
  /// Waits until append may have another answer than `full`, at most `limit`; false: the limit passed.
  bool wait_for_room(std::chrono::nanoseconds limit);
  /// Counts while the gate is open: else the host lets log pass it by. Errors: check_advance().
  status advance(scn upto);
  lsn expected_lsn() const;
  /// Up to where log was ever accepted, also what was given up since and must come again.
  lsn accepted_upto() const;
  /// Was log accepted that was given up since and did not come again?
  bool owes() const;
  /// How far it is archived, in this round or before. Where its log only is to begin is no such position.
  stream_position archived() const;
  /// Up to where log was ever accepted, whatever became of it.
  lsn accepted_ever() const;
  stream_position committed() const;
  /// Where to hand over from: the committed position, but not what the host has let go before a round begins.
  stream_position resume() const;
  /// The host has no log below any more: the next round begins there or later.
  /// Returns what the next entry must start with, had nothing been let go.
  lsn recycled(lsn oldest);
  log_supply supply() const;
  stream_id id() const { return id_; }

  // ---- opening and closing, by the engine ----
  /// false: it has its appender already. `pulled`: its source says where it begins in each round (start_at),
  /// and no round begins before that.
  bool attach(std::optional<lsn> start_lsn, bool pulled = false);
  /// A pulled stream's log begins here in this round; a no-op once it has started.
  void start_at(lsn start);
  bool started() const;
  void detach();
  /// From the catalog, before the destination was asked: where to hand over from, as far as one can tell.
  void estimate(const stream_row& row);
  /// The same of a stream that was dropped, or that takes no part in the round, and is opened again. What of
  /// its log up to `accepted` is not archived must come again: what was advanced since does not keep it out.
  void know(const stream_row& row, lsn accepted = 0);
  void drop_at(lsn final_lsn);

  // ---- the tenant's actors ----
  /// What was advanced so far tells nothing of where the round's log begins.
  void outdate_advance();
  /// A new round: known log stays known, the next entry defines where the round's log begins.
  void begin_round();
  /// The round that begins now speaks for the stream too: a quiet one goes on where earlier rounds have log
  /// of it, or behind what its host has let go since; but not where that came after the round was judged.
  void go_on();
  /// After the takeover: `row` is what the newest commit says (nullopt: it knows no such stream). What was
  /// accepted before is trimmed to what follows it and cut anew along the borders of the round's grid; blocks
  /// of the queue that are replaced have no entries any more. Returns where the host must hand over from, if
  /// what it handed over does not fit, or in part lies before the round's log: then earlier rounds have it,
  /// or none has. In a new round the row is that of the round before, and a stream of which
  /// nobody has said where this one begins, begins anew; so does one that the row calls dropped, without log
  /// in it. Else, once the round has begun, a stream that has a row and no log in it goes on there, too.
  std::optional<lsn> reconcile(const std::optional<stream_row>& row, bool new_round, bool begun = false);
  /// Cuts what is open into a block of the tenant's queue; false: nothing was open.
  bool cut();
  /// When what is open was begun, as a running number of the tenant; 0: nothing is open.
  std::uint64_t open_since() const;
  std::uint64_t open_bytes() const; ///< memory of the open block, what is promised to it included
  /// How the stream stands if everything below `durable.next_lsn` is durable; nullptr = the committed
  /// position.
  stream_standing support(const stream_position* durable) const;
  /// A commit covers everything below position.next_lsn.
  void on_committed(const stream_position& position);
  /// Gives up everything that is not committed: fenced, stopped, or the round is over. The next append must
  /// start at the committed position, which is returned. Until that log has come again, what was said to be
  /// past (advance) does not count for this stream.
  lsn give_up();
  /// Was log accepted that a commit at `position` does not hold?
  bool holds_beyond(lsn position) const;
  /// The block that ends at the committed position, read back for comparing repeats.
  void on_compare_block(std::optional<std::pair<block_header, bytes>> block);
  /// Wakes append_wait. True: an append was refused for want of room since the last call.
  bool on_room();
  bool attached() const;
  /// Somebody has opened it in this round, and it was not dropped since.
  bool opened() const;

private:
  append_answer refuse(errc code, std::string message, std::string hint = {}) const;
  std::optional<append_answer> check_new(const log_entry& entry) const;
  append_answer repeat(const log_entry& entry);
  append_answer compare(const log_entry& entry, const block_header& header, bytes_view raw) const;
  void begin_at(lsn start);
  void begin_where_said();
  void forget_compare();
  void cut_locked(bool full);
  bool room_for(std::uint64_t bytes, bool large);
  /// Up to where its log was handed over, or is archived if none was in this round.
  lsn known_upto() const { return started_ ? expected_ : begin_.archived(); }
  scn floor_scn() const;
  scn promised_scn() const;
  scn round_advance() const;
  bool quiet() const;
  bool recut(const cut_block_ptr& block, lsn from, std::deque<cut_block_ptr>& into);

  tenant_intake& tenant_;
  const stream_id id_;
  mutable std::mutex mutex_; // guards all below
  std::condition_variable room_;
  std::uint64_t room_generation_ = 0, seen_generation_ = 0;
  bool refused_ = false; // `full` was answered, and on_room() did not follow yet

  // where the stream stands
  bool attached_ = false, pulled_ = false;
  bool opened_ = false;  // in this round: it counts until it is dropped, whoever holds it
  bool started_ = false; // expected_ counts
  round_start begin_;    // where it may start, or may have
  lsn start_ = 0, expected_ = 0;
  lsn accepted_ = 0; // the highest expected_ ever: what lies between was given up
  scn start_scn_ = 0, last_scn_ = 0;
  stream_position committed_;
  std::optional<lsn> drop_at_;
  memory_budget::lease lease_;

  // the open block
  slab_chain chain_;
  memory_charge charge_;
  block_header open_; // entries == 0: none
  scn open_end_ = scn_max;
  std::uint64_t open_since_ = 0;
  bool busy_ = false; // the last block was cut because it was full: the next one gets its memory at once

  std::deque<cut_block_ptr> in_flight_; // cut and not committed, in order

  enum class compare_state : std::uint8_t { none, loading, ready, unavailable };
  compare_state compare_state_ = compare_state::none;
  block_header compare_header_;
  bytes compare_raw_;
};

} // namespace varve
