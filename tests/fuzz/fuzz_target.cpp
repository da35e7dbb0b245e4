#include "tests/fuzz/fuzz_target.hpp"

#include <array>

namespace varve::fuzz {
namespace {

const std::array targets{
    fuzz_target{"block", block, block_seeds, 16 << 10, 1},
    fuzz_target{"sealed_block", sealed_block, block_seeds, 4 << 10, 1},
    fuzz_target{"segment", segment, segment_seeds, 16 << 10, 1},
    fuzz_target{"sealed_segment", sealed_segment, segment_seeds, 8 << 10, 1},
    fuzz_target{"metadata", metadata, metadata_seeds, 4 << 10, 1},
    fuzz_target{"sealed_metadata", sealed_metadata, sealed_metadata_seeds, 4 << 10, 1},
    fuzz_target{"archive", archive, archive_seeds, 2 << 10, 2},
    fuzz_target{"object_name", object_name, object_name_seeds, 256, 1},
    fuzz_target{"destination_uri", destination_uri, destination_uri_seeds, 4 << 10, 1},
    fuzz_target{"catalog", catalog, catalog_seeds, 1 << 10, 4},
    fuzz_target{"sealed_catalog", sealed_catalog, catalog_seeds, 1 << 10, 6},
    fuzz_target{"statement", statement, statement_seeds, 2 << 10, 1},
    fuzz_target{"option", option, option_seeds, 1 << 10, 1},
    fuzz_target{"select", select, select_seeds, 512, 10},
};

} // namespace

std::span<const fuzz_target> fuzz_targets() {
  return targets;
}

const fuzz_target* find_target(std::string_view name) {
  for (auto& target : targets)
    if (target.name == name)
      return &target;
  return nullptr;
}

} // namespace varve::fuzz
