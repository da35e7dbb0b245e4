#include "engine/parameter_list.hpp"

#include <catch2/catch.hpp>

namespace varve {
namespace {
using strings = std::vector<std::string>;

std::vector<shown_parameter> some() {
  std::vector<shown_parameter> all;
  for (auto name :
       {"backup_dest", "backup_dest_option", "backup_log_archive_option", "log_archive_checkpoint_interval"})
    all.push_back({find_parameter(name), "x", false, true});
  return all;
}

strings names_like(std::string_view pattern) {
  strings names;
  for (const auto& row : list_parameters(some(), pattern).rows)
    names.push_back(row[4].value());
  return names;
}

} // namespace

TEST_CASE("parameters are listed by a pattern") {
  CHECK(names_like("%").size() == 4);
  CHECK(names_like("BACKUP_dest") == strings{"backup_dest"});
  CHECK(names_like("%dest_option") == strings{"backup_dest_option"});
  CHECK(names_like("b%o%o%o%") == strings{"backup_log_archive_option"});
  CHECK(names_like("backup_dest_") == strings{});
  CHECK(names_like("") == strings{});
}

TEST_CASE("a parameter is shown with OceanBase's columns, its range, and whether anybody has set it") {
  std::vector<shown_parameter> all{
      {find_parameter("log_archive_checkpoint_interval"), "30s", true, false},
      {find_parameter("backup_dest"), "", false, true},
  };
  auto shown = list_parameters(all, "%");
  CHECK(shown.columns == strings{"zone", "svr_type", "svr_ip", "svr_port", "name", "data_type", "value",
                                 "info", "section", "scope", "source", "edit_level"});
  REQUIRE(shown.rows.size() == 2);
  std::string text;
  for (auto& cell : shown.rows[0])
    text.append(cell.value()).append("|");
  CHECK(text ==
        "|varve||0|log_archive_checkpoint_interval|TIME|30s|behind log_archive_checkpoint_interval of "
        "backup_dest_option; range [5s, 1h]; initially 2m|LOG_ARCHIVE|TENANT|SET|DYNAMIC_EFFECTIVE|");
  CHECK(shown.rows[1][9] == "CLUSTER");
  CHECK(shown.rows[1][10] == "DEFAULT");
}

} // namespace varve
