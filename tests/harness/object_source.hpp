#pragma once

#include "tests/harness/format_samples.hpp"

#include <random>

namespace varve::test {

/// Draws objects that a correct writer could write, from a seed.
class object_source {
public:
  explicit object_source(std::uint64_t seed) : random_(seed) {}

  std::uint64_t below(std::uint64_t n) { return random_() % n; }
  std::uint64_t number() { return random_() >> below(64); } ///< of all magnitudes
  bool flag() { return below(2) == 1; }
  std::string text(std::size_t length_max);

  archive_identity identity();
  varve::piece_start piece_start();
  varve::segment_index segment_index();
  piece_seal seal();
  commit_record commit();
  varve::piece_list piece_list();
  varve::round_end round_end();
  block_header header();
  std::vector<owned_entry> entries(std::size_t count);

private:
  std::uint64_t positive() { return number() | 1; }
  varve::digest digest() { return {random_(), random_() | 1}; }
  object_ref numbered_ref();
  object_ref single_ref();
  std::optional<object_ref> maybe(object_ref ref) { return flag() ? std::optional(ref) : std::nullopt; }
  piece_key piece();
  piece_bounds bounds();
  byte_counts counts() { return {number(), number(), number()}; }
  std::vector<stream_row> streams();
  segment_ref segment();
  std::vector<indexed_segment> segments();
  std::vector<frozen_piece> frozen();
  break_record interruption();

  std::mt19937_64 random_;
};

} // namespace varve::test
