#pragma once

#include "engine/reader/restore_reader.hpp"
#include "tests/crash/crash_log.hpp"

#include <array>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace varve::test {

/// A claim that does not hold.
class broken_claim : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// What hosts (host_life.hpp) said that they were told, and whether an archive keeps it.
class told_book {
public:
  explicit told_book(std::uint64_t seed) : log_(seed) {}

  /// One line of a host. Throws broken_claim if the host says that a claim does not hold, or that it failed.
  void take(const std::string& line, std::uint64_t host = 0);
  /// The catalog is not the one it was: what views say may be older than what they have said.
  void catalog_was_set_back() { told_checkpoints_.clear(); }

  /// Reads the archive back and throws broken_claim if
  /// * something acknowledged does not come back, or a hole lies before it,
  /// * what comes back is not the log of the hosts: in order, once, equal bytes, of one host after the other,
  /// * a checkpoint claims an entry that does not come back, or is below what was published, or goes back.
  /// What is over and was compared before is compared again only if `all`.
  void check(const std::string& uri, bool all) { check(uri, all, false); }
  /// The same beside hosts that go on: what they have not said yet is not judged.
  void check_beside(const std::string& uri) { check(uri, false, true); }
  /// Also throws unless everything that the hosts have handed over comes back.
  void check_complete(const std::string& uri);

  /// Which hosts wrote the log of a stream, each with the first entry that can only be its own, in order.
  using owners = std::vector<std::pair<std::uint64_t, lsn>>;
  /// After check(): throws unless hosts wrote each stream one after the other, in the same order in all
  /// streams of a tenant, and none was told that log is durable where a later one's is.
  void check_owners() const;
  lsn end_of(tenant_id tenant, stream_id stream) const;
  /// The LSNs [first, second) that a restore of one stream gives, which has log in the archive: those of its
  /// last rounds that follow one another without a hole.
  std::pair<lsn, lsn> last_run_of(tenant_id tenant, stream_id stream) const;
  /// Where the log that hosts still have begins: "TENANT STREAM LSN", for the next life.
  std::vector<std::string> first_left() const;

  const crash_log& log() const { return log_; }
  /// What the last host did when it said its last line: "open", "takeover", "work", "statement SET" …
  std::string phase() const { return phase_; }

  struct figures {
    std::uint64_t lines = 0, acknowledgements = 0, checkpoints = 0, entries = 0, bytes = 0;
  };
  const figures& counted() const { return counted_; }

private:
  struct span {
    lsn first = 0, next = 0;
    round_id first_round{}, last_round{}; ///< of the window
    bool at_once = false;                 ///< the first of them has log of the stream
  };
  struct stream_book {
    std::map<std::uint64_t, lsn> acknowledged; ///< of each host
    std::vector<span> gone;
    lsn handed = 0, recycled = 0;
    std::vector<span> found; ///< in the archive, of each window
    owners owned;
  };
  struct compared_window {
    bool over = false; ///< it was compared when a later one was there already
    std::map<stream_id, span> found;
    std::map<stream_id, owners> owned;
  };
  using key = std::pair<tenant_id, stream_id>;

  void check(const std::string& uri, bool all, bool living);
  void read(const std::shared_ptr<destination>& where, tenant_id tenant, bool all, bool living,
            unsigned looks = 10);
  std::optional<compared_window> compare(const std::shared_ptr<destination>& where, tenant_id tenant,
                                         const restore_window& window);
  void compare_entry(const key& of, const log_entry& entry, compared_window& into);
  lsn beyond_gone(const stream_book& of, lsn at) const;
  void check_claim(tenant_id tenant, const restore_window& window);
  void check_acknowledged(const key& of, const stream_book& book, bool living) const;

  const crash_log log_;
  std::map<key, stream_book> streams_;
  std::map<std::pair<tenant_id, round_id>, scn> published_;
  std::map<std::tuple<std::uint64_t, tenant_id, round_id>, scn> told_checkpoints_; ///< by which host
  std::map<std::tuple<tenant_id, round_id, round_id>, compared_window> compared_;
  std::map<tenant_id, restore_window> newest_;
  std::vector<std::uint64_t> hosts_;
  std::string phase_;
  figures counted_;
};

} // namespace varve::test
