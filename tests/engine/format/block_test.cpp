#include "engine/base/checksum.hpp"
#include "engine/base/coding.hpp"
#include "engine/format/block.hpp"
#include "tests/harness/object_source.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace varve;
using namespace varve::test;

namespace {

using namespace format;

bytes encoded(const block_header& header) {
  bytes target(block_header_bytes);
  store_block_header(header, target.data());
  return target;
}

/// Changes a field of a sound header and makes its checksum hold again.
template <class T>
bytes written_with(std::size_t offset, T value) {
  auto head = encoded(object_source(1).header());
  store(head.data() + offset, value);
  store(head.data() + 120, checksum64(bytes_view(head).first(120)));
  return head;
}

error refusal(bytes_view head) {
  auto parsed = parse_block_header(head, "seg at offset 128");
  REQUIRE_FALSE(parsed.ok());
  CHECK(parsed.error().message.find("seg at offset 128: ") == 0);
  return parsed.error();
}

bytes stored_body(const built_block& block) {
  return {block.encoded.begin() + block_header_bytes, block.encoded.end()};
}

std::string long_text(std::size_t size) {
  return std::string(size, 'a') + "b";
}

} // namespace

TEST_CASE("every block header comes back from its 128 bytes") {
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    INFO("seed " << seed);
    auto header = object_source(seed).header();
    auto parsed = parse_block_header(encoded(header), "block");
    REQUIRE(parsed.ok());
    CHECK(*parsed == header);
  }
}

TEST_CASE("entries of every shape come back from a block of every codec") {
  for (std::uint64_t seed = 0; seed < 60; ++seed)
    for (auto wanted : {codec::none, codec::lz4, codec::zstd}) {
      INFO("seed " << seed);
      object_source source(seed);
      auto entries = source.entries(1 + source.below(50));
      CHECK(entries_of(build_block(entries, stream_id{1}, 1, wanted).encoded) == entries);
    }
}

TEST_CASE("a block is appended behind what is there, header and body") {
  auto target = to_bytes(as_bytes("before"));
  auto entries = sample_entries(20, 0, 5, long_text(100));
  auto block = build_block(entries, stream_id{1}, 1, codec::lz4);
  block_packer packer;
  auto header = block.header;
  REQUIRE(packer.pack(header, raw_body(entries), codec::lz4, target).ok());
  CHECK(header == block.header);
  CHECK(equal(bytes_view(target).first(6), as_bytes("before")));
  CHECK(equal(bytes_view(target).subspan(6), block.encoded));
}

TEST_CASE("a block is packed in place where the target has room for it") {
  auto entries = sample_entries(20, 0, 5, long_text(100));
  auto block = build_block(entries, stream_id{1}, 1, codec::lz4);
  bytes target;
  target.reserve(block.encoded.size());
  auto place = target.data();
  block_packer packer;
  auto header = block.header;
  REQUIRE(packer.pack(header, raw_body(entries), codec::lz4, target).ok());
  CHECK(target.data() == place);
  CHECK(target == block.encoded);
}

TEST_CASE("a body that shrinks carries its codec; one that does not is stored raw") {
  auto shrinks = sample_entries(20, 0, 5, long_text(100));
  CHECK(build_block(shrinks, stream_id{1}, 1, codec::lz4).header.codec == codec::lz4);
  CHECK(build_block(shrinks, stream_id{1}, 1, codec::zstd).header.codec == codec::zstd);
  CHECK(build_block(shrinks, stream_id{1}, 1, codec::none).header.codec == codec::none);
  for (auto wanted : {codec::lz4, codec::zstd}) {
    auto block = build_block(sample_entries(1, 0, 5, "xyz"), stream_id{1}, 1, wanted);
    CHECK(block.header.codec == codec::none);
    CHECK(block.header.stored_bytes == block.header.raw_bytes);
    CHECK(block.header.stored_checksum == block.header.raw_checksum);
  }
}

TEST_CASE("the same entries have the same raw checksum in every codec") {
  auto entries = sample_entries(20, 0, 5, long_text(100));
  auto raw = build_block(entries, stream_id{1}, 1, codec::none).header;
  CHECK(build_block(entries, stream_id{1}, 1, codec::lz4).header.raw_checksum == raw.raw_checksum);
  CHECK(build_block(entries, stream_id{1}, 1, codec::zstd).header.raw_checksum == raw.raw_checksum);
}

TEST_CASE("an empty body or one over the limit is not packed") {
  block_packer packer;
  block_header header;
  bytes target;
  CHECK(packer.pack(header, {}, codec::lz4, target).code() == errc::invalid_argument);
  CHECK(packer.pack(header, bytes(body_bytes_max + 1), codec::lz4, target).code() == errc::invalid_argument);
  CHECK(target.empty());
}

// Tests of all refusals of a header follow:

TEST_CASE("a block header cut off at any length is refused") {
  auto head = encoded(object_source(1).header());
  for (std::size_t size = 0; size < head.size(); ++size)
    CHECK(refusal(bytes_view(head).first(size)).code == errc::checksum_error);
}

TEST_CASE("a block header with any one bit flipped is refused as damaged, never as of a newer version") {
  auto head = encoded(object_source(1).header());
  for (std::size_t bit = 0; bit < head.size() * 8; ++bit) {
    auto mask = static_cast<std::byte>(1u << (bit % 8));
    head[bit / 8] ^= mask;
    CHECK(refusal(head).code == errc::checksum_error);
    head[bit / 8] ^= mask;
  }
}

TEST_CASE("bytes that do not start with a block's magic number are no block, whatever else holds") {
  CHECK(refusal(written_with(0, std::uint32_t{block_magic ^ 1})).message ==
        "seg at offset 128: no block starts here");
}

TEST_CASE("an unknown version, codec, kind, flag or extension of a block is refused by name") {
  struct {
    bytes head;
    const char* words;
  } const cases[] = {{written_with(4, std::uint16_t{2}), "block version 2"},
                     {written_with(6, std::uint8_t{3}), "block codec 3"},
                     {written_with(7, block_kind_many_streams), "block kind 2"},
                     {written_with(8, std::uint32_t{1}), "block flag set 1"},
                     {written_with(112, std::uint64_t{4}), "block extension 4"}};
  for (auto& x : cases) {
    auto failed = refusal(x.head);
    CHECK(failed.code == errc::unknown_version);
    INFO(failed.message);
    CHECK(failed.message.find(x.words) != std::string::npos);
  }
}

TEST_CASE("a header whose fields contradict each other is refused though its checksum holds") {
  auto with = [](auto change) {
    auto header = build_block(sample_entries(20, 100, 5, long_text(100)), stream_id{1}, 1, codec::lz4).header;
    REQUIRE(parse_block_header(encoded(header), "block").ok());
    change(header);
    return refusal(encoded(header)).code;
  };
  CHECK(with([](auto& x) { x.entries = 0; }) == errc::checksum_error);
  CHECK(with([](auto& x) {
          x.entries = 0;
          x.input_bytes = x.raw_bytes;
        }) == errc::checksum_error);
  CHECK(with([](auto& x) {
          x.input_bytes += body_bytes_max + 1 - x.raw_bytes;
          x.raw_bytes = std::uint32_t{body_bytes_max} + 1;
        }) == errc::checksum_error);
  CHECK(with([](auto& x) { x.epoch = epoch{0}; }) == errc::checksum_error);
  CHECK(with([](auto& x) { x.number = 0; }) == errc::checksum_error);
  CHECK(with([](auto& x) { x.next_lsn = x.first_lsn; }) == errc::checksum_error);
  CHECK(with([](auto& x) { std::swap(x.first_lsn, x.next_lsn); }) == errc::checksum_error);
  CHECK(with([](auto& x) { x.next_lsn = x.first_lsn + x.entries - 1; }) == errc::checksum_error);
  CHECK(with([](auto& x) { x.first_scn = 0; }) == errc::checksum_error);
  CHECK(with([](auto& x) { x.last_scn = x.first_scn - 1; }) == errc::checksum_error);
  CHECK(with([](auto& x) { x.raw_bytes = std::uint32_t{body_bytes_max} + 1; }) == errc::checksum_error);
  CHECK(with([](auto& x) { x.stored_bytes = 0; }) == errc::checksum_error);
  CHECK(with([](auto& x) { x.stored_bytes = x.raw_bytes; }) == errc::checksum_error);
  CHECK(with([](auto& x) { x.stored_bytes = x.raw_bytes + 1; }) == errc::checksum_error);
  CHECK(with([](auto& x) { x.codec = codec::none; }) == errc::checksum_error);
  CHECK(with([](auto& x) { x.input_bytes = x.raw_bytes; }) == errc::checksum_error);
  CHECK(with([](auto& x) { x.input_bytes = 0; }) == errc::checksum_error);
}

// Tests of all refusals of a body follow:

TEST_CASE("a body cut off at any length, or with any one bit flipped, is refused") {
  for (auto wanted : {codec::none, codec::lz4, codec::zstd}) {
    auto block = build_block(sample_entries(6, 0, 5, "redo record of some length "), stream_id{1}, 1, wanted);
    auto stored = stored_body(block);
    block_unpacker unpacker;
    bytes raw;
    REQUIRE(unpacker.unpack(block.header, stored, "block", raw).ok());
    for (std::size_t size = 0; size < stored.size(); ++size)
      CHECK(unpacker.unpack(block.header, bytes_view(stored).first(size), "block", raw).code() ==
            errc::checksum_error);
    for (std::size_t bit = 0; bit < stored.size() * 8; ++bit) {
      auto mask = static_cast<std::byte>(1u << (bit % 8));
      stored[bit / 8] ^= mask;
      CHECK(unpacker.unpack(block.header, stored, "block", raw).code() == errc::checksum_error);
      stored[bit / 8] ^= mask;
    }
  }
}

TEST_CASE("a body that decompresses to other bytes than were packed is refused") {
  auto block =
      build_block(sample_entries(6, 0, 5, "redo record of some length "), stream_id{1}, 1, codec::lz4);
  block_unpacker unpacker;
  bytes raw;
  auto header = block.header;
  header.raw_checksum ^= 1;
  auto refused = unpacker.unpack(header, stored_body(block), "seg at offset 128", raw);
  REQUIRE(refused.code() == errc::checksum_error);
  CHECK(refused.error().message.find("seg at offset 128: the decompressed") == 0);
  header = build_block(sample_entries(1, 0, 5, "x"), stream_id{1}, 1, codec::none).header;
  header.raw_checksum ^= 1;
  CHECK(unpacker
            .unpack(header,
                    stored_body(build_block(sample_entries(1, 0, 5, "x"), stream_id{1}, 1, codec::none)),
                    "block", raw)
            .code() == errc::checksum_error);
}

TEST_CASE("a body that its codec cannot read is refused with its place, though its stored checksum holds") {
  for (auto wanted : {codec::lz4, codec::zstd}) {
    auto block = build_block(sample_entries(20, 0, 5, long_text(100)), stream_id{1}, 1, wanted);
    auto stored = stored_body(block);
    std::fill(stored.begin(), stored.end(), std::byte{0xff});
    block.header.stored_checksum = checksum64(stored);
    block_unpacker unpacker;
    bytes raw;
    auto refused = unpacker.unpack(block.header, stored, "seg at offset 128", raw);
    REQUIRE(refused.code() == errc::checksum_error);
    INFO(refused.error().message);
    CHECK(refused.error().message.find("seg at offset 128: ") == 0);
    CHECK(refused.error().message.find("cannot decompress the body") != std::string::npos);
  }
}

TEST_CASE("a body of another length than its header says is refused, also where a header was never parsed") {
  auto block =
      build_block(sample_entries(6, 0, 5, "redo record of some length "), stream_id{1}, 1, codec::lz4);
  auto stored = stored_body(block);
  block_unpacker unpacker;
  bytes raw;
  auto refused = [&](const block_header& header) {
    return unpacker.unpack(header, stored, "block", raw).error();
  };
  auto header = block.header;
  ++header.stored_bytes;
  CHECK(refused(header).message == "block: the block body is cut off");
  header = block.header;
  header.raw_bytes = std::uint32_t{body_bytes_max} + 1;
  CHECK(refused(header).message == "block: a block body over the limit");
  CHECK(raw.capacity() < body_bytes_max);

  auto plain = build_block(sample_entries(1, 0, 5, "x"), stream_id{1}, 1, codec::none);
  header = plain.header;
  ++header.raw_bytes;
  CHECK(unpacker.unpack(header, stored_body(plain), "block", raw).code() == errc::checksum_error);
}

// Tests of the cursor follow:

TEST_CASE("a cursor gives each entry with its payload inside the body, and then ends") {
  auto entries = sample_entries(3, 40, 5, "redo ");
  auto block = build_block(entries, stream_id{1}, 1, codec::none);
  auto raw = raw_body(entries);
  entry_cursor at{block.header, raw};
  for (auto& x : entries) {
    REQUIRE(at.next());
    CHECK(at.entry().lsn == x.lsn);
    CHECK(at.entry().payload.data() >= raw.data());
    CHECK(at.entry().payload.data() + at.entry().payload.size() <= raw.data() + raw.size());
  }
  CHECK_FALSE(at.next());
  CHECK_FALSE(at.next());
  CHECK_FALSE(at.corrupt());
}

TEST_CASE("a body whose entries are not what the header says ends the walk as corrupt") {
  auto entries = sample_entries(3, 40, 5, "redo ");
  auto good = build_block(entries, stream_id{1}, 1, codec::none).header;
  auto raw = raw_body(entries);
  auto corrupt = [](block_header header, bytes body) {
    entry_cursor at{header, body};
    while (at.next()) {
    }
    CHECK_FALSE(at.next()); // it stays at its end
    return at.corrupt();
  };
  auto with = [&](auto change) {
    auto header = good;
    change(header);
    return corrupt(header, raw);
  };
  CHECK_FALSE(corrupt(good, raw));
  CHECK(with([](auto& x) { --x.entries; }));
  CHECK(with([](auto& x) { ++x.entries; }));
  CHECK(with([](auto& x) { --x.next_lsn; }));
  CHECK(with([](auto& x) { ++x.next_lsn; }));
  CHECK(with([](auto& x) { --x.last_scn; }));
  CHECK(with([](auto& x) { ++x.last_scn; }));
  auto longer = raw;
  longer.push_back(std::byte{0});
  CHECK(corrupt(good, longer));
  for (std::size_t size = 0; size < raw.size(); ++size)
    CHECK(corrupt(good, {raw.begin(), raw.begin() + static_cast<std::ptrdiff_t>(size)}));
  auto late = entries; // the first entry's SCN is not the block's first_scn
  for (auto& x : late)
    ++x.scn;
  auto body = raw_body(late);
  body[2] = std::byte{1};
  auto header = good;
  header.last_scn += 1;
  CHECK(corrupt(header, body));
}

TEST_CASE("an entry head with a number past 64 bits or not in its shortest form ends the walk as corrupt") {
  block_header header;
  header.entries = 1;
  header.next_lsn = header.first_lsn + 1;
  header.first_scn = header.last_scn = 5;
  auto corrupt = [&](std::initializer_list<unsigned> head) {
    bytes body;
    for (auto b : head)
      body.push_back(static_cast<std::byte>(b));
    entry_cursor at{header, body};
    while (at.next()) {
    }
    return at.corrupt();
  };
  CHECK_FALSE(corrupt({0, 1, 0}));
  header.next_lsn = lsn{1} << 63; // an entry over half of all LSNs: its length takes all ten bytes
  CHECK_FALSE(corrupt({0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01, 0}));
  header.next_lsn = 1;
  CHECK(corrupt({0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x02, 1, 0}));
  CHECK(corrupt({0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01, 1, 0}));
  CHECK(corrupt({0x80, 0x00, 1, 0}));
  CHECK(corrupt({0, 1, 0x80}));
}

TEST_CASE("random bytes as a body end the walk inside it and never past it") {
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    object_source source(seed);
    auto header = source.header();
    auto body = to_bytes(as_bytes(source.text(60)));
    std::size_t payload_bytes = 0;
    entry_cursor at{header, body};
    while (at.next())
      payload_bytes += at.entry().payload.size();
    CHECK(payload_bytes <= body.size());
  }
}

// Tests of resynchronisation follow:

TEST_CASE("the next block header is found after damage, and text that looks like one is not") {
  auto block = build_block(sample_entries(3, 40, 5, "redo "), stream_id{1}, 1, codec::none).encoded;
  auto garbage = to_bytes(as_bytes("VBLKVBLKxxVBL"));
  bytes source;
  append(source, garbage);
  append(source, block);
  append(source, garbage);
  append(source, block);
  CHECK(find_block_header(source, 0) == garbage.size());
  CHECK(find_block_header(source, garbage.size()) == garbage.size());
  CHECK(find_block_header(source, garbage.size() + 1) == 2 * garbage.size() + block.size());
  CHECK_FALSE(find_block_header(source, 2 * garbage.size() + block.size() + 1));
  CHECK_FALSE(find_block_header(source, source.size() + 5));
  CHECK_FALSE(find_block_header({}, 0));
  auto cut = bytes_view(block).first(block_header_bytes - 1);
  CHECK_FALSE(find_block_header(cut, 0));
}
