#pragma once

#include "engine/base/bytes.hpp"

/// Makes checksums right again, so that what lies behind them is tried, too: what a broken writer, or
/// somebody who knows the format, could put at a destination. All of them work in place, on any bytes.
namespace varve::fuzz {

/// The block at the front of `block`: magic, version, kind and reserved fields, the length of the stored body
/// (at most what is there), all three checksums. Returns how many bytes it takes; 0: too short for a header.
std::size_t reseal_block(mutable_bytes block);

/// A segment: header, every block as it lies behind the one before, and, where `ended`, footer checksum and
/// trailer at the end.
void reseal_segment(mutable_bytes segment, bool ended);

} // namespace varve::fuzz
