#pragma once

#include "engine/destination/destination.hpp"
#include "engine/reader/restore_plan.hpp"
#include "tests/sim/host_log.hpp"

#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

namespace varve::test {

/// A claim that does not hold.
class broken_claim : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// What was promised to the hosts, and whether the destinations keep it. One thread.
class archive_model {
public:
  /// A destination as a reader finds it.
  struct place {
    std::string uri;
    std::shared_ptr<destination> where;
  };

  explicit archive_model(const host_log& log) : log_(log) {}

  /// Somebody was told that of the stream everything from its entry number `first` up to `upto` is durable.
  void acknowledged(tenant_id tenant, stream_id stream, std::size_t first, lsn upto);

  /// A view says that the checkpoint of a round is this.
  void published(const std::string& uri, tenant_id tenant, round_id round, scn checkpoint);

  /// Reads everything back, while nobody writes, and throws broken_claim unless
  /// * everything acknowledged comes back, and (not `crashed`, a copy as a power failure leaves it)
  /// everything
  ///   that ever came back;
  /// * what comes back of a window is a run of the host's log: in order, once, equal bytes, and in no other
  ///   window of that destination;
  /// * every entry after a window's beginning up to its checkpoint comes back, and the checkpoint of no round
  ///   is below one that was published;
  /// * pieces of a round follow one another without gap or overlap, and rounds have ended before the next;
  /// * a break is one: the host had recycled the log that is missing.
  void check(const std::vector<place>& places, bool crashed = false);

  /// check(), and every byte verifies.
  void check_complete(const std::vector<place>& places);

  /// A power failure may undo a commit of which nobody was told.
  void forget_what_came_back() { came_back_.clear(); }

  struct counters {
    std::uint64_t acknowledgements = 0, checks = 0, compared_entries = 0;
  };
  const counters& counts() const { return counts_; }

private:
  using numbers = std::vector<char>; // of a stream's entries: 1 = it is one of them
  using content = std::map<stream_id, numbers>;

  void require(tenant_id tenant, content& all, const content& wanted, const char* why) const;
  void read(const place& from, tenant_id tenant, content& all);
  void read_window(const place& from, tenant_id tenant, const restore_window& window, content& here,
                   content& all);
  void check_checkpoint(const std::string& who, tenant_id tenant, const restore_window& window,
                        const content& got) const;
  void check_rounds(const std::string& who, const piece_catalogue& known, const std::string& uri) const;

  const host_log& log_;
  std::map<tenant_id, content> acknowledged_, came_back_;
  std::map<std::tuple<std::string, tenant_id, round_id>, scn> checkpoints_;
  counters counts_;
};

} // namespace varve::test
