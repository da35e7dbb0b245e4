#pragma once

#include "actors/checkpoint.hpp"
#include "actors/commit_sequence.hpp"
#include "actors/piece_ledger.hpp"
#include "actors/piece_writer.hpp"
#include "engine/policy/break_watch.hpp"
#include "engine/reader/round_join.hpp"

#include <atomic>
#include <map>
#include <memory>
#include <set>

namespace varve {

struct checkpoint_state;
using checkpoint_pointer = checkpoint_actor::stateful_pointer<checkpoint_state>;

/// State of the checkpoint actor. Its functions lie in checkpoint.cpp (when to do what),
/// checkpoint_takeover.cpp (from quiet to owner), checkpoint_outbox.cpp (what the destination is owed),
/// checkpoint_cycle.cpp (one checkpoint), checkpoint_rounds.cpp (statements) and checkpoint_status.cpp (what
/// the catalog and the host are told).
struct checkpoint_state {
  static inline const char* name = "checkpoint";
  explicit checkpoint_state(checkpoint_pointer s) : self(s) {}
  ~checkpoint_state();

  enum class phase : std::uint8_t {
    idle,   ///< no round: nothing to own
    quiet,  ///< a round is in force; nothing was written yet in this life
    taking, ///< takeover under way
    owner,  ///< ours
    fenced, ///< another engine's
    stopped ///< commits or bytes cannot be relied on
  };

  checkpoint_pointer self;
  checkpoint_parts parts;
  phase now_in = phase::idle;
  std::unique_ptr<commit_sequence> sequence;
  std::unique_ptr<piece_ledger> ledger;
  std::uint64_t generation = 0; // of `sequence`: late answers of an older one are ignored
  backoff pause;

  // rounds
  bool begin_wanted = false;     // ARCHIVELOG is recorded; the round begins at the takeover
  bool recording = false;        // ARCHIVELOG is being recorded: nothing may begin before
  bool outbox_waits = false;     // for an order, or the next life: nothing comes of another try
  bool taking_to_tell = false;   // the takeover under way is for the outbox of a broken round alone
  bool give_up_lost = false;     // NOARCHIVELOG came after commits could not be relied on
  bool stop_wanted = false;      // NOARCHIVELOG
  bool round_is_over = false;    // the STOP commit is being made
  bool ending_old_round = false; // the destination still has a round that is over for us
  std::optional<break_record> break_wanted;
  // So often a break turned out to be another engine's to tell: what is on its way to the host looks at it.
  std::shared_ptr<std::atomic<std::uint64_t>> voided_breaks = std::make_shared<std::atomic<std::uint64_t>>(0);
  bool positions_known = false;        // of the streams, by the takeover; before only by the catalog
  std::vector<break_record> suspected; // breaks, unless the archive has that log already
  std::vector<caf::typed_response_promise<bool>> begin_promises, stop_promises, ended_promises,
      close_promises;
  std::uint64_t begin_order = 0; // counts ARCHIVELOGs: which one the catalog has recorded
  std::uint64_t stop_order = 0;  // counts NOARCHIVELOGs: which one a time-out is about
  round_join join;               // the ledger's round and the one before
  std::optional<bool> told_join; // what the catalog was told of it in this life
  std::set<stream_id> noted;     // streams in the ledger since the round began

  // the cycle: cut, durable, objects, commit
  bool in_cycle = false;
  bool in_pass = false; // old commits are being deleted
  std::optional<commit_operation> retry_operation;
  bool cycle_again = false;
  bool cycle_stops = false; // NOARCHIVELOG came before this cycle cut
  std::uint64_t beats = 0;  // ordered: the number of the one to come
  std::vector<durable_wait_ptr> waits, cycle_waits;
  std::vector<caf::typed_response_promise<bool>> cycle_closes;
  std::shared_ptr<const piece_ledger::object> making; // sent with the same bytes until it is there
  std::uint64_t commits_made = 0;                     // in this life
  unix_ns cycle_began = 0, last_commit = 0, last_pass = 0;
  unix_ns last_moved = 0;  // when log was last found durable
  bool files_open = false; // the writer has segments open
  commit_seq passed_once,
      passed_twice; // newest at the passes before: twice the same leaves nothing to delete
  scn cycle_checkpoint = 0;
  std::optional<stream_id> cycle_limit;
  std::vector<stream_id> cycle_moved;
  std::vector<stream_id> cycle_dropped;
  std::set<stream_id> cycle_noted; // their rows in the ledger changed
  std::uint64_t seen_entries = 0;  // accepted when the last cycle cut
  std::uint64_t seen_blocks = 0;   // cut by then

  // what is told
  error_ptr writer_trouble, commit_trouble, pass_trouble;
  std::map<stream_id, error_ptr> source_trouble;
  break_watch breaks;
  std::optional<alarm_record> alarm; // as the catalog was told
  unix_ns trouble_since = 0;
  std::string told_comment;

  // ---- checkpoint.cpp
  void fail_waits(std::vector<durable_wait_ptr>& which, const error& why);
  void schedule_beat();
  void beat();
  void set_option(const dest_option& option);
  void work();
  bool has_news() const;
  bool in_force() const; // a round is, or is wanted
  void start();
  std::optional<durable_answer> committed_already(const durable_wait& what) const;
  void wait(const durable_wait_ptr& what);
  void trouble(const error_ptr& what);
  void trouble_of_source(stream_id stream, const error_ptr& what);

  // ---- checkpoint_takeover.cpp
  void take_over();
  void check_destination();
  void run(const commit_sequence::step& step);
  void answered(std::uint64_t of, const commit_answer& got);
  void retry_later(const error& why);
  void retry();
  static bool is_final(errc code);
  void took_over();
  void adopted();
  void load_repeat(stream_id id);
  void lost(const error& why); // fenced
  void stopped(const error& why);
  void leave(phase into, const error& why);
  enum class end_of_round { known, ours_to_say };
  end_of_round heard_of_end();
  void let_go();                        // of the destination: writer and sequence end
  void abandon(const std::string& why); // and what was accepted is given up

  // ---- checkpoint_outbox.cpp
  bool is_ours(const commit_record& found) const;
  bool only_to_tell() const;
  bool note_writer(const commit_sequence::step& before);
  void forget_outbox(change_set& changes, const std::function<bool(const outbox_record&)>& which);
  void void_outbox(change_set& changes, const std::function<bool(const outbox_record&)>& which);
  bool apply_outbox();
  static break_record break_of(const outbox_record& left);
  void apply_break();
  bool row_is_elsewhere() const;
  void outbox_is_void(const error& why);
  void break_waits(const error& why);

  // ---- checkpoint_cycle.cpp
  void want_cycle();
  void start_cycle();
  void cut(std::uint64_t ticket);
  void durable(const durable_report_ptr& report);
  void absorb(const durable_report& report);
  void decide_checkpoint();
  void note_streams();
  stream_standing standing_of(const stream_buffer& stream, const stream_row* durable) const;
  bool mark_is_wrong(const stream_standing& now, const stream_row* known) const;
  void make_objects();
  void make_object();
  void commit();
  void counted();
  void finish_pieces(scn upto);
  void end_cycle();
  void cycle_failed();
  void take_back_waits();
  bool pass();

  // ---- checkpoint_rounds.cpp
  caf::result<bool> order(const tenant_order_ptr& what);
  caf::result<bool> archivelog(const tenant_order& what);
  void behind_log_stream(const std::function<void()>& then);
  void be_quiet();
  void recorded(bool fresh);
  static void answer(std::vector<caf::typed_response_promise<bool>>& promises);
  caf::result<bool> noarchivelog();
  caf::result<bool> close();
  void drop();
  void begin_round();
  void round_over();
  void end_here(change_set changes, const std::string& why);
  void stop_here(bool is_owed);
  void interrupt(const break_record& why);
  void interrupt_at(const break_record& why, lsn reached);
  void judge_suspected();
  bool speaks_for(const stream_row* row) const;
  std::optional<round_id> recorded_round() const;

  // ---- checkpoint_status.cpp
  void publish_commit();
  void publish_status();
  void watch_breaks();
  void clear_alarm(change_set& changes);
  void refresh_comment();
  void put_status(change_set& to, round_status status);
  void put_break(change_set& to, break_history_record what);
  void record(change_set changes, std::function<void()> then, std::function<void()> refused = {});
  void later(change_set changes);
  void tell(std::function<void(archive_listener&)> what);
  static error given_up(stream_id stream, lsn from);
  std::shared_ptr<stream_buffer> owing_stream() const;
  std::optional<error> given_up_of(const durable_wait& wait) const;
  bool holds(const durable_wait& wait) const;
  stream_position in_ledger(const durable_wait& wait) const;
  std::optional<durable_answer> answer_of(const durable_wait& wait, const stream_position& committed) const;
  bool left_out(const durable_wait& wait) const;
  static std::string both(const std::string& first, const std::string& second);
  std::string archived_upto() const;
  std::string interruption_reason() const;
  std::string comment() const;
  std::string trouble_text() const;
  std::string waiting_for() const;
};

} // namespace varve
