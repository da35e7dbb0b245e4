#pragma once

#include "engine/base/time.hpp"
#include "engine/model/ids.hpp"
#include "engine/model/piece.hpp"

#include <string>

/// How the cells of the CDB_OB_ views spell times, sizes and ratios.
namespace varve {

/// "2021-04-30 11:33:41.845543", UTC; "" for 0, "MAX" for scn_max.
std::string time_text(scn time);

/// Two decimals and MB, GB, TB or PB, powers of 1024; never less than MB: 0 is "0.00MB".
std::string size_text(std::uint64_t bytes);

/// Output bytes per input byte, two decimals. Before the first input it is 0: that cannot be taken for a
/// measurement, as 1 ("does not compress") could.
double compression_ratio(const byte_counts& counts);

/// The two largest units of an age: "0s", "59s", "2m10s", "3h", "1d4h".
std::string age_text(duration_ns age);

} // namespace varve
