#include "engine/statement/parameters.hpp"

#include <catch2/catch.hpp>

#include <set>

using namespace varve;

namespace {

std::string canonical(std::string_view name, std::string_view value) {
  auto text = canonical_value(*find_parameter(name), value);
  return text.ok() ? *text : "refused";
}

} // namespace

TEST_CASE("a parameter is found in any case and only by its whole name") {
  REQUIRE(find_parameter("backup_dest") != nullptr);
  CHECK(find_parameter("BACKUP_Dest_Option")->name == "backup_dest_option");
  CHECK(find_parameter("backup_des") == nullptr);
  CHECK(find_parameter("") == nullptr);
  CHECK(find_parameter(std::string(100'000, 'a')) == nullptr);
  for (auto& each : parameters())
    CHECK(find_parameter(each.name) == &each);
}

TEST_CASE("the nearest parameter is offered for a slip and nothing for a stranger") {
  CHECK(nearest_parameter("backup_dst") == "backup_dest");
  CHECK(nearest_parameter("BACKUP_DEST_OPTIONS") == "backup_dest_option");
  CHECK(nearest_parameter("log_archive_checkpoint_intervall") == "log_archive_checkpoint_interval");
  CHECK(nearest_parameter("cpu_count") == "");
  CHECK(nearest_parameter(std::string(100'000, 'a')) == "");
}

TEST_CASE("every parameter says what it is, and its initial value is canonical and in its range") {
  std::set<std::string_view> types;
  for (auto& each : parameters()) {
    INFO(each.name);
    CHECK_FALSE(each.info.empty());
    types.insert(type_of(each));
    if (each.kind != parameter_kind::archive_option)
      CHECK(canonical(each.name, each.initial) == each.initial);
  }
  CHECK(types == std::set<std::string_view>{"BOOL", "CAPACITY", "INT", "STRING", "TIME"});
}

TEST_CASE("values of a parameter have one text each, and the range is kept") {
  CHECK(canonical("log_archive_checkpoint_interval", "90") == "90s");
  CHECK(canonical("log_archive_checkpoint_interval", "5000ms") == "5s");
  CHECK(canonical("log_archive_checkpoint_interval", "1H") == "1h");
  for (auto bad : {"4s", "61m", "-5s", "", "5 s", "fast", "99999999999999999999"})
    CHECK(canonical("log_archive_checkpoint_interval", bad) == "refused");
  CHECK(canonical("backup_recovery_window", "0") == "0s");
  CHECK(canonical("backup_recovery_window", "7d") == "7d");
  CHECK(canonical("log_archive_batch_buffer_limit", "1024m") == "1G");
  CHECK(canonical("log_archive_batch_buffer_limit", "4194305") == "4194305B");
  CHECK(canonical("log_archive_batch_buffer_limit", "2048P") == "2048P");
  for (auto bad : {"3M", "1X", "1GB", "M", "99999999P", "-1"})
    CHECK(canonical("log_archive_batch_buffer_limit", bad) == "refused");
  CHECK(canonical("log_restore_concurrency", "007") == "7");
  for (auto bad : {"0", "1.5", "ten", "1s", ""})
    CHECK(canonical("log_restore_concurrency", bad) == "refused");
  CHECK(canonical("auto_delete_expired_backup", "ON") == "True");
  CHECK(canonical("auto_delete_expired_backup", "0") == "False");
  CHECK(canonical("auto_delete_expired_backup", "2") == "refused");
  CHECK(canonical("backup_zone", "z1") == "z1");
  CHECK(canonical("backup_log_archive_option", "optional") == "optional"); // apply_archive_option() judges it
  CHECK(canonical("backup_zone", std::string(3000, 'z')) == "refused");
}

TEST_CASE("a value that is refused is shown with the parameter and what it may be") {
  auto why = canonical_value(*find_parameter("log_archive_checkpoint_interval"), "4s");
  REQUIRE(why.code() == errc::invalid_argument);
  CHECK(why.error().message == "log_archive_checkpoint_interval: '4s' is out of its range [5s, 1h]");
  CHECK(range_of(*find_parameter("log_archive_batch_buffer_limit")) == "[4M, )");
  CHECK(range_of(*find_parameter("backup_dest")).empty());
}
