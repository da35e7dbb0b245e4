#include "engine/tenant_settings.hpp"

#include <catch2/catch.hpp>

namespace varve {
namespace {

constexpr tenant_id everybody{0}, shop{1001};

struct settings {
  std::unique_ptr<catalog> kept = make_memory_catalog();
  void set(tenant_id whose, std::string name, std::string value) {
    change_set changes;
    changes.put(setting_record{whose, std::move(name), std::move(value)});
    REQUIRE(kept->apply(changes, durability::synced).ok());
  }
  tenant_settings of(tenant_id whose, std::optional<setting_record> pending = std::nullopt) {
    auto from = kept->snapshot();
    auto found = settings_reader{*from, std::move(pending)}.of(whose);
    REQUIRE(found.ok());
    return *found;
  }
};

} // namespace

TEST_CASE("a parameter that nobody has set has its initial value") {
  settings s;
  auto found = s.of(shop);
  CHECK(found.destination.empty());
  CHECK(found.option == dest_option{});
  CHECK(found.how == archive_option{});
}

TEST_CASE("a tenant's own parameter counts before that of all, name by name") {
  settings s;
  s.set(everybody, "backup_dest", "file:///all");
  s.set(everybody, "backup_log_archive_option", "MANDATORY COMPRESSION=zstd_1.3.8");
  s.set(shop, "backup_dest", "file:///shop");
  CHECK(s.of(shop).destination == "file:///shop");
  CHECK(s.of(shop).how == archive_option{archive_mode::mandatory, codec::zstd});
  CHECK(s.of(tenant_id{1002}).destination == "file:///all");
}

TEST_CASE("what backup_dest_option does not name comes from the parameters behind it") {
  settings s;
  s.set(everybody, "log_archive_checkpoint_interval", "30s");
  s.set(everybody, "backup_recovery_window", "7d");
  s.set(shop, "auto_delete_expired_backup", "True");
  CHECK(s.of(shop).option.checkpoint_interval == 30 * one_second);
  CHECK(s.of(shop).option.recovery_window == 7 * one_day);
  CHECK(s.of(shop).option.auto_delete_obsolete_backup);
  CHECK_FALSE(s.of(everybody).option.auto_delete_obsolete_backup);
  s.set(everybody, "backup_dest_option", "log_archive_checkpoint_interval=10s");
  CHECK(s.of(shop).option.checkpoint_interval == 10 * one_second);
  CHECK(s.of(shop).option.recovery_window == 7 * one_day);
}

TEST_CASE("a change that is about to be made is looked at as if it were there") {
  settings s;
  s.set(everybody, "auto_delete_expired_backup", "True");
  setting_record change{shop, "_auto_update_reserved_backup_timestamp", "True"};
  auto from = s.kept->snapshot();
  settings_reader after{*from, change};
  CHECK(after.of(shop).code() == errc::not_supported);
  CHECK(after.of(everybody).ok());
  CHECK(s.of(everybody, setting_record{everybody, "backup_dest", "file:///b"}).destination == "file:///b");
}

} // namespace varve
