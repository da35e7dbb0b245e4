#include "engine/base/coding.hpp"
#include "engine/format/describe.hpp"
#include "tests/harness/object_source.hpp"

#include <catch2/catch.hpp>

#include <set>

using namespace varve;
using namespace varve::test;

namespace {

using namespace format;

const description* child(const description& x, std::string_view key) {
  for (auto& c : x.children)
    if (c.key == key)
      return &c;
  return nullptr;
}

std::string value(const inspection& x, std::string_view key) {
  auto found = child(x.what, key);
  return found ? found->value : "";
}

std::size_t blocks_in(const inspection& x) {
  std::size_t count = 0;
  for (auto& row : child(x.what, "blocks")->children)
    count += row.key == "block";
  return count;
}

/// One object of every kind, whole.
std::vector<bytes> all_objects() {
  auto archive = sample_archive();
  return {encode(sample_identity()),
          encode(archive, sample_piece_start()),
          encode(archive, sample_segment_index()),
          encode(archive, sample_seal()),
          encode(archive, sample_commit()),
          encode(archive, commit_mark(tenant_id{1001}, commit_seq{0})),
          encode(archive, sample_piece_list()),
          encode(archive, sample_round_end()),
          sample_segment(codec::none),
          sample_segment(codec::lz4),
          sample_segment(codec::zstd)};
}

} // namespace

TEST_CASE("every kind of object is described under its own name, without a problem") {
  std::set<std::string> kinds;
  for (auto& object : all_objects()) {
    auto seen = describe_object(object, "t1/x");
    INFO(to_text(seen.what));
    CHECK_FALSE(seen.problem);
    CHECK(value(seen, "name") == "t1/x");
    CHECK(value(seen, "bytes") == std::to_string(object.size()));
    CHECK(value(seen, "archive") == to_hex(sample_archive()));
    kinds.insert(value(seen, "kind"));
  }
  CHECK(kinds == std::set<std::string>{"identity", "piece start", "segment index", "seal", "commit",
                                       "piece list", "round end", "segment"});
}

TEST_CASE("one flipped bit anywhere in any object is a problem that names it") {
  for (auto& object : all_objects())
    for (std::size_t at = 0; at < object.size(); ++at) {
      auto damaged = object;
      damaged[at] ^= static_cast<std::byte>(1u << (at % 8));
      auto seen = describe_object(damaged, "t1/x");
      INFO("byte " << at);
      REQUIRE(seen.problem);
      CHECK(seen.problem->code == errc::checksum_error);
      CHECK(seen.problem->message.find("t1/x") == 0);
      CHECK(to_text(seen.what).find("problem ") != std::string::npos);
    }
}

TEST_CASE("an object cut off at any length is a problem, but for a segment without footer that ends after a "
          "block") {
  std::size_t harmless = 0;
  for (auto& object : all_objects())
    for (std::size_t size = 0; size < object.size(); ++size) {
      auto seen = describe_object(bytes_view(object).first(size), "t1/x");
      if (seen.problem)
        continue;
      ++harmless;
      CHECK(value(seen, "kind") == "segment");
      CHECK(value(seen, "ended") == "no");
      CHECK(value(seen, "sound_bytes") == std::to_string(size));
    }
  CHECK(harmless == 2 + 4 + 4); // after the header, and after each block
}

TEST_CASE("a segment that was not ended is sound as far as its blocks go") {
  auto object = sample_segment(codec::zstd, false);
  auto whole = object.size();
  append(object, bytes_view(object).subspan(segment_header_bytes, 100)); // a block torn in its header
  auto seen = describe_object(object, "t1/x");
  CHECK(blocks_in(seen) == 3);
  CHECK(value(seen, "sound_bytes") == std::to_string(whole));
  REQUIRE(seen.problem);
  CHECK(seen.problem->message.find("t1/x at offset " + std::to_string(whole)) == 0);
}

TEST_CASE("blocks behind a damaged block header are found again") {
  auto object = sample_segment(codec::lz4);
  object[segment_header_bytes + 20] ^= std::byte{1};
  auto seen = describe_object(object, "t1/x");
  CHECK(blocks_in(seen) == 2);
  CHECK(value(seen, "sound_bytes") == std::to_string(segment_header_bytes));
  auto& first = child(seen.what, "blocks")->children[0];
  CHECK(first.key == "damage");
  CHECK(child(first, "offset")->value == "128");
}

TEST_CASE("a footer that lists other blocks than there are is a problem") {
  auto ended = sample_segment(codec::none), open = sample_segment(codec::none, false);
  auto header = *parse_block_header(bytes_view(open).subspan(segment_header_bytes), "block");
  auto ref = make_block_ref(header, bytes_view(open).subspan(segment_header_bytes), segment_header_bytes);
  ref.header_checksum ^= 1;
  append(open, encode_segment_footer({ref}, open.size()));
  auto seen = describe_object(open, "t1/x");
  REQUIRE(seen.problem);
  CHECK(seen.problem->message.find("the footer lists other blocks than there are") != std::string::npos);
}

TEST_CASE("a file of bare blocks lists their entries") {
  auto block = build_block(sample_entries(3, 40, 5, "redo "), stream_id{9}, 1, codec::none).encoded;
  append(block, build_block(sample_entries(2, 60, 9, "redo "), stream_id{9}, 2, codec::none).encoded);
  auto seen = describe_object(block, "one.blk");
  CHECK_FALSE(seen.problem);
  CHECK(value(seen, "kind") == "blocks");
  CHECK(blocks_in(seen) == 2);
  auto entries = child(child(seen.what, "blocks")->children[0], "entries_in_block");
  REQUIRE(entries);
  CHECK(entries->children.size() == 3);
}

TEST_CASE("random bytes are described as a problem and never crash") {
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    object_source source(seed);
    auto content = to_bytes(as_bytes(source.text(400)));
    if (source.flag() && content.size() >= 4)
      store(content.data(), block_magic);
    CHECK(describe_object(content, "t1/x").problem);
  }
}
