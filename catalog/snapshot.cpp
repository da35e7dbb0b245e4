#include "catalog/catalog.hpp"
#include "catalog/record_coding.hpp"

#include <algorithm>

namespace varve {
namespace {

template <class R>
result<std::optional<R>> read_one(const catalog_snapshot& snapshot, const R& wanted) {
  auto key = key_of(wanted);
  VARVE_TRY_ASSIGN(auto value, snapshot.get(key));
  if (!value)
    return std::optional<R>{};
  VARVE_TRY_ASSIGN(auto record, decode_record<R>(key, *value));
  return std::optional<R>(std::move(record));
}

template <class R>
result<std::vector<R>> read_all(const catalog_snapshot& snapshot, const std::string& prefix) {
  std::vector<R> records;
  status decoded;
  VARVE_TRY(snapshot.scan(prefix, [&](std::string_view key, std::string_view value) {
    auto record = decode_record<R>(key, value);
    if (record.ok())
      records.push_back(std::move(record).value());
    else
      decoded = record.error();
    return decoded.ok();
  }));
  VARVE_TRY(decoded);
  return records;
}

} // namespace

result<std::optional<catalog_identity>> catalog_snapshot::identity() const {
  return read_one(*this, catalog_identity{});
}

result<std::optional<std::string>> catalog_snapshot::setting(tenant_id tenant, std::string_view name) const {
  VARVE_TRY_ASSIGN(auto record, read_one(*this, setting_record{tenant, std::string(name), {}}));
  if (!record)
    return std::optional<std::string>{};
  return std::optional<std::string>(std::move(record->value));
}

result<std::vector<setting_record>> catalog_snapshot::settings() const {
  return read_all<setting_record>(*this, family_prefix(key_family::setting));
}

result<std::vector<tenant_record>> catalog_snapshot::tenants() const {
  return read_all<tenant_record>(*this, family_prefix(key_family::tenant));
}

result<std::optional<round_status_record>> catalog_snapshot::round_status(tenant_id tenant) const {
  round_status_record wanted;
  wanted.tenant = tenant;
  return read_one(*this, wanted);
}

result<std::vector<round_status_record>> catalog_snapshot::round_statuses() const {
  return read_all<round_status_record>(*this, family_prefix(key_family::round_status));
}

result<std::vector<round_history_record>> catalog_snapshot::round_history() const {
  return read_all<round_history_record>(*this, family_prefix(key_family::round_history));
}

result<std::vector<piece_record>> catalog_snapshot::pieces() const {
  return read_all<piece_record>(*this, family_prefix(key_family::piece));
}

result<std::vector<stream_record>> catalog_snapshot::streams(tenant_id tenant) const {
  return read_all<stream_record>(*this, tenant_prefix(key_family::stream, tenant));
}

result<std::vector<lag_sample>> catalog_snapshot::lag_samples(tenant_id tenant) const {
  VARVE_TRY_ASSIGN(auto samples, read_all<lag_sample>(*this, tenant_prefix(key_family::lag, tenant)));
  // Keys are slots of the ring: the oldest sample lies behind the newest.
  std::ranges::sort(samples, {}, &lag_sample::number);
  return samples;
}

result<std::vector<break_history_record>> catalog_snapshot::breaks() const {
  return read_all<break_history_record>(*this, family_prefix(key_family::break_history));
}

result<std::vector<round_join_record>> catalog_snapshot::round_joins() const {
  return read_all<round_join_record>(*this, family_prefix(key_family::round_join));
}

result<std::vector<alarm_record>> catalog_snapshot::alarms() const {
  return read_all<alarm_record>(*this, family_prefix(key_family::alarm));
}

result<std::vector<outbox_record>> catalog_snapshot::outbox(tenant_id tenant) const {
  return read_all<outbox_record>(*this, tenant_prefix(key_family::outbox, tenant));
}

result<std::vector<writer_record>> catalog_snapshot::writers(tenant_id tenant) const {
  return read_all<writer_record>(*this, tenant_prefix(key_family::writer, tenant));
}

} // namespace varve
