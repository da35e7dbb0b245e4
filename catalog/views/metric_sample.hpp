#pragma once

#include "engine/model/ids.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace varve {

enum class metric_kind : std::uint8_t { gauge, counter };

/// One measured value, as plain data: who measures stands above this layer.
struct metric_sample {
  std::string name; ///< "varve_round_input_bytes"; ends in the unit
  metric_kind kind = metric_kind::gauge;
  std::string help;                                        ///< the same for all of one name
  std::vector<std::pair<std::string, std::string>> labels; ///< name and value; tell those of one name apart
  std::optional<tenant_id> tenant;                         ///< empty: of the whole engine
  double value = 0;
};

} // namespace varve
