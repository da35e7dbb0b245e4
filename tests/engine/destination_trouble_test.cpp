// Destinations that are full, away, taken, foreign, of a newer format, or older than what the catalog knows.
#include "engine/format/metadata.hpp"
#include "engine/format/object_name.hpp"
#include "tests/harness/engine_host.hpp"
#include "tests/harness/made_bytes.hpp"
#include "tests/harness/skip.hpp"
#include "tests/harness/tmpfs_mount.hpp"

#include <future>
#include <thread>

using namespace varve;
using namespace varve::test;
using strings = std::vector<std::string>;

namespace {

void copy_tree(const std::filesystem::path& from, const std::filesystem::path& to) {
  std::filesystem::remove_all(to);
  std::filesystem::copy(from, to, std::filesystem::copy_options::recursive);
}

} // namespace

TEST_CASE(
    "a destination that is full in the middle is said to be, and archiving goes on when there is room") {
  engine_host h;
  std::filesystem::create_directory(h.archive);
  tmpfs_mount small(h.archive, 8 << 20);
  SKIP_UNLESS(small.mounted(), small.why());
  std::ofstream(h.archive / "ballast") << std::string(6 << 20, 'x');
  h.begin();
  auto s = h.stream(1);
  std::vector<std::string> written;
  for (lsn at = 0; at < 50; ++at) {
    written.push_back(noise(64 << 10, at + 1));
    REQUIRE(s->append({at, at + 1, 1000 + at, as_bytes(written.back())}).outcome == append_outcome::accepted);
  }
  auto durable = s->flush();
  CHECK(h.says("COMMENT", "VARVE_NO_SPACE"));
  CHECK(h.column("STATUS") != "INTERRUPTED");
  CHECK(put(*s, 50, 2000, "more").outcome == append_outcome::accepted);
  CHECK_FALSE(durable.get_for(std::chrono::seconds(0)));
  std::filesystem::remove(h.archive / "ballast");
  auto answer = durable.get_for(std::chrono::seconds(60));
  REQUIRE(answer);
  CHECK(answer->outcome.ok());
  h.flush();
  CHECK(h.column("COMMENT") == "");
  auto all = h.restored();
  REQUIRE(all.size() == 51);
  for (std::size_t i = 0; i < 50; ++i)
    REQUIRE(all[i] == "1/" + std::to_string(i) + ":" + written[i]);
  h.verify();
}

TEST_CASE("a destination that was moved away is waited for and goes on when it is back") {
  engine_host h;
  h.options.stop_timeout = 200 * one_ms;
  h.begin();
  auto s = h.stream(1);
  put(*s, 0, 100, "hello");
  h.flush();
  s.reset();
  REQUIRE(h.engine->close().ok());
  h.engine.reset();
  auto away = h.archive.string() + ".away";
  std::filesystem::rename(h.archive, away);
  h.open();
  s = h.stream(1);
  CHECK(put(*s, 5, 101, "while away").outcome == append_outcome::accepted);
  auto durable = s->flush();
  CHECK(h.says("COMMENT", h.archive.string()));
  CHECK(h.column("STATUS") == "DOING");
  CHECK_FALSE(std::filesystem::exists(h.archive));
  std::filesystem::rename(away, h.archive);
  auto answer = durable.get_for(std::chrono::seconds(60));
  REQUIRE(answer);
  CHECK(answer->outcome.ok());
  CHECK(h.column("COMMENT") == "");
  CHECK(h.restored() == strings{"1/0:hello", "1/5:while away"});
}

TEST_CASE("close is bounded although the destination is dead, and says what it could not do") {
  engine_host h;
  h.options.stop_timeout = 200 * one_ms;
  h.begin();
  auto s = h.stream(1);
  put(*s, 0, 100, "hello");
  h.flush();
  h.take_commits_away();
  put(*s, 5, 101, "lost to this life");
  std::promise<durable_answer> called;
  s->append_durable({22, 23, 102, as_bytes("x")},
                    [&](const durable_answer& answer) { called.set_value(answer); });
  auto durable = s->flush();
  CHECK_FALSE(h.engine->close().ok());
  CHECK(durable.get().outcome.code() == errc::closed);
  CHECK(called.get_future().get().outcome.code() == errc::closed);
  CHECK(put(*s, 23, 103, "y").failed.code == errc::closed);
  s.reset();
  h.engine.reset();
  h.bring_commits_back();
  h.open();
  s = h.stream(1);
  CHECK(s->resume_lsn() == stream_position{5, 100});
}

TEST_CASE("a destination that is a file, or another archive's, is refused by name and nothing is set") {
  engine_host h;
  h.open();
  std::ofstream(h.archive) << "a file";
  auto refused = h.engine->execute("ALTER SYSTEM SET backup_dest = '" + h.uri + "'");
  CHECK(refused.code() == errc::invalid_destination);
  CHECK(refused.error().message.find(h.archive.string()) != std::string::npos);
  std::filesystem::remove(h.archive);

  engine_host other;
  other.begin();
  auto foreign = h.engine->execute("ALTER SYSTEM SET backup_dest = '" + other.uri + "'");
  CHECK(foreign.code() == errc::foreign_destination);
  auto parameters = h.engine->execute("SHOW PARAMETERS LIKE 'backup_dest'");
  REQUIRE(parameters.ok());
  CHECK(parameters->at(0).rows[0][6] == "");
}

TEST_CASE("a destination that became another archive's stops the tenant, and nothing is written to it") {
  engine_host h, other;
  h.begin();
  other.begin();
  auto s = h.stream(1);
  put(*s, 0, 100, "hello");
  h.flush();
  s.reset();
  h.engine.reset();
  other.engine.reset();
  auto away = h.archive.string() + ".away";
  std::filesystem::rename(h.archive, away);
  copy_tree(other.archive, h.archive);
  auto files = [&] {
    auto all = std::filesystem::recursive_directory_iterator(h.archive);
    return std::distance(begin(all), end(all));
  };
  auto before = files();
  h.open();
  s = h.stream(1);
  put(*s, 5, 101, "world");
  auto answer = s->flush().get_for(std::chrono::seconds(60));
  REQUIRE(answer);
  CHECK(answer->outcome.code() == errc::foreign_destination);
  CHECK(put(*s, 5, 101, "world").failed.code == errc::foreign_destination);
  CHECK(h.says("COMMENT", "belongs to archive"));
  CHECK(files() == before);
  // The way back: the right one in its place, and ARCHIVELOG.
  std::filesystem::remove_all(h.archive);
  std::filesystem::rename(away, h.archive);
  h.run("ALTER SYSTEM ARCHIVELOG");
  CHECK(put(*s, 5, 101, "world").outcome == append_outcome::accepted);
  h.flush();
  CHECK(h.restored() == strings{"1/0:hello", "1/5:world"});
}

TEST_CASE("a destination older than the catalog stops the tenant; a new round leads on") {
  engine_host h;
  h.begin();
  auto s = h.stream(1);
  put(*s, 0, 100, "hello");
  h.flush();
  copy_tree(h.archive, h.archive.string() + ".old");
  put(*s, 5, 101, "world");
  h.flush();
  s.reset();
  REQUIRE(h.engine->close().ok());
  h.engine.reset();
  copy_tree(h.archive.string() + ".old", h.archive);
  h.open();
  s = h.stream(1);
  put(*s, 10, 102, "more");
  auto answer = s->flush().get_for(std::chrono::seconds(60));
  REQUIRE(answer);
  CHECK(answer->outcome.code() == errc::destination_behind);
  CHECK(s->recyclable_lsn() == lsn_max);
  h.run("ALTER SYSTEM SET backup_log_archive_option = 'mandatory'");
  CHECK(s->recyclable_lsn() == 10); // frozen where it was known to be archived
  h.run("ALTER SYSTEM NOARCHIVELOG; ALTER SYSTEM ARCHIVELOG");
  CHECK(put(*s, 20, 200, "new").outcome == append_outcome::accepted);
  h.flush();
  CHECK(h.column("STATUS") == "DOING");
  CHECK(h.column("LOG_ARCHIVE_ROUND") == "2");
  CHECK(h.restored_round(1) == strings{"1/0:hello"});
  CHECK(h.restored_round(2) == strings{"1/20:new"});
}

TEST_CASE("a newest commit that is damaged stops the tenant; a new round leads on") {
  engine_host h;
  h.begin();
  auto s = h.stream(1);
  put(*s, 0, 100, "hello");
  h.flush();
  s.reset();
  REQUIRE(h.engine->close().ok());
  h.engine.reset();
  std::filesystem::path newest;
  for (auto& each : std::filesystem::directory_iterator(h.commits()))
    newest = std::max(newest, each.path());
  {
    std::fstream damaged(newest, std::ios::in | std::ios::out | std::ios::binary);
    damaged.seekp(40);
    damaged << "damaged";
  }
  h.open();
  s = h.stream(1);
  put(*s, 5, 102, "more");
  auto answer = s->flush().get_for(std::chrono::seconds(60));
  REQUIRE(answer);
  CHECK(answer->outcome.code() == errc::bytes_missing);
  CHECK(h.says("COMMENT", newest.filename().string()));
  h.run("ALTER SYSTEM NOARCHIVELOG; ALTER SYSTEM ARCHIVELOG");
  CHECK(put(*s, 20, 200, "new").outcome == append_outcome::accepted);
  h.flush();
  CHECK(h.column("STATUS") == "DOING");
  CHECK(h.restored_round(2) == strings{"1/20:new"});
}

TEST_CASE("round numbers go on where the destination is another one") {
  engine_host h;
  h.begin();
  auto s = h.stream(1);
  put(*s, 0, 100, "hello");
  h.flush();
  h.run("ALTER SYSTEM NOARCHIVELOG");
  auto second = h.dir.path() / "second";
  h.run("ALTER SYSTEM SET backup_dest = 'file://" + second.string() + "'; ALTER SYSTEM ARCHIVELOG");
  put(*s, 5, 200, "second");
  h.flush();
  CHECK(h.column("LOG_ARCHIVE_ROUND") == "2");
  h.run("ALTER SYSTEM NOARCHIVELOG; ALTER SYSTEM SET backup_dest = '" + h.uri + "'; ALTER SYSTEM ARCHIVELOG");
  put(*s, 11, 300, "first again");
  h.flush();
  CHECK(h.column("LOG_ARCHIVE_ROUND") == "3");
  CHECK(h.restored_round(3) == strings{"1/11:first again"});
}

TEST_CASE("a tenant whose destination is dead does not slow another one") {
  engine_host h;
  h.options.stop_timeout = 200 * one_ms;
  h.options.budget_bytes = 16 << 20;
  h.options.entry_bytes_max = 1 << 20;
  h.open();
  constexpr tenant_id bank{1002};
  auto second = h.dir.path() / "second";
  REQUIRE(h.engine->register_tenant(engine_host::shop, "shop").ok());
  REQUIRE(h.engine->register_tenant(bank, "bank").ok());
  h.run("ALTER SYSTEM SET backup_dest = '" + h.uri + "'");
  h.run("ALTER SYSTEM SET backup_dest = 'file://" + second.string() + "' TENANT_ID = 1002");
  h.run("ALTER SYSTEM ARCHIVELOG");
  std::filesystem::rename(h.archive, h.archive.string() + ".away");
  auto dead = h.stream(1);
  auto opened = h.engine->open_stream(bank, stream_id{1}, {});
  REQUIRE(opened.ok());
  auto living = std::move(*opened);
  lsn next = 0;
  auto text = noise(64 << 10, 7);
  while (dead->append({next, next + 1, 1000 + next, as_bytes(text)}).outcome == append_outcome::accepted)
    ++next;
  for (lsn at = 0; at < 300; ++at) {
    while (living->append({at, at + 1, 1000 + at, as_bytes(text)}).outcome == append_outcome::full)
      std::this_thread::yield();
  }
  auto durable = living->flush().get_for(std::chrono::seconds(60));
  REQUIRE(durable);
  CHECK(durable->outcome.ok());
  CHECK(durable->position.next_lsn == 300);
}
