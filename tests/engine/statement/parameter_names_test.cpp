#include "engine/statement/parameter_names.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace varve;

TEST_CASE("a parameter is found in any case and only by its whole name") {
  CHECK(find_parameter("backup_dest") == "backup_dest");
  CHECK(find_parameter("BACKUP_Dest_Option") == "backup_dest_option");
  CHECK(find_parameter("backup_des") == "");
  CHECK(find_parameter("") == "");
  CHECK(find_parameter(std::string(100'000, 'a')) == "");
  for (auto name : parameter_names())
    CHECK(find_parameter(name) == name);
}

TEST_CASE("the nearest parameter is offered for a slip and nothing for a stranger") {
  CHECK(nearest_parameter("backup_dst") == "backup_dest");
  CHECK(nearest_parameter("BACKUP_DEST_OPTIONS") == "backup_dest_option");
  CHECK(nearest_parameter("log_archive_checkpoint_intervall") == "log_archive_checkpoint_interval");
  CHECK(nearest_parameter("cpu_count") == "");
  CHECK(nearest_parameter(std::string(100'000, 'a')) == "");
}
