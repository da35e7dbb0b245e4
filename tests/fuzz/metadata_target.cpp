#include "engine/format/describe.hpp"
#include "engine/format/metadata.hpp"
#include "tests/fuzz/fuzz_target.hpp"
#include "tests/fuzz/promises.hpp"
#include "tests/harness/object_source.hpp"

#include <nlohmann/json.hpp>

namespace varve::fuzz {
namespace {

constexpr std::string_view where = "t1001/some/object";
constexpr std::uint64_t bytes_per_byte =
    40; // an item in memory is that much larger than the shortest on disk

template <class Decode, class Encode>
void try_kind(bytes_view input, Decode decode, Encode encode_again) {
  memory_promise memory(input.size(), bytes_per_byte, 16 << 10);
  auto read = decode(input, nullptr);
  memory.check();
  if (!read.ok())
    return check_error(read.error(), where);
  auto header = parse_object_header(input, where);
  promise(header.ok(), "an object that was read has a header");
  promise(equal(encode_again(header->archive, *read), input),
          "an object that was read is written with the same bytes");
  auto stranger = test::other_archive();
  if (header->archive != stranger && header->kind != object_kind::identity)
    promise(decode(input, &stranger).code() == errc::foreign_destination, "another archive's is refused");
}

} // namespace

void metadata(bytes_view input) {
  auto as = [&](auto decode) {
    try_kind(input, decode, [](const random_id& archive, const auto& x) { return encode(archive, x); });
  };
  try_kind(
      input, [](bytes_view object, const random_id*) { return decode_identity(object, where); },
      [](const random_id&, const archive_identity& x) { return encode(x); });
  as([](bytes_view x, const random_id* archive) { return decode_piece_start(x, archive, where); });
  as([](bytes_view x, const random_id* archive) { return decode_segment_index(x, archive, where); });
  as([](bytes_view x, const random_id* archive) { return decode_seal(x, archive, where); });
  as([](bytes_view x, const random_id* archive) { return decode_commit(x, archive, where); });
  as([](bytes_view x, const random_id* archive) { return decode_piece_list(x, archive, where); });
  as([](bytes_view x, const random_id* archive) { return decode_round_end(x, archive, where); });

  auto seen = describe_object(input, where);
  promise(is_plain_text(to_text(seen.what), lines::many), "a description is plain text");
  promise(nlohmann::json::accept(to_json(seen.what)), "a description is JSON");
  if (seen.problem)
    check_error(*seen.problem, where);
}

void sealed_metadata(bytes_view input) {
  auto kind = static_cast<object_kind>(1 + take_byte(input) % 8);
  metadata(seal_object(kind, test::sample_archive(), input));
}

std::vector<bytes> metadata_seeds() {
  auto archive = test::sample_archive();
  std::vector<bytes> seeds{encode(test::sample_identity()),
                           encode(archive, test::sample_piece_start()),
                           encode(archive, test::sample_segment_index()),
                           encode(archive, test::sample_seal()),
                           encode(archive, test::sample_commit()),
                           encode(archive, commit_mark(tenant_id{1001}, commit_seq{12})),
                           encode(archive, test::sample_piece_list()),
                           encode(archive, test::sample_round_end())};
  test::object_source source(1);
  for (int i = 0; i < 4; ++i) {
    seeds.push_back(encode(archive, source.commit()));
    seeds.push_back(encode(archive, source.seal()));
    seeds.push_back(encode(archive, source.round_end()));
  }
  return seeds;
}

std::vector<bytes> sealed_metadata_seeds() {
  std::vector<bytes> seeds;
  for (auto& object : metadata_seeds()) {
    auto kind = static_cast<std::uint8_t>(parse_object_header(object, where)->kind);
    seeds.push_back(with_byte(static_cast<std::uint8_t>(kind - 1),
                              bytes_view(object).subspan(format::object_header_bytes)));
  }
  return seeds;
}

} // namespace varve::fuzz
