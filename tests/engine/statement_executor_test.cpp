#include "tests/engine/stopping_clock.hpp"
#include "tests/harness/engine_host.hpp"

#include <future>

using namespace varve;
using namespace varve::test;

namespace {

/// A tenant in STOP, and a SET backup_dest that hangs until it is let go, at the latest by the destructor.
struct hanging_set : engine_host {
  stopping_clock clock;
  std::future<errc> set;

  hanging_set() {
    options.now = [this] { return clock.read(); };
    open();
    run("ALTER SYSTEM SET backup_dest = '" + uri + "'");
    REQUIRE(engine->register_tenant(shop, "shop").ok());
    set = std::async(std::launch::async, [this] {
      clock.stop_this_thread();
      return engine->execute("ALTER SYSTEM SET backup_dest = '" + uri + "-2'").code();
    });
    bool stands = clock.wait_until_it_stands();
    if (!stands)
      clock.let_go();
    REQUIRE(stands);
  }
  ~hanging_set() { clock.let_go(); }

  /// Does it end although the SET hangs? What it gave, or nothing.
  template <class F>
  std::optional<errc> meanwhile(F call) {
    auto answer = std::async(std::launch::async, [&] { return call(); });
    bool ended = answer.wait_for(stopping_clock::generous) == std::future_status::ready;
    if (!ended)
      clock.let_go();
    return ended ? std::optional(answer.get()) : std::nullopt;
  }
};

} // namespace

TEST_CASE("a SET backup_dest whose destination hangs holds nobody up, and gives way to what came meanwhile") {
  hanging_set h;
  auto execute = [&](const char* text) {
    return h.meanwhile([&, text] { return h.engine->execute(text).code(); });
  };
  CHECK(execute("ALTER SYSTEM ARCHIVELOG") == errc::ok);
  CHECK(execute("ALTER SYSTEM NOARCHIVELOG") == errc::ok);
  CHECK(execute("ALTER SYSTEM ARCHIVELOG") == errc::ok);
  CHECK(h.meanwhile([&] { return h.engine->register_tenant(tenant_id{1002}, "late").code(); }) == errc::ok);
  h.clock.let_go();
  CHECK(h.set.get() == errc::in_progress);
  CHECK(h.run("SHOW PARAMETERS LIKE 'backup_dest'")[0].rows[0][6] == h.uri);
}

TEST_CASE("close does not wait for a SET backup_dest whose destination hangs, and the SET answers closed") {
  hanging_set h;
  CHECK(h.meanwhile([&] { return h.engine->close().code(); }) == errc::ok);
  h.clock.let_go();
  CHECK(h.set.get() == errc::closed);
  h.engine.reset();
  h.open();
  CHECK(h.run("SHOW PARAMETERS LIKE 'backup_dest'")[0].rows[0][6] == h.uri);
}

TEST_CASE("statements that race with close are done or answer closed") {
  engine_host h;
  h.begin();
  for (int life = 0; life < 5; ++life) {
    std::vector<std::future<errc>> racing;
    std::atomic<int> begun{0};
    for (auto text : {"SELECT STATUS FROM CDB_OB_BACKUP_ARCHIVELOG", "SHOW PARAMETERS",
                      "ALTER SYSTEM SET backup_log_archive_option = 'optional'",
                      "ALTER SYSTEM NOARCHIVELOG; ALTER SYSTEM ARCHIVELOG"})
      racing.push_back(std::async(std::launch::async, [&h, &begun, text] {
        for (bool first = true;; first = false) {
          auto code = h.engine->execute(text).code();
          begun += first ? 1 : 0;
          if (code != errc::ok)
            return code;
        }
      }));
    while (begun < 4)
      std::this_thread::yield();
    static_cast<void>(h.engine->close());
    for (auto& each : racing)
      CHECK(each.get() == errc::closed);
    CHECK(h.engine->query("SELECT 1").code() == errc::closed);
    CHECK(h.engine->register_tenant(tenant_id{1003}, "x").code() == errc::closed);
    h.engine.reset();
    h.open();
    // The last statement may have come to NOARCHIVELOG only.
    static_cast<void>(h.engine->execute("ALTER SYSTEM ARCHIVELOG"));
  }
}

TEST_CASE("a tenant that finds ARCHIVELOG in force and no backup_dest is registered in STOP, with an error") {
  engine_host h;
  h.open();
  REQUIRE(h.engine->register_tenant(h.shop, "shop").ok());
  h.run("ALTER SYSTEM SET backup_dest = '" + h.uri + "' TENANT = shop; ALTER SYSTEM ARCHIVELOG");
  constexpr tenant_id late{1002};
  auto refused = h.engine->register_tenant(late, "late");
  REQUIRE(refused.code() == errc::invalid_destination);
  CHECK(refused.error().message.find("1002") != std::string::npos);
  CHECK(refused.error().hint.find("ARCHIVELOG TENANT_ID = 1002") != std::string::npos);
  CHECK(h.engine->register_tenant(late, "late").ok()); // it is registered
  auto take = [&](lsn at) {
    auto s = h.engine->open_stream(late, stream_id{1}, {});
    REQUIRE(s.ok());
    auto outcome = put(**s, at, 100 + at, "x").outcome;
    if (outcome == append_outcome::accepted)
      CHECK((*s)->flush().get().outcome.ok());
    return outcome;
  };
  CHECK(take(0) == append_outcome::not_archiving);
  h.reopen();
  CHECK(take(0) == append_outcome::not_archiving);
  h.run("ALTER SYSTEM SET backup_dest = '" + h.uri +
        "' TENANT = late; ALTER SYSTEM ARCHIVELOG TENANT = late");
  CHECK(take(0) == append_outcome::accepted);
}

TEST_CASE("backup_dest cannot be emptied while ARCHIVELOG waits for tenants to come") {
  engine_host h;
  h.open();
  h.run("ALTER SYSTEM SET backup_dest = '" + h.uri + "'; ALTER SYSTEM ARCHIVELOG");
  CHECK(h.engine->execute("ALTER SYSTEM SET backup_dest = ''").code() == errc::in_progress);
  h.run("ALTER SYSTEM NOARCHIVELOG; ALTER SYSTEM SET backup_dest = ''");
}
