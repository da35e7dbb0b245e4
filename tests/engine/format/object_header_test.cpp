#include "engine/base/coding.hpp"
#include "engine/format/object_header.hpp"
#include "tests/harness/format_samples.hpp"

#include <catch2/catch.hpp>

using namespace varve;
using namespace varve::test;

namespace {

bytes sealed(std::string_view payload = "what it says") {
  return seal_object(object_kind::seal, sample_archive(), as_bytes(payload));
}

/// Stores a value in the header and makes its checksum hold again, as a newer release would have written it.
template <class T>
bytes written_with(std::size_t offset, T value) {
  auto object = sealed();
  store(object.data() + offset, value);
  store(object.data() + 56, checksum64(bytes_view(object).first(56)));
  return object;
}

error refusal(const bytes& object, object_kind kind = object_kind::seal) {
  auto archive = sample_archive();
  auto opened = open_object(object, kind, &archive, "t1/x");
  REQUIRE_FALSE(opened.ok());
  CHECK(opened.error().message.find("t1/x") == 0);
  CHECK_FALSE(opened.error().hint.empty());
  return opened.error();
}

bool mentions(const error& failed, std::string_view words) {
  INFO(failed.message);
  return failed.message.find(words) != std::string::npos;
}

} // namespace

TEST_CASE("an object that was sealed opens to the same payload, which points into it") {
  for (std::string_view payload : {"", "x", "what it says"}) {
    auto object = sealed(payload);
    auto archive = sample_archive();
    auto opened = open_object(object, object_kind::seal, &archive, "t1/x");
    REQUIRE(opened.ok());
    CHECK(as_text(*opened) == payload);
    CHECK(opened->data() == object.data() + format::object_header_bytes);
    CHECK(open_object(object, object_kind::seal, nullptr, "t1/x").ok());
    CHECK(parse_object_header(object, "t1/x")->archive == archive);
  }
}

// Tests of all refusals follow:

TEST_CASE("an object cut off at any length is refused") {
  auto object = sealed();
  for (std::size_t size = 0; size < object.size(); ++size)
    CHECK(refusal(bytes(object.begin(), object.begin() + static_cast<std::ptrdiff_t>(size))).code ==
          errc::checksum_error);
}

TEST_CASE("an object that was cut off says how much is missing") {
  auto object = sealed();
  object.resize(object.size() - 3);
  CHECK(mentions(refusal(object), "is cut off: 3 bytes are missing"));
  object.resize(10);
  CHECK(mentions(refusal(object), "cut off within its header: it has 10 bytes"));
}

TEST_CASE("an object that goes on after its end is refused") {
  auto object = sealed();
  object.push_back(std::byte{0});
  auto failed = refusal(object);
  CHECK(failed.code == errc::checksum_error);
  CHECK(mentions(failed, "goes on 1 bytes after its end"));
}

TEST_CASE("an object with any one bit flipped is refused as damaged, never as of a newer version") {
  auto object = sealed();
  for (std::size_t bit = 0; bit < object.size() * 8; ++bit) {
    auto mask = static_cast<std::byte>(1u << (bit % 8));
    object[bit / 8] ^= mask;
    CHECK(refusal(object).code == errc::checksum_error);
    object[bit / 8] ^= mask;
  }
}

TEST_CASE("an object of zeros is refused as space never written") {
  auto failed = refusal(bytes(200));
  CHECK(failed.code == errc::checksum_error);
  CHECK(mentions(failed, "starts with zeros"));
}

TEST_CASE("a file that is no object is refused") {
  auto failed = refusal(to_bytes(as_bytes(std::string(100, 'x'))));
  CHECK(failed.code == errc::checksum_error);
  CHECK(mentions(failed, "not an object of this format"));
}

TEST_CASE("an object of another archive is refused with both names") {
  auto failed = refusal(seal_object(object_kind::seal, other_archive(), {}));
  CHECK(failed.code == errc::foreign_destination);
  CHECK(mentions(failed, to_hex(sample_archive())));
  CHECK(mentions(failed, to_hex(other_archive())));
}

TEST_CASE("an object of another kind is refused with both kinds") {
  auto failed = refusal(sealed(), object_kind::commit);
  CHECK(failed.code == errc::checksum_error);
  CHECK(mentions(failed, "is a seal where a commit must be"));
}

TEST_CASE("an unknown version, flag, kind or extension is refused by name") {
  struct {
    bytes object;
    const char* words;
  } const cases[] = {
      {written_with(10, std::uint16_t{2}), "version 2"}, {written_with(10, std::uint16_t{0}), "version 0"},
      {written_with(12, std::uint32_t{8}), "flags 8"},   {written_with(8, std::uint16_t{99}), "kind 99"},
      {written_with(8, std::uint16_t{0}), "kind 0"},     {written_with(48, std::uint64_t{5}), "extension 5"}};
  for (auto& x : cases) {
    auto failed = refusal(x.object);
    CHECK(failed.code == errc::unknown_version);
    CHECK(mentions(failed, x.words));
  }
}

TEST_CASE("an object that says it is larger than any can be is refused before anything is allocated") {
  auto object = written_with(16, format::object_bytes_max + 1);
  CHECK(mentions(refusal(object), "larger than any object can be"));
  CHECK(parse_object_header(object, "t1/x").code() == errc::checksum_error);
}
