#include "tests/engine/stopping_clock.hpp"
#include "tests/harness/engine_host.hpp"

#include <future>

using namespace varve;
using namespace varve::test;

namespace {

bool mentions(const std::string& text, const std::string& part) {
  INFO(text);
  return text.find(part) != std::string::npos;
}

const unix_ns noon = parse_time("2026-01-01 12:00:00").value();

/// A round of three pieces, one day and one entry each from noon on, and a checkpoint behind them.
struct three_days : engine_host {
  three_days() {
    begin("log_archive_piece_switch_interval=1d");
    auto s = stream(1);
    for (unsigned day = 0; day < 3; ++day)
      REQUIRE(put(*s, day, noon + day * one_day, "x").outcome == append_outcome::accepted);
    REQUIRE(engine->advance(shop, noon + 2 * one_day + one_hour).ok());
    flush();
  }
  sql_result preview(const std::string& words) {
    return run("ALTER SYSTEM RESTORE shop2 FROM " + words + " PREVIEW").at(0);
  }
  error refused(const std::string& text) {
    auto done = engine->execute(text);
    INFO(text);
    REQUIRE_FALSE(done.ok());
    return done.error();
  }
  sql_result shown() { return run("SHOW RESTORE PREVIEW").at(0); }
};

const std::string day_two = "'2026-01-02 18:00:00'";

} // namespace

TEST_CASE("RESTORE with PREVIEW answers in a sentence, and SHOW RESTORE PREVIEW has the pieces") {
  three_days h;
  auto made = h.preview("shop UNTIL " + day_two);
  CHECK(made.rows.empty());
  CHECK(made.warnings.empty());
  CHECK(made.message == "a restore of tenant 1001 from " + h.uri +
                            " until 2026-01-02 18:00:00.000000 needs 2 piece(s): SHOW RESTORE PREVIEW");
  CHECK(h.shown().rows.size() == 2);
  CHECK(mentions(h.shown().message, "this restore works, as of"));
}

TEST_CASE("a preview without UNTIL is of everything that is committed") {
  three_days h;
  h.preview("shop");
  CHECK(h.shown().rows.size() == 3);
}

TEST_CASE("a preview that is refused replaces the one before, with the reason") {
  three_days h;
  h.preview("shop UNTIL " + day_two);
  h.refused("ALTER SYSTEM RESTORE shop2 FROM shop UNTIL '2020-01-01' PREVIEW");
  CHECK(h.shown().rows.empty());
  CHECK(mentions(h.shown().message, "begins at SCN"));
  h.preview("shop UNTIL " + day_two);
  h.refused("ALTER SYSTEM RESTORE shop2 FROM shop UNTIL " + day_two); // no preview was asked for
  CHECK(h.shown().rows.size() == 2);
}

TEST_CASE("a preview of a piece that is not whole is refused with the time that does without it") {
  three_days h;
  for (auto& each : std::filesystem::directory_iterator(h.archive / "t1001" / "r1_p2"))
    if (each.path().filename().string().starts_with("seg-"))
      std::filesystem::remove(each.path());
  auto why = h.refused("ALTER SYSTEM RESTORE shop2 FROM shop UNTIL " + day_two + " PREVIEW");
  CHECK(why.code == errc::bytes_missing);
  CHECK(mentions(why.message, "piece 2 of round 1 of tenant 1001"));
  CHECK(mentions(why.hint, "2026-01-02 11:59:59.999999"));
  h.preview("shop UNTIL '2026-01-02 11:59:59'");
  CHECK(h.shown().rows.size() == 1);
}

TEST_CASE("another archive's tenant is named by its number, and a preview of it says whose archive it is") {
  three_days other;
  engine_host h;
  h.open();
  auto preview = [&](const std::string& name) {
    return h.engine->execute("ALTER SYSTEM RESTORE shop2 FROM " + name + " AT '" + other.uri + "' UNTIL " +
                             day_two + " PREVIEW");
  };
  auto unknown = preview("shop");
  REQUIRE(unknown.code() == errc::invalid_argument);
  CHECK(mentions(unknown.error().hint, "t1001"));
  CHECK(preview("t").code() == errc::invalid_argument);
  CHECK(preview("t1001x").code() == errc::invalid_argument);
  for (auto name : {"t1001", "'1001'"}) {
    auto made = preview(name);
    INFO((made.ok() ? "" : made.error().to_string()));
    REQUIRE(made.ok());
    REQUIRE(made->at(0).warnings.size() == 1);
    CHECK(mentions(made->at(0).warnings[0], "belongs to another archive"));
  }
  REQUIRE(h.engine->register_tenant(tenant_id{7}, "t1001").ok()); // a name goes before a number
  CHECK(preview("t1001").code() == errc::entry_not_exist);
}

TEST_CASE("a preview from several restore sources takes the first from which it works") {
  three_days h;
  auto second = "file://" + (h.dir.path() / "second").string();
  h.run("ALTER SYSTEM NOARCHIVELOG; ALTER SYSTEM SET backup_dest = '" + second + "'");
  h.run("ALTER SYSTEM ADD RESTORE SOURCE '" + second + "'; ALTER SYSTEM ADD RESTORE SOURCE '" + h.uri + "/'");
  CHECK(mentions(h.run("ALTER SYSTEM ADD RESTORE SOURCE '" + h.uri + "'")[0].message, "already"));
  h.preview("shop UNTIL " + day_two);
  CHECK(h.shown().rows.at(0).at(3) == h.uri);
  auto why = h.refused("ALTER SYSTEM RESTORE shop2 FROM shop UNTIL '2020-01-01' PREVIEW");
  CHECK(mentions(why.message, "no restore from " + second + ": "));
  CHECK(mentions(why.message, "; no restore from " + h.uri + ": "));
  CHECK(mentions(h.run("ALTER SYSTEM CLEAR RESTORE SOURCE")[0].message, "2 restore source(s)"));
  CHECK(mentions(h.refused("ALTER SYSTEM RESTORE shop2 FROM shop UNTIL " + day_two + " PREVIEW").message,
                 "no restore from " + second));
}

TEST_CASE("RESTORE without PREVIEW names the command that does it, word by word, and what it does not know") {
  three_days h;
  auto hint = [&](const std::string& words) {
    auto why = h.refused("ALTER SYSTEM RESTORE " + words);
    CHECK(why.code == errc::not_supported);
    return why.hint;
  };
  auto from_here = "varve restore --from '" + h.uri + "' --tenant 1001";
  CHECK(mentions(hint("x FROM shop UNTIL '2026-01-02'"), "`" + from_here + " --until '2026-01-02' --to DIR"));
  CHECK(mentions(hint("x FROM shop"), "`" + from_here + " --to DIRECTORY`"));
  CHECK(mentions(hint("x FROM shop AT 'file:///it''s'"), "--from 'file:///it'\\''s' --tenant 1001"));
  CHECK(mentions(hint("x FROM nobody"), "--from URI --tenant NUMBER"));
  CHECK(mentions(hint("x FROM shop AT 'oss://bucket?access_key=secret'"), "--from URI --tenant 1001"));
  CHECK(mentions(hint("orders FOR x FROM shop"), from_here));
  h.run("ALTER SYSTEM ADD RESTORE SOURCE '" + h.uri + "'; ALTER SYSTEM SET enable_log_archive = true");
  CHECK(mentions(hint("x FROM shop"), from_here));
}

TEST_CASE("a preview whose destination hangs holds nobody up, and answers closed to a close") {
  stopping_clock clock; // the engine reads it to its end
  three_days h;
  h.options.now = [&] { return clock.read(); };
  h.reopen();
  auto hanging = std::async(std::launch::async, [&] {
    clock.stop_this_thread();
    return h.engine->execute("ALTER SYSTEM RESTORE shop2 FROM shop UNTIL " + day_two + " PREVIEW").code();
  });
  REQUIRE(clock.wait_until_it_stands());
  auto meanwhile = [&](auto call) {
    auto answer = std::async(std::launch::async, call);
    bool ended = answer.wait_for(stopping_clock::generous) == std::future_status::ready;
    if (!ended)
      clock.let_go();
    CHECK(ended);
    return answer.get();
  };
  for (auto text : {"SHOW RESTORE PREVIEW", "ALTER SYSTEM CLEAR RESTORE SOURCE", "ALTER SYSTEM NOARCHIVELOG"})
    CHECK(meanwhile([&] { return h.engine->execute(text).code(); }) == errc::ok);
  CHECK(meanwhile([&] { return h.engine->close().code(); }) == errc::ok);
  clock.let_go();
  CHECK(hanging.get() == errc::closed);
  CHECK(h.engine->execute("SHOW RESTORE PREVIEW").code() == errc::closed);
}
