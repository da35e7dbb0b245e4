#include "engine/destination/memory_destination.hpp"
#include "tests/contract/destination_contract.hpp"

namespace varve::test {

TEST_CASE("memory_destination keeps the destination contract") {
  auto store = std::make_shared<memory_store>();
  check_destination_contract([&] { return std::make_shared<memory_destination>("contract", store); });
}

TEST_CASE("two opens of one memory name see the same objects, another name does not") {
  auto uri = [](const char* text) { return parse_destination_uri(text).value(); };
  auto first = open_destination(uri("memory://two-opens"), open_mode::create_if_needed, "w1").value();
  REQUIRE(first->create("a/b", as_bytes("x")).ok());
  first.reset();
  auto second = open_destination(uri("memory://two-opens"), open_mode::create_if_needed, "w2").value();
  auto other = open_destination(uri("memory://another"), open_mode::create_if_needed, "w2").value();
  CHECK(text_of(*second, "a/b") == "x");
  CHECK(listed(*other, "").empty());
  CHECK(second->describe() == "memory://two-opens");
  CHECK_FALSE(second->traits().durable);
}

TEST_CASE(
    "a memory destination that nobody made cannot be opened for reading, and one read changes nothing") {
  auto uri = parse_destination_uri("memory://read-only").value();
  auto absent = open_destination(uri, open_mode::read_only, "w1");
  REQUIRE(absent.code() == errc::invalid_destination);
  CHECK_THAT(absent.error().message, Catch::Contains("memory://read-only"));
  auto writer = open_destination(uri, open_mode::create_if_needed, "w1").value();
  REQUIRE(writer->create("a", as_bytes("x")).ok());
  auto reader = open_destination(uri, open_mode::read_only, "w2").value();
  CHECK(text_of(*reader, "a") == "x");
  CHECK(reader->create("b", as_bytes("x")).code() == errc::not_supported);
  CHECK(reader->open_segment("b").code() == errc::not_supported);
  CHECK(reader->remove("a").code() == errc::not_supported);
  CHECK(listed(*writer, "") == names{"a"});
}

} // namespace varve::test
