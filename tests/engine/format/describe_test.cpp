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

TEST_CASE("an object is described without what it does not name") {
  auto commit = sample_commit();
  commit.seq = commit_seq{1};
  commit.epoch = epoch{1};
  commit.predecessor = {};
  commit.round.status = round_status::doing;
  commit.round.piece_interval_ns = 0;
  commit.interruption.reset();
  commit.limiting_stream.reset();
  commit.stream_table.reset();
  commit.piece_list.reset();
  commit.open_pieces.resize(1);
  commit.open_pieces[0].bounds.end_scn = scn_max;
  auto seen = describe_object(encode(sample_archive(), commit), "t1/x");
  INFO(to_text(seen.what));
  REQUIRE_FALSE(seen.problem);
  for (auto key : {"interruption", "limiting_stream", "stream_table", "piece_list"})
    CHECK_FALSE(child(seen.what, key));
  CHECK(child(seen.what, "predecessor")->note == "none: a beginning");
  CHECK(child(*child(seen.what, "round"), "piece_interval_ns")->note == "no split");
  CHECK(child(child(seen.what, "open_pieces")->children[0], "end_scn")->note == "no end");
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

TEST_CASE("random bytes are described as a problem and never crash") {
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    object_source source(seed);
    auto content = to_bytes(as_bytes(source.text(400)));
    if (source.flag() && content.size() >= 4)
      store(content.data(), block_magic);
    CHECK(describe_object(content, "t1/x").problem);
  }
}
