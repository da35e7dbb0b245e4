#include "engine/format/describe.hpp"
#include "engine/format/object_name.hpp"
#include "tests/harness/format_samples.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>

/// Committed bytes of format version 1: this build reads them, and writes the same. What is here once never
/// changes; a new file is written by `test_format "[write_golden]"`, which leaves those that are there alone.
using namespace varve;
using namespace varve::test;

namespace {

using namespace format;

const auto folder = std::filesystem::path(VARVE_SOURCE_DIR) / "tests" / "golden" / "v1";

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  REQUIRE(in.is_open());
  return {std::istreambuf_iterator<char>(in), {}};
}

bytes golden(const std::string& name) {
  return to_bytes(as_bytes(read_file(folder / (name + ".bin"))));
}

/// Every golden object as this build makes it.
std::map<std::string, bytes> made_now() {
  auto archive = sample_archive();
  return {{"identity", encode(sample_identity())},
          {"piece_start", encode(archive, sample_piece_start())},
          {"segment_index", encode(archive, sample_segment_index())},
          {"seal", encode(archive, sample_seal())},
          {"commit", encode(archive, sample_commit())},
          {"commit_mark", encode(archive, commit_mark(tenant_id{1001}, commit_seq{6}))},
          {"piece_list", encode(archive, sample_piece_list())},
          {"round_end", encode(archive, sample_round_end())},
          {"segment_none", sample_segment(codec::none)},
          {"segment_lz4", sample_segment(codec::lz4)},
          {"segment_zstd", sample_segment(codec::zstd)},
          {"segment_not_ended", sample_segment(codec::none, false)}};
}

struct taken_apart {
  segment_header header;
  std::vector<block_header> blocks;
  std::vector<std::vector<owned_entry>> entries;
  std::vector<block_ref> footer;
};

taken_apart take_apart(bytes_view segment) {
  auto archive = sample_archive();
  taken_apart x;
  x.header = decode_segment_header(segment, &archive, "seg").value();
  auto trailer = decode_segment_trailer(segment.last(segment_trailer_bytes), segment.size(), "seg").value();
  auto footer = segment.subspan(static_cast<std::size_t>(trailer.footer_offset),
                                static_cast<std::size_t>(trailer.footer_bytes));
  x.footer = decode_segment_footer(footer, trailer, "seg").value();
  for (auto& ref : x.footer) {
    auto block = segment.subspan(static_cast<std::size_t>(ref.offset), static_cast<std::size_t>(ref.size));
    x.blocks.push_back(parse_block_header(block, "block").value());
    CHECK(make_block_ref(x.blocks.back(), block, ref.offset) == ref);
    x.entries.push_back(entries_of(block));
  }
  return x;
}

} // namespace

TEST_CASE("write the golden files that are not there", "[.][write_golden]") {
  std::filesystem::create_directories(folder);
  for (auto& [name, object] : made_now()) {
    auto path = folder / (name + ".bin");
    if (std::filesystem::exists(path))
      continue;
    std::ofstream(path, std::ios::binary) << as_text(object);
    std::ofstream(folder / (name + ".txt")) << to_text(describe_object(object, name + ".bin").what);
  }
  SUCCEED();
}

TEST_CASE("golden objects of version 1 read as what was written") {
  auto archive = sample_archive();
  CHECK(*decode_identity(golden("identity"), "x") == sample_identity());
  CHECK(*decode_piece_start(golden("piece_start"), &archive, "x") == sample_piece_start());
  CHECK(*decode_segment_index(golden("segment_index"), &archive, "x") == sample_segment_index());
  CHECK(*decode_seal(golden("seal"), &archive, "x") == sample_seal());
  CHECK(*decode_commit(golden("commit"), &archive, "x") == sample_commit());
  CHECK(*decode_commit(golden("commit_mark"), &archive, "x") == commit_mark(tenant_id{1001}, commit_seq{6}));
  CHECK(*decode_piece_list(golden("piece_list"), &archive, "x") == sample_piece_list());
  CHECK(*decode_round_end(golden("round_end"), &archive, "x") == sample_round_end());
}

TEST_CASE("this build writes the golden objects of version 1 byte for byte, compressed bodies apart") {
  for (auto& [name, object] : made_now()) {
    INFO(name);
    if (name != "segment_lz4" && name != "segment_zstd")
      CHECK(to_hex(object) == to_hex(golden(name)));
  }
}

TEST_CASE("golden segments of every codec hold the entries that were written") {
  for (std::string name : {"segment_none", "segment_lz4", "segment_zstd"}) {
    INFO(name);
    auto then = take_apart(golden(name)), now = take_apart(made_now().at(name));
    CHECK(then.header == now.header);
    CHECK(then.entries == now.entries);
    REQUIRE(then.blocks.size() == now.blocks.size());
    for (std::size_t i = 0; i < then.blocks.size(); ++i) {
      CHECK(then.blocks[i].codec == now.blocks[i].codec);
      CHECK(then.blocks[i].raw_checksum == now.blocks[i].raw_checksum);
    }
  }
  CHECK(take_apart(golden("segment_lz4")).blocks[0].codec == codec::lz4);
  CHECK(take_apart(golden("segment_zstd")).blocks[0].codec == codec::zstd);
  CHECK(take_apart(golden("segment_zstd")).blocks[2].codec == codec::none);
}

TEST_CASE("header and footer of a compressed golden segment encode to the same bytes") {
  for (std::string name : {"segment_lz4", "segment_zstd"}) {
    auto segment = golden(name);
    auto parts = take_apart(segment);
    CHECK(equal(encode_segment_header(sample_archive(), parts.header),
                bytes_view(segment).first(segment_header_bytes)));
    auto offset = parts.footer.back().offset + parts.footer.back().size;
    CHECK(equal(encode_segment_footer(parts.footer, offset),
                bytes_view(segment).subspan(static_cast<std::size_t>(offset))));
    for (std::size_t i = 0; i < parts.blocks.size(); ++i) {
      std::byte head[block_header_bytes];
      store_block_header(parts.blocks[i], head);
      auto at = static_cast<std::size_t>(parts.footer[i].offset);
      CHECK(equal(head, bytes_view(segment).subspan(at, block_header_bytes)));
    }
  }
}

TEST_CASE("golden files are described as the text beside them says") {
  for (auto& [name, object] : made_now()) {
    INFO(name);
    CHECK(to_text(describe_object(golden(name), name + ".bin").what) == read_file(folder / (name + ".txt")));
  }
}

TEST_CASE("every file among the golden ones is tested here") {
  auto made = made_now();
  for (auto& entry : std::filesystem::directory_iterator(folder)) {
    INFO(entry.path());
    CHECK(made.count(entry.path().stem().string()) == 1);
  }
}

namespace {

/// The lines between "```<kind>" and "```" in FORMAT.md.
std::vector<std::string> page_lines(const std::string& kind) {
  std::istringstream page(
      read_file(std::filesystem::path(VARVE_SOURCE_DIR) / "engine" / "format" / "FORMAT.md"));
  std::vector<std::string> lines;
  bool inside = false;
  for (std::string line; std::getline(page, line);) {
    if (line == "```" + kind)
      inside = true;
    else if (line == "```")
      inside = false;
    else if (inside)
      lines.push_back(line);
  }
  return lines;
}

} // namespace

TEST_CASE("the worked example of FORMAT.md is the golden segment, byte for byte") {
  bytes shown;
  for (auto& line : page_lines("hex")) { // offset | hex bytes | meaning
    INFO(line);
    auto first = line.find('|'), second = line.find('|', first + 1);
    REQUIRE(second != std::string::npos);
    CHECK(std::stoul(line.substr(0, first)) == shown.size());
    std::istringstream hex(line.substr(first + 1, second - first - 1));
    for (std::string digits; hex >> digits;)
      shown.push_back(static_cast<std::byte>(std::stoul(digits, nullptr, 16)));
  }
  CHECK(to_hex(shown) == to_hex(golden("segment_none")));
}

TEST_CASE("the listing of FORMAT.md has names of this format only, of every kind") {
  std::set<std::size_t> kinds;
  for (auto& line : page_lines("listing")) {
    auto name = parse_object_name(line.substr(0, line.find(' ')));
    INFO(line);
    REQUIRE(name);
    kinds.insert(name->index());
  }
  CHECK(kinds.size() == std::variant_size_v<object_name>);
}

TEST_CASE("what FORMAT.md shows of varve inspect is the description of the golden segment") {
  auto page = read_file(std::filesystem::path(VARVE_SOURCE_DIR) / "engine" / "format" / "FORMAT.md");
  CHECK(page.find("```\n" + read_file(folder / "segment_none.txt") + "```\n") != std::string::npos);
}
