#include "engine/tenant_settings.hpp"

#include "engine/statement/option_string.hpp"

#include <cassert>

namespace varve {

result<std::optional<std::string>> settings_reader::exactly(tenant_id tenant, std::string_view name) const {
  if (pending_ && pending_->tenant == tenant && pending_->name == name)
    return std::optional(pending_->value);
  return from_.setting(tenant, name);
}

result<settings_reader::found> settings_reader::value(tenant_id tenant, const parameter& which) const {
  constexpr tenant_id everybody{0};
  if (tenant != everybody) {
    VARVE_TRY_ASSIGN(auto own, exactly(tenant, which.name));
    if (own)
      return found{std::move(*own), false, true};
  }
  VARVE_TRY_ASSIGN(auto common, exactly(everybody, which.name));
  if (common)
    return found{std::move(*common), false, tenant == everybody};
  return found{std::string(which.initial), true, false};
}

result<tenant_settings> settings_reader::of(tenant_id tenant) const {
  auto text_of = [&](std::string_view name) -> result<std::string> {
    auto* known = find_parameter(name);
    assert(known != nullptr);
    VARVE_TRY_ASSIGN(auto found, value(tenant, *known));
    return found.value;
  };
  tenant_settings made;
  VARVE_TRY_ASSIGN(made.destination, text_of("backup_dest"));

  dest_option behind;
  VARVE_TRY_ASSIGN(auto interval, text_of("log_archive_checkpoint_interval"));
  VARVE_TRY_ASSIGN(behind.checkpoint_interval, parse_duration(interval));
  VARVE_TRY_ASSIGN(auto window, text_of("backup_recovery_window"));
  VARVE_TRY_ASSIGN(behind.recovery_window, parse_duration(window));
  VARVE_TRY_ASSIGN(auto deletes, text_of("auto_delete_expired_backup"));
  VARVE_TRY_ASSIGN(behind.auto_delete_obsolete_backup, parse_bool(deletes));
  VARVE_TRY_ASSIGN(auto touches, text_of("_auto_update_reserved_backup_timestamp"));
  VARVE_TRY_ASSIGN(behind.auto_update_reserved_backup_timestamp, parse_bool(touches));
  VARVE_TRY_ASSIGN(auto option, text_of("backup_dest_option"));
  VARVE_TRY_ASSIGN(auto named, parse_dest_option(option, true));
  VARVE_TRY_ASSIGN(made.option, named.over(behind));

  // What is stored names mode and codec, so it reads the same whatever was in force before.
  VARVE_TRY_ASSIGN(auto how, text_of("backup_log_archive_option"));
  VARVE_TRY_ASSIGN(made.how, apply_archive_option(how, archive_option{}));
  return made;
}

} // namespace varve
