#pragma once

#include "engine/model/ids.hpp"

#include <algorithm>
#include <optional>

namespace varve {

/// Where a stream's log may begin in a round, as far as it was said: what the archive has of rounds before,
/// where its host said that it begins, where its source did, below what its host has no log any more, and up
/// to which SCN nothing follows. A plain value: part of a stream_buffer, under its lock.
class round_start {
public:
  /// What was said of the stream's tenant: how often, and the SCN of this round (0: none).
  struct tenant_advance {
    std::uint64_t times = 0;
    scn in_round = 0;
  };

  // ---- the archive
  /// Rounds before have the log below: this one cannot begin below.
  lsn archived() const { return archived_; }
  void archive(lsn upto) { archived_ = std::max(archived_, upto); }
  void set_archived(lsn upto) { archived_ = upto; } ///< also lower: only the catalog had said it

  // ---- the host, as it opens the stream
  std::optional<lsn> asked() const { return asked_; }
  /// `begun`: the log has begun, perhaps only by the catalog. Then it counts if that was mistaken:
  /// ask_anew().
  void ask(std::optional<lsn> start, bool begun);
  void ask_anew();

  // ---- its source, if it has one
  void source_says(lsn start);
  /// Has it? Not for log that was given up since, while it is still there to be asked again (`pulled`).
  bool source_spoke(bool pulled) const { return source_.has_value() && !(ask_again_ && pulled); }
  void give_up() { ask_again_ = true; }

  // ---- what its host has let go
  std::optional<lsn> oldest_left() const { return oldest_left_; }
  /// Has the host no log at `next` any more?
  bool is_gone(lsn next) const { return oldest_left_.value_or(0) > next; }
  /// false: that was known.
  bool let_go(lsn oldest);

  // ---- what follows
  /// Where log that is said to begin at `start` does: not below what is archived, nor where there is none any
  /// more, for a round that comes after a break begins behind it.
  lsn begins(lsn start) const { return std::max({start, archived_, oldest_left_.value_or(0)}); }
  /// What the first entry must start with, had nothing been let go.
  lsn wanted() const { return std::max(asked_.value_or(0), archived_); }
  /// Does log that begins at `start` leave out some that its host has, or had?
  bool leaves_out(lsn start) const { return start > (archived_ > 0 ? archived_ : asked_.value_or(0)); }

  // ---- advances
  scn advance() const { return advance_; }
  /// The host says that no entry with SCN <= upto follows; the same again counts, a lower one does not. True:
  /// it did.
  bool say(scn upto);
  /// What was said so far tells nothing of where the round begins: the gate was closed.
  void outdate() { outdated_ = times_; }
  /// Log from `from` up to `start` is skipped, if there is any between: what was said so far does not tell
  /// where the round's log begins behind it.
  void skip(lsn from, lsn start, std::uint64_t tenant_times);
  /// The SCN at which a log that begins at `start` (0: it has not begun) may begin, from what was said of the
  /// stream or its tenant since the gate opened; 0: nothing. Where it begins behind log that is not archived,
  /// what was said before that was skipped does not count: its SCNs are above.
  scn advance_in_round(lsn start, const tenant_advance& tenant) const;

  /// A new round: what is said of its log is said anew, but for what the host said as it opened the stream.
  void next_round();

private:
  /// So often something was said to be past an SCN.
  struct advances {
    std::uint64_t of_stream = 0, of_tenant = 0;
  };

  lsn archived_ = 0;
  std::optional<lsn> asked_, asked_anew_, source_, oldest_left_;
  bool ask_again_ = false; // log was given up since the source has spoken
  scn advance_ = 0;
  std::uint64_t times_ = 0, outdated_ = 0; // it was said
  advances before_skip_;
};

} // namespace varve
