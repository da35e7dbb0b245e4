#pragma once

#include "catalog/catalog.hpp"
#include "engine/model/option_values.hpp"
#include "engine/statement/parameters.hpp"

namespace varve {

/// The parameters in force for one tenant.
struct tenant_settings {
  std::string destination; ///< backup_dest; empty: not set
  dest_option option;      ///< backup_dest_option over the parameters behind it
  archive_option how;
};

/// The parameters as the catalog has them, one of them perhaps as a SET is about to leave it. A tenant's own
/// counts before that of all (tenant 0), and that before the initial one. The snapshot must outlive it.
class settings_reader {
public:
  explicit settings_reader(const catalog_snapshot& from, std::optional<setting_record> pending = std::nullopt)
      : from_(from), pending_(std::move(pending)) {}

  struct found {
    std::string value;   ///< canonical
    bool initial = true; ///< nobody has set it
    bool own = false;    ///< it is the tenant's own
  };
  /// Errors: the catalog's.
  result<found> value(tenant_id tenant, const parameter& which) const;

  /// Errors: besides, where two that are in force exclude each other (not_supported).
  result<tenant_settings> of(tenant_id tenant) const;

private:
  result<std::optional<std::string>> exactly(tenant_id tenant, std::string_view name) const;

  const catalog_snapshot& from_;
  std::optional<setting_record> pending_;
};

} // namespace varve
