#include "engine/shell/archive_run.hpp"
#include "tests/engine/shell/archive_case.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <signal.h>

namespace varve::test {

TEST_CASE("archived files come back byte for byte, in the order given") {
  archive_case here;
  auto first = sample_log(300'000, 1), second = sample_log(123'457, 2);
  auto done = here.archive({here.file("a", first), here.file("b", second), "--json"});
  INFO(done.errors);
  REQUIRE(done.exit_code == 0);
  auto summary = nlohmann::json::parse(done.output);
  CHECK(summary["next_lsn"] == 423'457);
  CHECK(summary["durable_lsn"] == 423'457);
  CHECK(summary["advanced_scn"] >= summary["last_scn"]);
  auto back = here.restore();
  CHECK(back.exit_code == 0);
  CHECK(back.output == first + second);
}

TEST_CASE("a second run skips what is archived, compares its end, and goes on") {
  archive_case here;
  auto log = sample_log(700'000);
  REQUIRE(here.archive({here.file("log", log.substr(0, 400'000)), "--chunk", "10k"}).exit_code == 0);
  auto longer = here.archive({here.file("log", log), "--chunk", "64k", "--json"});
  INFO(longer.errors);
  REQUIRE(longer.exit_code == 0);
  auto summary = nlohmann::json::parse(longer.output);
  CHECK(summary["first_lsn"] == 400'000);
  CHECK(summary["next_lsn"] == 700'000);
  CHECK(summary["compared_entries"] > 0);
  CHECK(here.restore().output == log);
  auto nothing_new = nlohmann::json::parse(here.archive({here.file("log", log), "--json"}).output);
  CHECK(nothing_new["first_lsn"] == 700'000);
  CHECK(nothing_new["next_lsn"] == 700'000);
}

TEST_CASE("without --dest a later run goes on to where the log went before") {
  archive_case here;
  auto log = sample_log(50'000);
  REQUIRE(here.archive({here.file("log", log.substr(0, 20'000))}).exit_code == 0);
  auto path = here.file("log", log);
  auto again = run_varve({"archive", "--data", here.data, "--tenant", "1001", "--stream", "1", path});
  INFO(again.errors);
  CHECK(again.exit_code == 0);
  CHECK(here.restore().output == log);
}

TEST_CASE("a file that changed where it was archived is refused, and nothing is added") {
  archive_case here;
  auto log = sample_log(100'000);
  REQUIRE(here.archive({here.file("log", log)}).exit_code == 0);
  auto other = log;
  other[99'000] = '#';
  auto refused = here.archive({here.file("log", other + "more")});
  CHECK(refused.exit_code == 6);
  CHECK(refused.errors.find("VARVE_LSN_CONFLICT") != std::string::npos);
  CHECK(refused.errors.find("hint: ") != std::string::npos);
  CHECK(here.restore().output == log);
}

TEST_CASE("an input shorter than what is archived is refused") {
  archive_case here;
  auto log = sample_log(100'000);
  REQUIRE(here.archive({here.file("log", log)}).exit_code == 0);
  auto refused = here.archive({here.file("log", log.substr(0, 60'000))});
  CHECK(refused.exit_code == 6);
  CHECK(here.restore().output == log);
}

TEST_CASE("a pipe is archived as it comes, and begun again from its first byte") {
  archive_case here;
  auto log = sample_log(900'000);
  auto first = here.archive({"-"}, log.substr(0, 500'000));
  INFO(first.errors);
  REQUIRE(first.exit_code == 0);
  CHECK(here.restore().output == log.substr(0, 500'000));
  auto second = here.archive({"-", "--json"}, log);
  INFO(second.errors);
  REQUIRE(second.exit_code == 0);
  CHECK(nlohmann::json::parse(second.output)["first_lsn"] == 500'000);
  CHECK(here.restore().output == log);
}

TEST_CASE("kill -9 loses nothing that a later run does not bring back") {
  archive_case here;
  auto log = sample_log(2'000'000);
  REQUIRE(here.archive({here.file("log", log.substr(0, 300'000))}).exit_code == 0);
  {
    running_program run(here.archive_words({"-"}));
    run.write(log);
    run.send(SIGKILL);
    CHECK(run.finish().exit_code == 128 + SIGKILL);
  }
  auto done = here.archive({here.file("log", log)});
  INFO(done.errors);
  REQUIRE(done.exit_code == 0);
  CHECK(here.restore().output == log);
  CHECK(run_varve({"verify", here.destination}).exit_code == 0);
}

TEST_CASE("SIGTERM ends a run in good order, and says how to go on") {
  archive_case here;
  auto log = sample_log(1'000'000);
  running_program run(here.archive_words({"-"}));
  run.write(log.substr(0, 500'000)); // more than a pipe holds: the program is reading
  run.send(SIGTERM);
  auto stopped = run.finish();
  CHECK(stopped.exit_code == 130);
  CHECK(stopped.errors.find("run it again") != std::string::npos);
  auto kept = here.restore().output;
  CHECK(log.starts_with(kept));
  REQUIRE(here.archive({here.file("log", log)}).exit_code == 0);
  CHECK(here.restore().output == log);
}

TEST_CASE("a rate holds a run back") {
  archive_case here;
  auto log = sample_log(30'000);
  auto done = here.archive({here.file("log", log), "--rate", "100k", "--chunk", "1k"});
  INFO(done.errors);
  CHECK(done.exit_code == 0);
  CHECK(here.restore().output == log);
}

TEST_CASE("streams and tenants of one data directory stay apart") {
  archive_case here;
  auto one = sample_log(20'000, 1), two = sample_log(30'000, 2), other = sample_log(10'000, 3);
  REQUIRE(here.archive({here.file("log", one)}).exit_code == 0);
  auto archive = [&](const char* tenant, const char* stream, const std::string& log) {
    auto done = run_varve({"archive", "--data", here.data, "--dest", here.destination, "--tenant", tenant,
                           "--stream", stream, here.file("log", log)});
    INFO(done.errors);
    CHECK(done.exit_code == 0);
  };
  archive("1001", "2", two);
  archive("1002", "1", other);
  auto restore = [&](const char* tenant, const char* stream) {
    return run_varve(
               {"restore", "--from", here.destination, "--tenant", tenant, "--stream", stream, "--to", "-"})
        .output;
  };
  CHECK(restore("1001", "1") == one);
  CHECK(restore("1001", "2") == two);
  CHECK(restore("1002", "1") == other);
}

TEST_CASE("what cannot be archived is refused with its own exit code") {
  archive_case here;
  auto path = here.file("log", "some log");
  auto nowhere = run_varve({"archive", "--data", here.data, "--tenant", "1001", "--stream", "1", path});
  CHECK(nowhere.exit_code == 5);
  CHECK(nowhere.errors.find("--dest") != std::string::npos);
  CHECK(here.archive({(here.dir / "gone").string()}).exit_code == 5);
  CHECK(here.archive({path, "--chunk", "0"}).exit_code == 2);
  CHECK(here.archive({path, "--chunk", "17m"}).exit_code == 2);
  CHECK(here.archive({path, "--rate", "fast"}).exit_code == 2);
  CHECK(run_varve({"archive", "--data", here.data, "--tenant", "1", "--stream", "1", "--dest",
                   here.destination, path})
            .exit_code == 2);
  REQUIRE(here.archive({path}).exit_code == 0);
  auto elsewhere = run_varve({"archive", "--data", here.data, "--tenant", "1001", "--stream", "1", "--dest",
                              (here.dir / "other").string(), path});
  CHECK(elsewhere.exit_code == 2);
  CHECK(elsewhere.errors.find("backup_dest is file://" + here.destination) != std::string::npos);
}

TEST_CASE("a data directory has one owner, and the second hears its pid") {
  archive_case here;
  running_program owner(here.archive_words({"-"}));
  owner.write(sample_log(500'000));
  auto refused = here.archive({here.file("log", "some log")});
  CHECK(refused.exit_code == 4);
  CHECK(refused.errors.find(std::to_string(owner.pid())) != std::string::npos);
  CHECK(owner.finish().exit_code == 0);
}

TEST_CASE("a tenant without a destination under a standing ARCHIVELOG is archived where --dest says") {
  archive_case c;
  auto input = c.file("log", "hello");
  auto other = (c.dir / "other").string();
  REQUIRE(
      run_varve({"archive", "--data", c.data, "--tenant", "1002", "--dest", other, "--stream", "1", input})
          .exit_code == 0);
  auto own = "ALTER SYSTEM NOARCHIVELOG; ALTER SYSTEM SET backup_dest = ''; "
             "ALTER SYSTEM SET backup_dest = 'file://" +
             other +
             "' TENANT_ID = 1002; ALTER SYSTEM ARCHIVELOG; ALTER SYSTEM NOARCHIVELOG TENANT_ID = 1002";
  auto prepared = c.shell(own);
  INFO(prepared.errors);
  REQUIRE(prepared.exit_code == 0);
  auto done = c.archive({input});
  INFO(done.errors);
  CHECK(done.exit_code == 0);
  CHECK(c.restore().output == "hello");
}

/// Every entry of the gap once counted as one more demand of the engine for the log, and a run gave up at
/// 100.
TEST_CASE(
    "a catalog that is far behind the archive does not stop a run, which goes on where the archive ends") {
  archive_case c;
  auto log = sample_log(24'000'000);
  REQUIRE(c.archive({c.file("log", log.substr(0, 100'000))}).exit_code == 0);
  auto before = c.dir / "before";
  std::filesystem::copy(c.data, before, std::filesystem::copy_options::recursive);
  REQUIRE(c.archive({c.file("log", log.substr(0, 23'000'000))}).exit_code == 0);
  std::filesystem::remove_all(c.data);
  std::filesystem::rename(before, c.data);
  auto again = c.archive({"--json", c.file("log", log)});
  INFO(again.errors);
  REQUIRE(again.exit_code == 0);
  CHECK(nlohmann::json::parse(again.output)["first_lsn"] == 23'000'000);
  CHECK(c.restore().output == log);
}

TEST_CASE("numbers that are none, negative or too large are asked wrongly, and nothing is archived") {
  archive_case c;
  auto input = c.file("log", "hello");
  for (auto number : {"-5", "99999999999999999999999", "18446744073709551616", "0x10", "ten", "1.5"}) {
    INFO(number);
    CHECK(run_varve({"archive", "--data", c.data, "--dest", c.destination, "--tenant", number, "--stream",
                     "1", input})
              .exit_code == 2);
    CHECK(run_varve({"archive", "--data", c.data, "--dest", c.destination, "--tenant", "5", "--stream",
                     number, input})
              .exit_code == 2);
    CHECK(run_varve({"restore", "--from", c.destination, "--tenant", number, "--to", "-"}).exit_code == 2);
    CHECK(c.restore({"--from-lsn", number}).exit_code == 2);
  }
  CHECK_FALSE(std::filesystem::exists(c.destination));
}

TEST_CASE("a destination with a quote in its path is a destination, and no statement") {
  archive_case c;
  c.destination = (c.dir / "it's; ALTER SYSTEM NOARCHIVELOG").string();
  auto done = c.archive({c.file("log", "hello")});
  INFO(done.errors);
  REQUIRE(done.exit_code == 0);
  CHECK(c.restore().output == "hello");
  CHECK(c.archive({"--interval", "5s&backup_copies=3", c.file("log", "hello")}).exit_code != 0);
}

TEST_CASE("a destination that ends with the process is refused") {
  archive_case c;
  c.destination = "memory://x";
  auto done = c.archive({c.file("log", "hello")});
  CHECK(done.exit_code != 0);
  CHECK(done.errors.find("ends with this process") != std::string::npos);
}

TEST_CASE("a run keeps the first complaint of the engine until it is told") {
  shell::archive_events events;
  CHECK_FALSE(events.take_error());
  events.on_error(fail(errc::catalog_error, "first"));
  events.on_error(fail(errc::catalog_error, "second"));
  auto told = events.take_error();
  REQUIRE(told);
  CHECK(told->message == "first");
  CHECK_FALSE(events.take_error());
}

} // namespace varve::test
