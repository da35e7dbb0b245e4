#include "catalog/record_coding.hpp"
#include "catalog/views/query.hpp"
#include "engine/base/checksum.hpp"
#include "engine/base/coding.hpp"
#include "tests/fuzz/fuzz_target.hpp"
#include "tests/fuzz/promises.hpp"
#include "tests/harness/catalog_samples.hpp"

#include <algorithm>

namespace varve::fuzz {
namespace {

constexpr std::size_t checksum_bytes = 4;

/// A catalog with this one record in it.
class one_record final : public catalog_snapshot {
public:
  one_record(std::string_view key, std::string_view value) : key_(key), value_(value) {}
  result<std::optional<std::string>> get(std::string_view key) const override {
    return key == key_ ? std::optional(std::string(value_)) : std::nullopt;
  }
  status scan(std::string_view prefix,
              const std::function<bool(std::string_view, std::string_view)>& visit) const override {
    if (key_.starts_with(prefix))
      visit(key_, value_);
    return {};
  }

private:
  std::string_view key_, value_;
};

template <class R>
bool try_record(std::string_view key, std::string_view value) {
  memory_promise memory(key.size() + value.size(), 32, 4 << 10);
  auto record = decode_record<R>(key, value);
  memory.check();
  if (!record.ok()) {
    check_error(record.error(), "catalog record ");
    return false;
  }
  auto again = key_of(*record);
  promise(again == key, "a record that was read is written under the same key");
  promise(encode_value(*record) == value, "a record that was read is written with the same bytes");
  return true;
}

/// One of the views, which one is drawn from the record: each takes as long as all the rest.
void try_view(std::string_view key, std::string_view value) {
  view_input input{std::make_shared<one_record>(key, value), parse_time("2021-05-01").value(), {}};
  auto& drawn = all_views()[checksum64(as_bytes(value)) % all_views().size()];
  auto rows = run_select("SELECT * FROM " + std::string(drawn.name), input);
  if (!rows.ok())
    check_error(rows.error(), "");
}

struct pair {
  std::string key, value;
};

pair take_pair(bytes_view input) {
  auto key_bytes = std::size_t{take_byte(input)};
  key_bytes = std::min(key_bytes, input.size());
  return {std::string(as_text(input.first(key_bytes))), std::string(as_text(input.subspan(key_bytes)))};
}

void try_all(const pair& x) {
  promise(is_plain_text(describe_key(x.key), lines::one), "a key is described in plain text");
  bool read = false;
  read |= try_record<catalog_identity>(x.key, x.value);
  read |= try_record<setting_record>(x.key, x.value);
  read |= try_record<tenant_record>(x.key, x.value);
  read |= try_record<round_status_record>(x.key, x.value);
  read |= try_record<round_history_record>(x.key, x.value);
  read |= try_record<piece_record>(x.key, x.value);
  read |= try_record<stream_record>(x.key, x.value);
  read |= try_record<lag_sample>(x.key, x.value);
  read |= try_record<break_history_record>(x.key, x.value);
  read |= try_record<round_join_record>(x.key, x.value);
  read |= try_record<alarm_record>(x.key, x.value);
  read |= try_record<outbox_record>(x.key, x.value);
  read |= try_record<writer_record>(x.key, x.value);
  // What is refused is refused by every view alike.
  if (read || x.value.size() % 16 == 0)
    try_view(x.key, x.value);
}

template <class R>
bytes seed_of(const R& record) {
  auto key = key_of(record);
  return with_byte(static_cast<std::uint8_t>(key.size()), as_bytes(key + encode_value(record)));
}

} // namespace

void catalog(bytes_view input) {
  try_all(take_pair(input));
}

void sealed_catalog(bytes_view input) {
  auto x = take_pair(input);
  if (x.value.size() > checksum_bytes) {
    auto body = x.value.size() - checksum_bytes;
    auto covered = x.key + x.value.substr(0, body);
    store(reinterpret_cast<std::byte*>(x.value.data()) + body,
          static_cast<std::uint32_t>(checksum64(as_bytes(covered))));
  }
  try_all(x);
}

std::vector<bytes> catalog_seeds() {
  using namespace test;
  return {seed_of(sample_record<catalog_identity>()),     seed_of(sample_record<setting_record>()),
          seed_of(sample_record<tenant_record>()),        seed_of(sample_record<round_status_record>()),
          seed_of(sample_record<round_history_record>()), seed_of(sample_record<piece_record>()),
          seed_of(sample_record<stream_record>()),        seed_of(sample_record<lag_sample>()),
          seed_of(sample_record<break_history_record>()), seed_of(sample_record<round_join_record>()),
          seed_of(sample_record<alarm_record>()),         seed_of(sample_record<outbox_record>()),
          seed_of(sample_record<writer_record>())};
}

} // namespace varve::fuzz
