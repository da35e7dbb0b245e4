#include "catalog/change_set.hpp"

#include "catalog/record_coding.hpp"

#include <iterator>

namespace varve {
namespace {

using change_list = std::vector<std::pair<std::string, std::optional<std::string>>>;

template <class R>
void add(change_list& changes, const R& record) {
  changes.emplace_back(key_of(record), encode_value(record));
}

/// The record that has the same key.
template <class R>
void erase(change_list& changes, const R& record) {
  changes.emplace_back(key_of(record), std::nullopt);
}

} // namespace

void change_set::put(const catalog_identity& x) {
  add(changes_, x);
}
void change_set::put(const setting_record& x) {
  add(changes_, x);
}
void change_set::put(const tenant_record& x) {
  add(changes_, x);
}
void change_set::put(const round_status_record& x) {
  add(changes_, x);
}
void change_set::put(const round_history_record& x) {
  add(changes_, x);
}
void change_set::put(const piece_record& x) {
  add(changes_, x);
}
void change_set::put(const stream_record& x) {
  add(changes_, x);
}
void change_set::put(const lag_sample& x) {
  add(changes_, x);
}
void change_set::put(const break_history_record& x) {
  add(changes_, x);
}
void change_set::put(const round_join_record& x) {
  add(changes_, x);
}
void change_set::put(const alarm_record& x) {
  add(changes_, x);
}
void change_set::put(const outbox_record& x) {
  add(changes_, x);
}
void change_set::put(const writer_record& x) {
  add(changes_, x);
}

void change_set::erase_setting(tenant_id tenant, std::string_view name) {
  setting_record x;
  x.tenant = tenant;
  x.name = name;
  erase(changes_, x);
}

void change_set::erase_tenant(tenant_id tenant) {
  tenant_record x;
  x.tenant = tenant;
  erase(changes_, x);
}

void change_set::erase_round_status(tenant_id tenant) {
  round_status_record x;
  x.tenant = tenant;
  erase(changes_, x);
}

void change_set::erase_outbox(tenant_id tenant, std::uint64_t number) {
  outbox_record x;
  x.tenant = tenant;
  x.number = number;
  erase(changes_, x);
}

void change_set::erase_stream(tenant_id tenant, stream_id stream) {
  stream_record x;
  x.tenant = tenant;
  x.stream = stream;
  erase(changes_, x);
}

void change_set::erase_break(tenant_id tenant, round_id round) {
  erase(changes_, break_history_record{tenant, round, {}, 0, 0, 0, {}});
}

void change_set::erase_round_join(tenant_id tenant, round_id round) {
  erase(changes_, round_join_record{tenant, round});
}

void change_set::erase_alarm(tenant_id tenant) {
  alarm_record x;
  x.tenant = tenant;
  erase(changes_, x);
}

void change_set::erase_archived_facts() {
  // Implementations erase the facts first and apply the list after: what it already says about facts must go.
  std::erase_if(changes_, [](const auto& change) { return family_of(change.first)->archived_fact; });
  erase_facts_ = true;
}

void change_set::merge(change_set&& later) {
  if (later.erase_facts_)
    erase_archived_facts();
  changes_.insert(changes_.end(), std::make_move_iterator(later.changes_.begin()),
                  std::make_move_iterator(later.changes_.end()));
  later = {};
}

} // namespace varve
