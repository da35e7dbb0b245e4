#pragma once

#include "catalog/catalog.hpp"

#include <string_view>

namespace varve::bench {

/// How long one SELECT on the views took, from the text to the last cell of text.
struct select_timing {
  double seconds = 0; ///< median
  std::size_t rows = 0;
};

/// Runs it `runs` times (at least once), each on a new snapshot, after once unmeasured. Errors: run_select's.
result<select_timing> time_select(const catalog& from, std::string_view select, unsigned runs);

} // namespace varve::bench
