#pragma once

#include "bench/work_area.hpp"
#include "engine/archive_engine.hpp"

#include <memory>
#include <string>
#include <vector>

namespace varve::bench {

inline constexpr tenant_id bench_tenant{1001}; ///< the first one; the others follow it

struct engine_setup {
  std::string directory; ///< gets data/ and, for a file destination, archive/
  varve::codec codec = varve::codec::lz4;
  archive_mode mode = archive_mode::mandatory;
  std::uint64_t budget_bytes = std::uint64_t{256} << 20;
  std::size_t tenants = 1;
  std::size_t streams = 1;      ///< of each tenant
  std::string interval = "10s"; ///< a checkpoint begins after half of it
  std::uint64_t write_rate = 0; ///< bytes a second the destination takes; 0: as many as it can
};

/// Why an entry of a benchmark was not taken, which ends it.
error refused(const append_answer& answer);

/// An engine that archives tenants with their streams, ready to be appended to: each tenant is taken over and
/// every stream has its start, so that a measurement begins behind all that happens once. For one thread.
class engine_side {
public:
  static result<std::unique_ptr<engine_side>> open(const engine_setup& setup);
  ~engine_side();

  archive_engine& engine() { return *engine_; }
  /// All of the first tenant, then those of the second …; calls below name a stream by its place here.
  std::vector<std::unique_ptr<log_stream>>& streams() { return streams_; }
  const std::string& archive_directory() const { return archive_directory_; }

  /// Appends a payload behind everything before, with a commit time of now; waits for room in mandatory mode.
  append_answer append(std::size_t stream, bytes_view payload);
  /// The same, never waits.
  append_answer try_append(std::size_t stream, bytes_view payload);
  /// Everything durable: asks all tenants, then waits for all. The first error, if any.
  status flush();
  /// No entry before now will follow, of any tenant.
  status advance();
  status close();

private:
  engine_side() = default;
  log_entry next_entry(std::size_t stream, bytes_view payload);

  tenant_id tenant_at(std::size_t place) const { return tenant_id{bench_tenant.value + place}; }

  std::string archive_directory_;
  std::size_t tenants_ = 0;
  std::unique_ptr<archive_engine> engine_;
  std::vector<std::unique_ptr<log_stream>> streams_;
  std::vector<lsn> next_lsn_;
  scn last_scn_ = 0;
};

} // namespace varve::bench
