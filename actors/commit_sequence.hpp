#pragma once

#include "engine/format/metadata.hpp"

#include <optional>
#include <variant>
#include <vector>

namespace varve {

/// One storage operation on the commits of a tenant.
struct commit_operation {
  enum class verb : std::uint8_t { none, list, read, create, remove };
  verb what = verb::none;
  commit_seq seq; ///< of read, create, remove
  bytes content;  ///< of create
};

/// The answer to it. list: the numbers found, ascending. read: the bytes, or file_not_exist. create, remove:
/// ok, already_exists, file_not_exist. Any other error: the outcome is unknown.
using commit_answer = std::variant<result<std::vector<commit_seq>>, result<bytes>, status>;

/// The commits of one tenant at one destination, as one writer takes them over, adds to them, and deletes old
/// ones: the state machine of COMMITS.md section 4, to the letter and with its names. It does no I/O: the
/// caller runs the operation it is given, one at a time, and hands the answer back. Not thread-safe.
class commit_sequence {
public:
  /// What a step led to.
  enum class event : std::uint8_t {
    none,     ///< go on with `next`
    retry,    ///< the answer was an error: run `next` after a pause; `why` says what went wrong
    owner,    ///< taken over: newest() is our commit, its seq the epoch
    counted,  ///< the commit counts: acknowledge what it reaches
    fenced,   ///< another writer owns the tenant: acknowledge nothing more
    stopped,  ///< the commits cannot be relied on; `why` says so
    pass_done ///< deletion is over for now; `why` says what kept it from its work, if anything did
  };
  struct step {
    commit_operation next;
    event what = event::none;
    error why;
  };

  /// `writer`: drawn anew for every takeover. `begin_at`: 1, or one more than any number the catalog knows:
  /// what a first commit gets where there is none, and what a takeover of older ones fills up to.
  commit_sequence(tenant_id tenant, const random_id& archive, const random_id& writer, commit_seq begin_at);

  /// Takes the tenant over. `first` is the content of the very first commit where there is none.
  /// `give_up_lost`: somebody has said that what is lost is lost (COMMITS.md section 7): a newest commit that
  /// is damaged is followed by `first`, one that cannot be proved by its own content.
  step take(commit_record first, unix_ns now, bool give_up_lost = false);
  /// Adds a commit; the sequence fills in seq, epoch, writer, predecessor and attempt. Requires idle().
  step commit(commit_record record, unix_ns now);
  /// Deletes what is old; requires idle(). At most one pass per half interval (the caller's clock).
  step begin_pass();
  /// Between two removes a waiting commit goes first: pass_done when the current operation is answered.
  void leave_pass() { leave_pass_ = true; }
  /// A pass that was left has more to remove, and goes on after the commit that went first; both require
  /// idle(). It may not be left again before it has removed a little, or it would never end under a host that
  /// always waits for the next commit.
  bool pass_was_left() const { return !pass_.empty(); }
  step resume_pass();

  step answer(const commit_answer& got);

  bool idle() const { return state_ == state::owner; }
  bool owns() const;
  /// The newest commit known to count; while taking over, at a create: the one found, without a writer if
  /// there is none, or it cannot be read and is given up.
  const commit_record& newest() const { return last_; }
  epoch current_epoch() const { return epoch_; }
  const random_id& writer() const { return writer_; }

private:
  enum class state : std::uint8_t {
    idle,
    listing,
    reading,
    proving,
    creating,
    comparing,
    looking,
    listing_again,
    owner,
    committing,
    checking,
    confirming,
    pass_listing,
    pass_reading,
    pass_marking,
    pass_mark_reading,
    pass_mark_clearing,
    pass_removing,
    fenced,
    stopped
  };
  step on_list(const std::vector<commit_seq>& found);
  step on_read(const result<bytes>& got);
  step on_create(bool exists);
  step on_pass_read(const result<bytes>& read);
  step create_mark();
  step again(); // the same operation after an error
  step start_over();
  step not_proved();
  step follow(commit_record content);
  step go(state to, commit_operation::verb what, commit_seq seq);
  step create_next();
  step stop(errc code, std::string message);
  step fence(std::string message);
  step took_over();
  step counted();
  step next_of_pass();
  step end_pass(error why);
  bool in_pass() const;
  std::optional<error> failure(const commit_answer& got) const;
  bool follows(const commit_record& of, const result<bytes>& before) const;
  bool holds_mark(const result<bytes>& got) const;
  bool ours(bytes_view content);

  const tenant_id tenant_;
  const random_id archive_, writer_;
  const commit_seq begin_at_;
  state state_ = state::idle;
  commit_operation current_;
  unix_ns now_ = 0;

  commit_record first_; // where there is no commit yet
  bool give_up_lost_ = false;
  commit_record last_; // n: found and proved, or counted
  varve::digest last_digest_;
  commit_record next_; // w = n + 1, being made
  std::vector<varve::digest> attempts_;
  varve::digest counts_; // the attempt that exists
  epoch epoch_;
  commit_seq unproved_; // the newest of the last proof that failed
  unsigned failed_proofs_ = 0;

  commit_seq pass_limit_, seen_at_pass_;
  std::vector<commit_seq> pass_; // numbers to delete, ascending
  bool leave_pass_ = false;
  unsigned removes_owed_ = 0; // before the pass may be left
};

} // namespace varve
