#pragma once

#include "catalog/records.hpp"
#include "engine/base/bytes.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace varve {

/// Changes that happen together or not at all. The only way to write to a catalog.
/// Later changes of the same record win.
class change_set {
public:
  void put(const catalog_identity& x);
  void put(const setting_record& x);
  void put(const tenant_record& x);
  void put(const round_status_record& x);
  void put(const round_history_record& x);
  void put(const piece_record& x);
  void put(const stream_record& x);
  void put(const lag_sample& x); ///< overwrites the sample lag_samples_max before it
  void put(const outbox_record& x);
  void put(const writer_record& x);
  void put(const break_history_record& x);
  void put(const round_join_record& x);
  void put(const alarm_record& x);

  void erase_setting(tenant_id tenant, std::string_view name);
  void erase_tenant(tenant_id tenant);
  void erase_round_status(tenant_id tenant);
  void erase_outbox(tenant_id tenant, std::uint64_t number);
  void erase_stream(tenant_id tenant, stream_id stream);
  void erase_break(tenant_id tenant, round_id round);
  void erase_round_join(tenant_id tenant, round_id round);
  void erase_alarm(tenant_id tenant);
  /// Everything known about archived bytes (rounds, pieces, streams, status): rebuild-catalog starts with it.
  void erase_archived_facts();

  bool empty() const { return changes_.empty() && !erase_facts_; }
  void merge(change_set&& later); ///< `later` wins

  /// For implementations: key and value (nullopt = erase), in order.
  const std::vector<std::pair<std::string, std::optional<std::string>>>& changes() const { return changes_; }
  bool erases_archived_facts() const { return erase_facts_; }

private:
  std::vector<std::pair<std::string, std::optional<std::string>>> changes_;
  bool erase_facts_ = false;
};

} // namespace varve
