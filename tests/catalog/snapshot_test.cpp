#include "catalog/record_coding.hpp"
#include "tests/harness/catalog_samples.hpp"

#include <catch2/catch.hpp>

#include <map>

using namespace varve;

namespace {

/// Whatever keys and values a test gives it, or one error for all.
class given_snapshot final : public catalog_snapshot {
public:
  std::map<std::string, std::string, std::less<>> records;
  std::optional<error> failure;

  template <class R>
  void put(const R& record) {
    records[key_of(record)] = encode_value(record);
  }
  result<std::optional<std::string>> get(std::string_view key) const override {
    if (failure)
      return *failure;
    auto found = records.find(key);
    return found == records.end() ? std::nullopt : std::optional(found->second);
  }
  status scan(std::string_view prefix,
              const std::function<bool(std::string_view, std::string_view)>& visit) const override {
    if (failure)
      return *failure;
    for (const auto& [key, value] : records)
      if (key.starts_with(prefix) && !visit(key, value))
        break;
    return {};
  }
};

/// The errors of all typed reads of one snapshot, the good ones as ok.
std::vector<error> errors_of(const given_snapshot& at) {
  const tenant_id tenant{1001};
  std::vector<error> errors;
  auto add = [&](const auto& x) { errors.push_back(x.ok() ? error{} : x.error()); };
  add(at.identity());
  add(at.setting(tenant_id{0}, "backup_dest"));
  add(at.settings());
  add(at.tenants());
  add(at.round_status(tenant));
  add(at.round_statuses());
  add(at.round_history());
  add(at.pieces());
  add(at.streams(tenant));
  add(at.lag_samples(tenant));
  add(at.breaks());
  add(at.round_joins());
  add(at.alarms());
  add(at.outbox(tenant));
  add(at.writers(tenant));
  return errors;
}

given_snapshot full() {
  given_snapshot at;
  at.put(test::sample_record<catalog_identity>());
  at.put(test::sample_record<setting_record>());
  at.put(test::sample_record<tenant_record>());
  at.put(test::sample_record<round_status_record>());
  at.put(test::sample_record<round_history_record>());
  at.put(test::sample_record<piece_record>());
  at.put(test::sample_record<stream_record>());
  at.put(test::sample_record<lag_sample>());
  at.put(test::sample_record<break_history_record>());
  at.put(test::sample_record<round_join_record>());
  at.put(test::sample_record<alarm_record>());
  at.put(test::sample_record<outbox_record>());
  at.put(test::sample_record<writer_record>());
  return at;
}

} // namespace

TEST_CASE("every typed read answers from whole records") {
  for (const auto& x : errors_of(full()))
    CHECK(x.code == errc::ok);
}

TEST_CASE("every typed read refuses a damaged and a newer record, and names it") {
  for (bool newer : {false, true}) {
    auto at = full();
    for (auto& [key, value] : at.records) {
      auto& byte = newer ? value.front() : value.back();
      byte = static_cast<char>(byte + 1);
    }
    for (const auto& x : errors_of(at)) {
      CHECK(x.code == (newer ? errc::unknown_version : errc::checksum_error));
      CHECK(x.message.find("catalog record ") != std::string::npos);
    }
  }
}

TEST_CASE("one damaged record among many refuses the list: a list with a hole would be a lie") {
  auto at = full();
  auto whole = test::sample_record<piece_record>();
  whole.piece.piece = piece_id{99};
  at.put(whole);
  at.records[key_of(test::sample_record<piece_record>())].back() ^= 1;
  CHECK(at.pieces().code() == errc::checksum_error);
  CHECK(at.settings().ok());
}

TEST_CASE("what the storage cannot read is the error of every typed read") {
  auto at = full();
  at.failure = fail(errc::catalog_error, "no", "try");
  for (const auto& x : errors_of(at))
    CHECK(x.code == errc::catalog_error);
}

TEST_CASE("lag samples come oldest first, wherever the ring stands") {
  given_snapshot at;
  for (std::uint64_t n : {lag_samples_max - 1, lag_samples_max, lag_samples_max + 1})
    at.put(lag_sample{.tenant = tenant_id{1001}, .number = n});
  auto samples = at.lag_samples(tenant_id{1001}).value();
  REQUIRE(samples.size() == 3);
  CHECK(samples[0].number == lag_samples_max - 1);
  CHECK(samples[2].number == lag_samples_max + 1);
}
