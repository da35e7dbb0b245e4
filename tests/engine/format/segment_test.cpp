#include "engine/base/coding.hpp"
#include "engine/format/segment.hpp"
#include "tests/harness/object_source.hpp"

#include <catch2/catch.hpp>

using namespace varve;
using namespace varve::test;

namespace {

using namespace format;

/// Rows as a footer may list them, from offset 128 on.
std::vector<block_ref> random_blocks(object_source& source, std::size_t count) {
  std::vector<block_ref> blocks;
  auto offset = std::uint64_t{segment_header_bytes};
  for (std::size_t i = 0; i < count; ++i) {
    auto header = source.header();
    bytes head(block_header_bytes);
    store_block_header(header, head.data());
    blocks.push_back(make_block_ref(header, head, offset));
    offset += blocks.back().size;
  }
  return blocks;
}

std::uint64_t end_of(const std::vector<block_ref>& blocks) {
  return blocks.empty() ? segment_header_bytes : blocks.back().offset + blocks.back().size;
}

/// A footer with its trailer, taken apart as a reader does that knows only the segment's length.
result<std::vector<block_ref>> read_back(bytes_view footer_and_trailer, std::uint64_t footer_offset) {
  auto segment_bytes = footer_offset + footer_and_trailer.size();
  auto last = footer_and_trailer.last(std::min(footer_and_trailer.size(), segment_trailer_bytes));
  VARVE_TRY_ASSIGN(auto trailer, decode_segment_trailer(last, segment_bytes, "seg"));
  auto start = static_cast<std::size_t>(trailer.footer_offset - footer_offset);
  return decode_segment_footer(
      footer_and_trailer.subspan(start, static_cast<std::size_t>(trailer.footer_bytes)), trailer, "seg");
}

/// The footer payload `rows`, with a trailer that matches it.
bytes with_trailer(bytes rows, std::uint64_t footer_offset) {
  auto size = std::uint64_t{rows.size()};
  auto checksum = checksum64(rows);
  byte_writer out(rows);
  out.put(footer_offset);
  out.put(size);
  out.put(checksum);
  out.put(segment_trailer_magic);
  return rows;
}

} // namespace

TEST_CASE("a segment header comes back from its 128 bytes, whatever follows them") {
  auto archive = sample_archive();
  segment_header header{tenant_id{1001}, {round_id{1}, piece_id{0}}, epoch{7}, 3};
  auto encoded = encode_segment_header(archive, header);
  CHECK(encoded.size() == segment_header_bytes);
  append(encoded, as_bytes("blocks"));
  auto decoded = decode_segment_header(encoded, &archive, "seg");
  REQUIRE(decoded.ok());
  CHECK(*decoded == header);
}

TEST_CASE("a segment header that is cut off, damaged, foreign, newer or empty is refused") {
  auto archive = sample_archive(), other = other_archive();
  segment_header header{tenant_id{1001}, {round_id{1}, piece_id{2}}, epoch{7}, 3};
  auto encoded = encode_segment_header(archive, header);
  for (std::size_t size = 0; size < encoded.size(); ++size)
    CHECK(decode_segment_header(bytes_view(encoded).first(size), &archive, "seg").code() ==
          errc::checksum_error);
  for (std::size_t bit = 0; bit < encoded.size() * 8; ++bit) {
    auto mask = static_cast<std::byte>(1u << (bit % 8));
    encoded[bit / 8] ^= mask;
    CHECK(decode_segment_header(encoded, &archive, "seg").code() == errc::checksum_error);
    encoded[bit / 8] ^= mask;
  }
  CHECK(decode_segment_header(encoded, &other, "seg").code() == errc::foreign_destination);

  bytes fields(encoded.begin() + object_header_bytes, encoded.end());
  fields.back() = std::byte{1};
  CHECK(decode_segment_header(seal_object(object_kind::segment, archive, fields), &archive, "seg").code() ==
        errc::unknown_version);
  fields.pop_back();
  CHECK_FALSE(
      decode_segment_header(seal_object(object_kind::segment, archive, fields), &archive, "seg").ok());
  for (auto bad : {segment_header{tenant_id{1}, {round_id{0}, piece_id{2}}, epoch{7}, 3},
                   segment_header{tenant_id{1}, {round_id{1}, piece_id{2}}, epoch{0}, 3},
                   segment_header{tenant_id{1}, {round_id{1}, piece_id{2}}, epoch{7}, 0}})
    CHECK(decode_segment_header(encode_segment_header(archive, bad), &archive, "seg").code() ==
          errc::checksum_error);
}

TEST_CASE("a footer of any blocks comes back through its trailer") {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    INFO("seed " << seed);
    object_source source(seed);
    auto blocks = random_blocks(source, source.below(20));
    auto offset = end_of(blocks);
    auto read = read_back(encode_segment_footer(blocks, offset), offset);
    REQUIRE(read.ok());
    CHECK(*read == blocks);
  }
}

TEST_CASE("a footer of the largest numbers there are is within what a writer keeps free for it") {
  constexpr auto most = ~std::uint64_t{0};
  block_ref x{
      stream_id{most},   segment_header_bytes, most, most, most - 1, most, most - 1, most,
      ~std::uint32_t{0}, ~std::uint32_t{0},    most, most}; // spans wrap round, and are the largest, too
  auto footer = encode_segment_footer({x}, segment_header_bytes + x.size);
  CHECK(footer.size() > 100);
  CHECK(footer.size() <= segment_footer_bytes_max(1));
  CHECK(encode_segment_footer({}, segment_header_bytes).size() <= segment_footer_bytes_max(0));
}

TEST_CASE("a footer or trailer cut off at any length, or with any one bit flipped, is refused") {
  object_source source(1);
  auto blocks = random_blocks(source, 3);
  auto offset = end_of(blocks);
  auto footer = encode_segment_footer(blocks, offset);
  for (std::size_t size = 0; size < footer.size(); ++size)
    CHECK(read_back(bytes_view(footer).first(size), offset).code() == errc::checksum_error);
  for (std::size_t bit = 0; bit < footer.size() * 8; ++bit) {
    auto mask = static_cast<std::byte>(1u << (bit % 8));
    footer[bit / 8] ^= mask;
    CHECK(read_back(footer, offset).code() == errc::checksum_error);
    footer[bit / 8] ^= mask;
  }
}

TEST_CASE("a trailer that points elsewhere than at the footer before it is refused") {
  bytes last(segment_trailer_bytes);
  auto refused = [&](std::uint64_t footer_offset, std::uint64_t footer_bytes, std::uint64_t segment_bytes) {
    store(last.data(), footer_offset);
    store(last.data() + 8, footer_bytes);
    store(last.data() + 24, segment_trailer_magic);
    return decode_segment_trailer(last, segment_bytes, "seg").code() == errc::checksum_error;
  };
  CHECK_FALSE(refused(500, 100, 632));
  CHECK(refused(500, 101, 632));
  CHECK(refused(501, 100, 632));
  CHECK(refused(127, 473, 632));
  CHECK(refused(632, ~std::uint64_t{31}, 632));
  CHECK(refused(~std::uint64_t{0}, 601, 632));
  CHECK(refused(0, 0, 32));
  CHECK(refused(500, 100, 159));
}

TEST_CASE("a trailer or footer of another length than it must have is refused") {
  object_source source(1);
  auto blocks = random_blocks(source, 2);
  auto offset = end_of(blocks);
  auto footer = encode_segment_footer(blocks, offset);
  auto segment_bytes = offset + footer.size();
  auto last = bytes_view(footer).last(segment_trailer_bytes);
  auto trailer = decode_segment_trailer(last, segment_bytes, "seg");
  REQUIRE(trailer.ok());
  for (auto wrong : {last.first(31), bytes_view(footer).last(33), bytes_view{}})
    CHECK(decode_segment_trailer(wrong, segment_bytes, "seg").code() == errc::checksum_error);
  auto rows = bytes_view(footer).first(footer.size() - segment_trailer_bytes);
  CHECK(decode_segment_footer(rows, *trailer, "seg").ok());
  auto refused = decode_segment_footer(rows.first(rows.size() - 1), *trailer, "seg");
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().message == "seg: the footer is cut off");
}

TEST_CASE("a footer that describes blocks that cannot be is refused though its checksum holds") {
  object_source source(1);
  const auto good = random_blocks(source, 2);
  auto with = [&](auto change) {
    auto blocks = good;
    change(blocks[1]);
    bytes rows;
    byte_writer out(rows);
    out.put_varint(blocks.size());
    for (auto& x : blocks) {
      for (auto value : {x.stream.value, x.size, x.first_lsn, x.next_lsn - x.first_lsn, x.first_scn,
                         x.last_scn - x.first_scn, x.number, std::uint64_t{x.raw_bytes},
                         std::uint64_t{x.entries}, x.input_bytes})
        out.put_varint(value);
      out.put(x.header_checksum);
    }
    return read_back(with_trailer(rows, end_of(good)), end_of(good)).code();
  };
  CHECK(with([](auto&) {}) == errc::ok);
  CHECK(with([](auto& x) { x.size += 1; }) == errc::checksum_error);
  CHECK(with([](auto& x) { x.size -= 1; }) == errc::checksum_error);
  CHECK(with([](auto& x) { x.size = block_header_bytes; }) == errc::checksum_error);
  CHECK(with([](auto& x) { x.next_lsn = x.first_lsn; }) == errc::checksum_error);
  CHECK(with([](auto& x) { x.first_lsn = lsn_max; }) == errc::checksum_error);
  CHECK(with([](auto& x) { x.first_scn = 0; }) == errc::checksum_error);
  CHECK(with([](auto& x) { x.last_scn = x.first_scn - 1; }) == errc::checksum_error);
  CHECK(with([](auto& x) { x.number = 0; }) == errc::checksum_error);
  CHECK(with([](auto& x) { x.entries = 0; }) == errc::checksum_error);
  CHECK(with([](auto& x) { x.raw_bytes = 1; }) == errc::checksum_error);
  CHECK(with([](auto& x) { x.raw_bytes = std::uint32_t{body_bytes_max} + 1; }) == errc::checksum_error);
  CHECK(with([](auto& x) { x.input_bytes = x.raw_bytes; }) == errc::checksum_error);
}

TEST_CASE("a footer whose count or length is wrong is refused though its checksum holds") {
  for (auto count : {std::uint64_t{1}, std::uint64_t{1} << 40, ~std::uint64_t{0}}) {
    bytes rows;
    byte_writer(rows).put_varint(count);
    CHECK(read_back(with_trailer(rows, segment_header_bytes), segment_header_bytes).code() ==
          errc::checksum_error);
  }
  bytes rows(2); // no blocks, and a byte more
  CHECK(read_back(with_trailer(rows, segment_header_bytes), segment_header_bytes).code() ==
        errc::checksum_error);
  bytes none(1); // no blocks, yet bytes before the footer
  CHECK(read_back(with_trailer(none, segment_header_bytes + 1), segment_header_bytes + 1).code() ==
        errc::checksum_error);
}

TEST_CASE("random footers whose checksum holds are refused or read back as written") {
  std::size_t accepted = 0, refused = 0;
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    object_source source(seed);
    auto blocks = random_blocks(source, 1 + source.below(3));
    auto offset = end_of(blocks);
    auto rows = encode_segment_footer(blocks, offset);
    rows.resize(rows.size() - segment_trailer_bytes);
    rows[source.below(rows.size())] = static_cast<std::byte>(source.number());
    auto read = read_back(with_trailer(rows, offset), offset);
    if (!read.ok()) {
      ++refused;
      continue;
    }
    ++accepted;
    auto again = encode_segment_footer(*read, offset);
    again.resize(again.size() - segment_trailer_bytes);
    CHECK(again == rows);
  }
  CHECK(accepted > 100);
  CHECK(refused > 100);
}

TEST_CASE("a block's row ties the footer to the header's bytes") {
  object_source source(4);
  auto header = source.header();
  bytes head(block_header_bytes);
  store_block_header(header, head.data());
  auto ref = make_block_ref(header, head, 5000);
  CHECK(ref.offset == 5000);
  CHECK(ref.size == block_header_bytes + header.stored_bytes);
  CHECK(ref.header_checksum == checksum64(bytes_view(head).first(120)));
}
