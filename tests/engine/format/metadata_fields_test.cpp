#include "engine/format/metadata_fields.hpp"

#include <catch2/catch.hpp>

using namespace varve;

namespace {

/// Decodes with `take` what `give` encodes; the error's message, or "" for success.
template <class Give, class Take>
std::string outcome(Give give, Take take) {
  bytes payload;
  byte_writer out(payload);
  give(out);
  fields::reader in(payload, "t1/x");
  take(in);
  auto done = in.finish();
  return done.ok() ? "" : done.error().message;
}

bool says(const std::string& message, std::string_view words) {
  INFO(message);
  return message.find(words) != std::string::npos;
}

} // namespace

TEST_CASE("a payload that ends too early, or goes on, is refused with the place") {
  CHECK(outcome([](auto& out) { out.put_varint(5); }, [](auto& in) { in.varint(); }).empty());
  CHECK(says(outcome([](auto&) {}, [](auto& in) { in.varint(); }), "t1/x holds a field that is cut off"));
  CHECK(says(outcome([](auto& out) { out.put(std::uint16_t{0}); }, [](auto& in) { in.byte(); }),
             "1 bytes after the last field, at byte 1"));
}

TEST_CASE("a flag is 0 or 1") {
  auto flag = [](std::uint8_t value) {
    return outcome([&](auto& out) { out.put(value); }, [](auto& in) { in.flag(); });
  };
  CHECK(flag(0).empty());
  CHECK(flag(1).empty());
  CHECK(says(flag(2), "neither 0 nor 1"));
}

TEST_CASE("a number that must fit 32 bits and does not is refused") {
  auto number = [](std::uint64_t value) {
    return outcome([&](auto& out) { out.put_varint(value); }, [](auto& in) { in.varint32(); });
  };
  CHECK(number(0xffff'ffff).empty());
  CHECK(says(number(0x1'0000'0000), "over 32 bits"));
}

TEST_CASE("the first thing that is wrong is the one that is named") {
  auto message = outcome([](auto& out) { out.put(std::uint32_t{0}); },
                         [](auto& in) {
                           in.byte();
                           in.require(false, "the first");
                           in.require(false, "the second");
                         });
  CHECK(says(message, "the first, at byte 1"));
}

TEST_CASE("a count of more items than the bytes left can hold reserves nothing and is refused") {
  auto message = outcome([](auto& out) { out.put_varint(std::uint64_t{1} << 50); },
                         [](auto& in) { CHECK(fields::get_stream_rows(in).capacity() == 0); });
  CHECK_FALSE(message.empty());
}

TEST_CASE("parts that cannot be are refused, each with its reason") {
  using namespace fields;
  auto of = [](auto value, auto take) { return outcome([&](byte_writer& out) { put(out, value); }, take); };

  auto piece = [](reader& in) { get<piece_key>(in); };
  CHECK(of(piece_key{round_id{1}, piece_id{0}}, piece).empty());
  CHECK(says(of(piece_key{round_id{0}, piece_id{1}}, piece), "a piece without round"));

  auto bounds = [](reader& in) { get<piece_bounds>(in); };
  CHECK(of(piece_bounds{5, 6}, bounds).empty());
  CHECK(says(of(piece_bounds{5, 5}, bounds), "empty or reversed"));
  CHECK(says(of(piece_bounds{6, 5}, bounds), "empty or reversed"));

  auto numbered = [](reader& in) { get_ref(in, numbering::numbered); };
  auto single = [](reader& in) { get_ref(in, numbering::single); };
  digest some{1, 2};
  CHECK(of(object_ref{epoch{1}, 1, some}, numbered).empty());
  CHECK(of(object_ref{epoch{1}, 0, some}, single).empty());
  CHECK(says(of(object_ref{epoch{1}, 0, some}, numbered), "number of the wrong kind"));
  CHECK(says(of(object_ref{epoch{1}, 1, some}, single), "number of the wrong kind"));
  CHECK(says(of(object_ref{epoch{1}, format::object_number_max + 1, some}, numbered), "over the limit"));
  CHECK(says(of(object_ref{epoch{0}, 1, some}, numbered), "without epoch"));
  CHECK(says(of(object_ref{epoch{1}, 1, {}}, numbered), "without digest"));

  auto segment = [](reader& in) { get<segment_ref>(in); };
  CHECK(of(segment_ref{epoch{1}, 1, 128, false}, segment).empty());
  CHECK(says(of(segment_ref{epoch{1}, 1, 127, false}, segment), "a length that cannot be"));
  CHECK(says(of(segment_ref{epoch{1}, 1, 160, true}, segment), "a length that cannot be"));
  CHECK(says(of(segment_ref{epoch{1}, 1, format::segment_bytes_max + 1, false}, segment), "cannot be"));
  CHECK(says(of(segment_ref{epoch{0}, 1, 128, false}, segment), "without epoch or number"));
  CHECK(says(of(segment_ref{epoch{1}, 0, 128, false}, segment), "without epoch or number"));

  auto rows = [](reader& in) { get_stream_rows(in); };
  stream_row first{stream_id{1}, 5, {6, 7}, false}, second{stream_id{2}, 5, {5, 0}, true};
  CHECK(of(std::vector{first, second}, rows).empty());
  CHECK(says(of(std::vector{second, first}, rows), "do not ascend"));
  CHECK(says(of(std::vector{first, first}, rows), "do not ascend"));
  CHECK(says(of(std::vector{stream_row{stream_id{1}, 6, {5, 7}, false}}, rows), "before its start"));

  auto range = [](reader& in) { get<stream_range>(in); };
  CHECK(of(stream_range{stream_id{1}, 5, 6, 7, 7}, range).empty());
  CHECK(says(of(stream_range{stream_id{1}, 5, 5, 7, 7}, range), "without entries"));
  CHECK(says(of(stream_range{stream_id{1}, 6, 5, 7, 7}, range), "reversed LSNs"));
  CHECK(says(of(stream_range{stream_id{1}, 5, 6, 7, 6}, range), "reversed SCNs"));

  auto round = [](reader& in) { get<archive_round>(in); };
  CHECK(of(archive_round{}, round).empty());
  CHECK(says(of(archive_round{round_id{1}, static_cast<round_status>(6), 0, 0, {}, 0}, round),
             "unknown status"));
  CHECK(says(of(archive_round{round_id{1}, static_cast<round_status>(0), 0, 0, {}, 0}, round),
             "unknown status"));
  CHECK(says(of(archive_round{round_id{0}, round_status::doing, 0, 0, {}, 0}, round), "a round without id"));

  auto table = [](reader& in) { get<stream_table_ref>(in); };
  object_ref index{epoch{1}, 1, some};
  CHECK(of(stream_table_ref{object_kind::segment_index, {round_id{1}, {}}, index}, table).empty());
  CHECK(says(of(stream_table_ref{object_kind::commit, {round_id{1}, {}}, index}, table),
             "an object that has none"));
  CHECK(says(of(stream_table_ref{object_kind::seal, {round_id{1}, {}}, index}, table),
             "number of the wrong kind"));
}
