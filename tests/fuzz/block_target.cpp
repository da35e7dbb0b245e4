#include "engine/base/coding.hpp"
#include "engine/format/block.hpp"
#include "engine/format/describe.hpp"
#include "tests/fuzz/fuzz_target.hpp"
#include "tests/fuzz/promises.hpp"
#include "tests/fuzz/resealing.hpp"
#include "tests/harness/format_samples.hpp"

#include <nlohmann/json.hpp>

namespace varve::fuzz {
namespace {

constexpr std::string_view where = "some/object at offset 7";

/// Entries as they were taken apart, put together again.
bytes packed_again(const block_header& header, bytes_view raw) {
  bytes made;
  auto previous = header.first_scn;
  auto expected_lsn = header.first_lsn;
  std::uint32_t count = 0;
  entry_cursor at{header, raw};
  for (; at.next(); ++count) {
    auto& entry = at.entry();
    promise(entry.lsn == expected_lsn && entry.next_lsn > entry.lsn, "entries follow one another");
    promise(entry.scn >= previous && entry.scn <= header.last_scn, "SCNs do not go back");
    std::byte head[format::entry_head_bytes_max];
    append(made, {head, store_entry_head(head, entry, previous)});
    append(made, entry.payload);
    expected_lsn = entry.next_lsn;
    previous = entry.scn;
  }
  if (at.corrupt())
    return {};
  promise(count == header.entries, "a whole block has the entries it says");
  promise(expected_lsn == header.next_lsn && previous == header.last_scn, "and ends where it says");
  promise(!at.next() && !at.corrupt(), "the end of a block stays its end");
  return made;
}

void check_header(bytes_view input, const block_header& header) {
  std::byte again[format::block_header_bytes];
  store_block_header(header, again);
  promise(equal(again, input.first(sizeof again)), "a header that was read is written with the same bytes");
  promise(header.entries > 0 && header.first_lsn < header.next_lsn && header.first_scn > 0 &&
              header.first_scn <= header.last_scn && header.raw_bytes <= format::body_bytes_max &&
              header.stored_bytes <= header.raw_bytes,
          "a header that was read holds together");
}

} // namespace

void block(bytes_view input) {
  memory_promise memory(input.size(), 200, 512 << 10); // a context of zstd at its first use
  auto header = parse_block_header(input, where);
  if (!header.ok()) {
    check_error(header.error(), where);
  } else {
    check_header(input, *header);
    auto rest = input.subspan(format::block_header_bytes);
    auto stored = rest.first(std::min<std::size_t>(rest.size(), header->stored_bytes));
    static thread_local block_unpacker unpacker;
    bytes raw;
    auto done = unpacker.unpack(*header, stored, where, raw);
    promise(raw.capacity() <= format::body_bytes_max, "a body has a bound");
    memory.check(raw.capacity());
    if (!done.ok()) {
      check_error(done.error(), where);
    } else {
      promise(raw.size() == header->raw_bytes, "a body has the bytes its header says");
      auto again = packed_again(*header, raw);
      promise(again.empty() || again == raw, "entries that were read are written with the same bytes");
    }
  }
  memory_promise search(input.size(), 200, 64 << 10);
  for (std::size_t from = 0;;) {
    auto found = find_block_header(input, from);
    if (!found)
      break;
    promise(*found >= from && *found + format::block_header_bytes <= input.size(), "a header lies within");
    auto there = parse_block_header(input.subspan(*found), where);
    promise(there.ok() || there.error().message.find("checksum") == std::string::npos,
            "what is found has a header checksum that holds");
    from = *found + 1;
  }
  search.check();

  auto seen = describe_object(input, where);
  promise(seen.what.children.at(0).value == where, "a description names its object");
  promise(is_plain_text(to_text(seen.what), lines::many), "a description is plain text");
  promise(nlohmann::json::accept(to_json(seen.what)), "a description is JSON");
  if (seen.problem)
    check_error(*seen.problem, where.substr(0, 11));
  if (header.ok() && !seen.problem)
    promise(!input.empty(), "nothing is no sound block");
}

void sealed_block(bytes_view input) {
  auto made = to_bytes(input);
  auto size = reseal_block(made);
  made.resize(size == 0 ? made.size() : size);
  block(made);
}

std::vector<bytes> block_seeds() {
  std::vector<bytes> seeds;
  for (auto wanted : {codec::none, codec::lz4, codec::zstd})
    for (auto count : {std::size_t{1}, std::size_t{3}, std::size_t{9}}) {
      auto entries =
          test::sample_entries(count, 4096, 1619782421845543000, "update accounts set balance = balance - ");
      seeds.push_back(test::build_block(entries, stream_id{1}, 1, wanted).encoded);
    }
  return seeds;
}

} // namespace varve::fuzz
