#include "engine/format/metadata.hpp"
#include "tests/harness/object_source.hpp"

#include <catch2/catch.hpp>

using namespace varve;
using namespace varve::test;

namespace {

/// Encoding and decoding of one kind, so that every test below runs for all of them.
struct identity_kind {
  static constexpr object_kind kind = object_kind::identity;
  static auto draw(object_source& source) { return source.identity(); }
  static bytes encoded(const random_id&, const archive_identity& x) { return encode(x); }
  static auto decoded(bytes_view object, const random_id*) { return decode_identity(object, "t1/x"); }
};

template <object_kind Kind, auto Draw, auto Decode>
struct archive_kind {
  static constexpr object_kind kind = Kind;
  static auto draw(object_source& source) { return (source.*Draw)(); }
  template <class T>
  static bytes encoded(const random_id& archive, const T& x) {
    return encode(archive, x);
  }
  static auto decoded(bytes_view object, const random_id* archive) { return Decode(object, archive, "t1/x"); }
};

using start_kind = archive_kind<object_kind::piece_start, &object_source::piece_start, decode_piece_start>;
using index_kind =
    archive_kind<object_kind::segment_index, &object_source::segment_index, decode_segment_index>;
using seal_kind = archive_kind<object_kind::seal, &object_source::seal, decode_seal>;
using commit_kind = archive_kind<object_kind::commit, &object_source::commit, decode_commit>;
using list_kind = archive_kind<object_kind::piece_list, &object_source::piece_list, decode_piece_list>;
using round_kind = archive_kind<object_kind::round_end, &object_source::round_end, decode_round_end>;

} // namespace

#define ALL_KINDS identity_kind, start_kind, index_kind, seal_kind, commit_kind, list_kind, round_kind

TEMPLATE_TEST_CASE("every object that a writer can write comes back equal", "", ALL_KINDS) {
  auto archive = sample_archive();
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    INFO("seed " << seed);
    object_source source(seed);
    auto written = TestType::draw(source);
    auto read = TestType::decoded(TestType::encoded(archive, written), &archive);
    REQUIRE(read.ok());
    CHECK(*read == written);
  }
}

TEMPLATE_TEST_CASE("an object cut off at any length, or with any one bit flipped, is refused", "",
                   ALL_KINDS) {
  auto archive = sample_archive();
  for (std::uint64_t seed = 0; seed < 3; ++seed) {
    object_source source(seed);
    auto object = TestType::encoded(archive, TestType::draw(source));
    for (std::size_t size = 0; size < object.size(); ++size)
      CHECK(TestType::decoded(bytes_view(object).first(size), &archive).code() == errc::checksum_error);
    for (std::size_t bit = 0; bit < object.size() * 8; ++bit) {
      auto mask = static_cast<std::byte>(1u << (bit % 8));
      object[bit / 8] ^= mask;
      CHECK(TestType::decoded(object, &archive).code() == errc::checksum_error);
      object[bit / 8] ^= mask;
    }
  }
}

TEMPLATE_TEST_CASE(
    "a wrong payload under a right checksum is refused, or is exactly what it would be written as", "",
    ALL_KINDS) {
  auto archive = sample_archive();
  std::size_t accepted = 0, refused = 0;
  for (std::uint64_t seed = 0; seed < 4000; ++seed) {
    INFO("seed " << seed);
    object_source source(seed);
    auto object = TestType::encoded(archive, TestType::draw(source));
    bytes payload(object.begin() + format::object_header_bytes, object.end());
    for (auto changes = 1 + source.below(3); changes > 0 && !payload.empty(); --changes) {
      auto at = source.below(payload.size());
      auto value = static_cast<std::byte>(source.number());
      switch (source.below(4)) {
      case 0:
        payload.insert(payload.begin() + static_cast<std::ptrdiff_t>(at), value);
        break;
      case 1:
        payload.erase(payload.begin() + static_cast<std::ptrdiff_t>(at));
        break;
      default:
        payload[at] = value;
      }
    }
    auto changed = seal_object(TestType::kind, archive, payload);
    auto read = TestType::decoded(changed, &archive);
    if (!read.ok()) {
      CHECK(read.code() == errc::checksum_error);
      CHECK(read.error().message.find("t1/x") == 0);
      ++refused;
      continue;
    }
    ++accepted;
    CHECK(TestType::encoded(archive, *read) == changed);
  }
  CHECK(accepted > 20);
  CHECK(refused > 20);
}

TEMPLATE_TEST_CASE("an object of another kind is refused", "", ALL_KINDS) {
  auto archive = sample_archive();
  object_source source(1);
  auto object = TestType::encoded(archive, TestType::draw(source));
  bytes payload(object.begin() + format::object_header_bytes, object.end());
  auto other = TestType::kind == object_kind::seal ? object_kind::commit : object_kind::seal;
  CHECK(TestType::decoded(seal_object(other, archive, payload), &archive).code() == errc::checksum_error);
}

TEST_CASE("an object of another archive is refused, unless nobody asks") {
  auto archive = sample_archive(), other = other_archive();
  auto object = encode(other, sample_seal());
  CHECK(decode_seal(object, &archive, "t1/x").code() == errc::foreign_destination);
  CHECK(decode_seal(object, nullptr, "t1/x").ok());
}

TEST_CASE("an identity carries its archive in its header") {
  auto identity = sample_identity();
  CHECK(decode_identity(encode(identity), "format")->archive == identity.archive);
}

TEST_CASE("the end of a round that has not ended, or follows one that cannot be before it, is refused") {
  auto archive = sample_archive();
  auto with = [&](auto change) {
    auto x = sample_round_end();
    change(x);
    return decode_round_end(encode(archive, x), &archive, "t1/x").code();
  };
  CHECK(with([](auto&) {}) == errc::ok);
  CHECK(with([](auto& x) { x.round.status = round_status::doing; }) == errc::checksum_error);
  CHECK(with([](auto& x) { x.round = {}; }) == errc::checksum_error);
  CHECK(with([](auto& x) { x.previous_round = x.round.id; }) == errc::checksum_error);
  CHECK(with([](auto& x) { x.previous_round = round_id{0}; }) == errc::checksum_error);
  CHECK(with([](auto& x) { x.previous.reset(); }) == errc::checksum_error);
}

TEST_CASE("lists whose pieces do not ascend are refused") {
  auto archive = sample_archive();
  auto list = sample_piece_list();
  std::swap(list.pieces[0], list.pieces[1]);
  CHECK(decode_piece_list(encode(archive, list), &archive, "t1/x").code() == errc::checksum_error);
  list.pieces[1] = list.pieces[0];
  CHECK(decode_piece_list(encode(archive, list), &archive, "t1/x").code() == errc::checksum_error);
}

TEST_CASE("an index whose ranges or streams do not ascend is refused") {
  auto archive = sample_archive();
  auto index = sample_segment_index();
  std::swap(index.segments[0].ranges[0], index.segments[0].ranges[1]);
  CHECK(decode_segment_index(encode(archive, index), &archive, "t1/x").code() == errc::checksum_error);
  index = sample_segment_index();
  std::swap(index.streams[0], index.streams[2]);
  CHECK(decode_segment_index(encode(archive, index), &archive, "t1/x").code() == errc::checksum_error);
}
