#include "engine/parameter_list.hpp"

#include <catch2/catch.hpp>

namespace varve {
namespace {
std::vector<std::string> names_like(std::string_view pattern) {
  std::vector<std::string> names;
  for (const auto& row : list_parameters({}, pattern).rows)
    names.push_back(row[0].value());
  return names;
}
using strings = std::vector<std::string>;
} // namespace

TEST_CASE("parameters are listed by a pattern") {
  CHECK(names_like("%") == strings{"backup_dest", "backup_dest_option", "backup_log_archive_option"});
  CHECK(names_like("BACKUP_dest") == strings{"backup_dest"});
  CHECK(names_like("%dest_option") == strings{"backup_dest_option"});
  CHECK(names_like("%o%o%o%") == strings{"backup_log_archive_option"});
  CHECK(names_like("backup_dest_") == strings{});
  CHECK(names_like("") == strings{});
}

TEST_CASE("a parameter shows what is in force, and its default before it was set") {
  auto fresh = list_parameters({}, "%");
  CHECK(fresh.rows[0][1] == "");
  CHECK(fresh.rows[1][1].value().find("log_archive_checkpoint_interval=2m") == 0);
  tenant_settings set;
  set.destination = "file:///backup";
  set.option.checkpoint_interval = 10 * one_second;
  set.how = {archive_mode::mandatory, codec::zstd};
  auto shown = list_parameters(set, "%");
  CHECK(shown.rows[0][1] == "file:///backup");
  CHECK(shown.rows[1][1].value().find("log_archive_checkpoint_interval=10s") == 0);
  CHECK(shown.rows[2][1] == "MANDATORY COMPRESSION=zstd_1.3.8");
}

} // namespace varve
