#pragma once

#include "engine/destination/destination.hpp"
#include "tests/sim/host_log.hpp"

#include <map>
#include <memory>
#include <stdexcept>
#include <string>

namespace varve::test {

/// A claim that does not hold.
class broken_claim : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// What was promised to the hosts, and whether a destination keeps it. One thread.
class archive_model {
public:
  explicit archive_model(const host_log& log) : log_(log) {}

  /// Somebody was told that everything of the stream below position.next_lsn is durable.
  void acknowledged(tenant_id tenant, stream_id stream, const stream_position& position);

  /// Somebody was told (or a view says) that the tenant's checkpoint is this.
  void published(tenant_id tenant, scn checkpoint);

  /// Reads everything back from `where`, which nobody may write to meanwhile, and throws broken_claim if
  /// * something acknowledged does not come back,
  /// * what comes back is not the log of the host: in order, once, equal bytes,
  /// * the checkpoint claims an entry that does not come back, or is below one that was published.
  void check(std::shared_ptr<destination> where);

  /// Throws unless every entry of the host comes back, the checkpoint has reached `checkpoint`, and every
  /// byte the archive holds verifies.
  void check_complete(std::shared_ptr<destination> where, scn checkpoint);

  std::uint64_t acknowledgements() const { return acknowledgements_; }
  std::uint64_t checks() const { return checks_; }

private:
  struct found {
    std::map<stream_id, std::size_t> entries; // of the host's log, so many came back
    scn checkpoint = 0;
  };
  found read(const std::shared_ptr<destination>& where, tenant_id tenant);

  const host_log& log_;
  std::map<tenant_id, std::map<stream_id, lsn>> acknowledged_;
  std::map<tenant_id, scn> checkpoints_;
  std::uint64_t acknowledgements_ = 0, checks_ = 0;
};

} // namespace varve::test
