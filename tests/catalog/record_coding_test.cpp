#include "catalog/record_coding.hpp"
#include "engine/base/checksum.hpp"
#include "engine/base/coding.hpp"
#include "tests/harness/catalog_samples.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace varve;

#define RECORD_KINDS                                                                                         \
  catalog_identity, setting_record, tenant_record, round_status_record, round_history_record, piece_record,  \
      stream_record, lag_sample, break_history_record, round_join_record, alarm_record, outbox_record,       \
      writer_record

namespace {

/// A value as a program that writes other versions or fields would write it: with a right checksum.
std::string sealed(std::string_view key, std::string body) {
  auto covered = std::string(key) + body;
  std::byte sum[4];
  store(sum, static_cast<std::uint32_t>(checksum64(as_bytes(covered))));
  return body.append(as_text(sum));
}

std::string body_of(const std::string& value) {
  return value.substr(0, value.size() - 4);
}

} // namespace

TEMPLATE_TEST_CASE("a record comes back from its bytes as it went in", "", RECORD_KINDS) {
  test::record_source from(1);
  for (int i = 0; i < 300; ++i) {
    auto record = from.record<TestType>();
    auto read = decode_record<TestType>(key_of(record), encode_value(record));
    REQUIRE(read.ok());
    REQUIRE(*read == record);
  }
}

TEMPLATE_TEST_CASE("a record with any bit flipped or any end cut off is refused, and its key is named", "",
                   RECORD_KINDS) {
  auto record = test::sample_record<TestType>();
  const auto key = key_of(record);
  const auto value = encode_value(record);
  auto refused = [&](std::string_view k, std::string_view v) {
    auto read = decode_record<TestType>(k, v);
    REQUIRE(!read.ok());
    CHECK((read.code() == errc::checksum_error || read.code() == errc::unknown_version));
    CHECK(read.error().message.find(describe_key(k)) != std::string::npos);
    CHECK(!read.error().hint.empty());
  };
  for (std::size_t at = 0; at < value.size(); ++at)
    for (int bit = 0; bit < 8; ++bit) {
      auto damaged = value;
      damaged[at] = static_cast<char>(damaged[at] ^ (1 << bit));
      refused(key, damaged);
    }
  for (std::size_t size = 0; size < value.size(); ++size)
    refused(key, value.substr(0, size));
  for (std::size_t at = 0; at < key.size(); ++at) {
    auto damaged = key;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    refused(damaged, value);
  }
  refused(key, value + '\0');
  refused(key, std::string(value.size(), '\0'));
}

TEMPLATE_TEST_CASE("a record of a newer version is refused by name, whatever follows its version", "",
                   RECORD_KINDS) {
  auto record = test::sample_record<TestType>();
  auto key = key_of(record);
  auto newest = family_of(key)->version;
  auto body = body_of(encode_value(record));
  REQUIRE(decode_record<TestType>(key, sealed(key, body)).ok());

  body[0] = static_cast<char>(newest + 1);
  for (const auto& value : {sealed(key, body), body + "anything at all"}) {
    auto read = decode_record<TestType>(key, value);
    CHECK(read.code() == errc::unknown_version);
    CHECK(read.error().message.find("version " + std::to_string(newest + 1)) != std::string::npos);
    CHECK(read.error().message.find(describe_key(key)) != std::string::npos);
  }
  body[0] = 0;
  CHECK(decode_record<TestType>(key, sealed(key, body)).code() == errc::checksum_error);
}

TEMPLATE_TEST_CASE("a record with fields too few or too many is refused, right checksum or not", "",
                   RECORD_KINDS) {
  auto record = test::sample_record<TestType>();
  auto key = key_of(record);
  auto body = body_of(encode_value(record));
  for (std::size_t size = 1; size < body.size(); ++size)
    CHECK(decode_record<TestType>(key, sealed(key, body.substr(0, size))).code() == errc::checksum_error);
  CHECK(decode_record<TestType>(key, sealed(key, body + '\0')).code() == errc::checksum_error);
}

TEMPLATE_TEST_CASE("a record under a key that goes on after its fields is refused, right checksum or not", "",
                   RECORD_KINDS) {
  auto record = test::sample_record<TestType>();
  auto key = key_of(record);
  auto body = body_of(encode_value(record));
  auto longer = key + '\1';
  auto refused = decode_record<TestType>(longer, sealed(longer, body));
  // A name at the end of a key is as long as the key: there it is another record.
  if (refused.ok())
    CHECK(key_of(*refused) == longer);
  else
    CHECK(refused.code() == errc::checksum_error);
}

TEST_CASE("states that cannot be are refused") {
  auto piece = test::sample_record<piece_record>();
  piece.status = static_cast<piece_status>(4);
  CHECK(decode_record<piece_record>(key_of(piece), encode_value(piece)).code() == errc::checksum_error);
  piece.status = piece_status::active;
  piece.file_status = static_cast<file_status>(0);
  CHECK(decode_record<piece_record>(key_of(piece), encode_value(piece)).code() == errc::checksum_error);

  auto outbox = test::sample_record<outbox_record>();
  outbox.status = static_cast<round_status>(6);
  CHECK(decode_record<outbox_record>(key_of(outbox), encode_value(outbox)).code() == errc::checksum_error);

  auto tenant = test::sample_record<tenant_record>(); // its last field is a flag
  auto body = body_of(encode_value(tenant));
  body.back() = 2;
  CHECK(decode_record<tenant_record>(key_of(tenant), sealed(key_of(tenant), body)).code() ==
        errc::checksum_error);
}

TEST_CASE("a lag sample takes the place of the one lag_samples_max before it") {
  lag_sample a{.tenant = tenant_id{5}, .number = 3};
  lag_sample b{.tenant = tenant_id{5}, .number = 3 + lag_samples_max};
  CHECK(key_of(a) == key_of(b));
  CHECK(decode_record<lag_sample>(key_of(b), encode_value(b))->number == b.number);
  auto elsewhere = key_of(lag_sample{.tenant = tenant_id{5}, .number = 4});
  auto moved = decode_record<lag_sample>(elsewhere, sealed(elsewhere, body_of(encode_value(b))));
  CHECK(moved.code() == errc::checksum_error);
}
