#pragma once

#include "engine/reader/block_source.hpp"
#include "engine/reader/segment_check.hpp"

namespace varve {

/// Follows the streams of one round through its pieces, in order, and finds what does not follow on what was
/// before.
class stream_check {
public:
  /// `before` is the round before, or null.
  stream_check(tenant_id tenant, const catalogued_round& round, const catalogued_round* before);

  /// The whole blocks of the round's next piece; `paths` names the segments that proved_block::segment
  /// counts. `problems` holds what is known so far: a gap that one of them explains is not told again.
  void follow(std::vector<proved_block> blocks, const std::vector<object_path>& paths,
              std::vector<damage>& problems);

  /// All pieces were followed: does every stream end where the round says?
  void finish(std::vector<damage>& problems) const;

private:
  struct progress {
    stream_position reached;
    varve::epoch epoch;
    std::uint64_t number = 0; ///< of the last block; 0: none yet
  };
  tenant_id tenant_;
  const catalogued_round& round_;
  bool before_known_ = false;
  std::map<stream_id, progress> streams_;
};

} // namespace varve
