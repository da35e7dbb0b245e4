#pragma once

#include "engine/base/bytes.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Doors that bytes or texts from outside come in by. Each target takes any input, puts it through one door
/// and checks what the door promises; a promise that is broken is thrown as broken_promise. The same
/// functions are run by the fuzzer (libFuzzer) and, over the committed corpus, by test_fuzz.
namespace varve::fuzz {

struct fuzz_target {
  std::string_view name;
  void (*run)(bytes_view input);
  std::vector<bytes> (*seeds)(); ///< good inputs to begin from, made by the code that writes them
  std::size_t input_bytes_max;   ///< longer ones find nothing that shorter ones do not
  unsigned slowness;             ///< a test tries so many times fewer inputs
};

/// All of them.
std::span<const fuzz_target> fuzz_targets();
/// nullptr: there is none of that name.
const fuzz_target* find_target(std::string_view name);

// block_target.cpp
void block(bytes_view input);        ///< a file that begins with a block
void sealed_block(bytes_view input); ///< the same, its checksums made right first
std::vector<bytes> block_seeds();

// segment_target.cpp
void segment(bytes_view input);        ///< one byte of flags, then a segment
void sealed_segment(bytes_view input); ///< the same, all its checksums made right first
std::vector<bytes> segment_seeds();

// metadata_target.cpp
void metadata(bytes_view input);        ///< a whole object
void sealed_metadata(bytes_view input); ///< one byte that chooses the kind, then a payload
std::vector<bytes> metadata_seeds();
std::vector<bytes> sealed_metadata_seeds();

// archive_target.cpp
/// One byte that chooses an object and what is done with the archive, then the payload a liar put in it.
void archive(bytes_view input);
std::vector<bytes> archive_seeds();

// name_target.cpp
void object_name(bytes_view input);
void destination_uri(bytes_view input);
std::vector<bytes> object_name_seeds();
std::vector<bytes> destination_uri_seeds();

// catalog_target.cpp
void catalog(bytes_view input);        ///< one byte: length of the key; key; value
void sealed_catalog(bytes_view input); ///< the same, the checksum of the value made right first
std::vector<bytes> catalog_seeds();

// statement_target.cpp
void statement(bytes_view input);
std::vector<bytes> statement_seeds();

// option_target.cpp
void option(bytes_view input); ///< one byte that chooses the parser, then a text
std::vector<bytes> option_seeds();

// select_target.cpp
void select(bytes_view input);
std::vector<bytes> select_seeds();

} // namespace varve::fuzz
