#pragma once

#include "engine/archive_engine.hpp"
#include "engine/destination/destination.hpp"
#include "engine/reader/restore_reader.hpp"
#include "engine/reader/verify.hpp"
#include "tests/harness/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <condition_variable>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <mutex>

namespace varve::test {

/// A listener that remembers what it was told, for tests that wait for it.
class listening : public archive_listener {
public:
  void on_resend_from(tenant_id, stream_id stream, lsn from, std::string_view) override {
    note("resend " + to_string(stream) + " from " + std::to_string(from));
  }
  void on_interrupted(tenant_id, std::string_view) override { note("interrupted"); }
  void on_fenced(tenant_id, std::string_view) override { note("fenced"); }
  void on_round_began(tenant_id, round_id round) override { note("round " + to_string(round)); }

  /// Waits until something like this was told; false: it was not within a generous time.
  bool heard(const std::string& what) {
    std::unique_lock lock{mutex_};
    return told_.wait_for(lock, std::chrono::seconds(60),
                          [&] { return std::find(all_.begin(), all_.end(), what) != all_.end(); });
  }

private:
  void note(std::string what) {
    std::lock_guard lock{mutex_};
    all_.push_back(std::move(what));
    told_.notify_all();
  }
  std::mutex mutex_;
  std::condition_variable told_;
  std::vector<std::string> all_;
};

/// An engine on a directory of its own, with a destination beside it and one tenant.
struct engine_host {
  static constexpr tenant_id shop{1001};

  temp_dir dir{"engine"};
  std::string data = dir.path() / "data";
  std::filesystem::path archive = dir.path() / "archive";
  std::string uri = "file://" + archive.string();
  archive_options options;
  std::unique_ptr<archive_engine> engine;

  engine_host() { options.data_directory = data; }

  void open() {
    auto opened = archive_engine::open(options);
    INFO((opened.ok() ? "" : opened.error().to_string()));
    REQUIRE(opened.ok());
    engine = std::move(*opened);
  }
  void reopen() {
    static_cast<void>(engine->close());
    engine.reset();
    open();
  }
  std::vector<sql_result> run(std::string_view text) {
    auto done = engine->execute(text);
    INFO(text << ": " << (done.ok() ? "" : done.error().to_string()));
    REQUIRE(done.ok());
    return std::move(*done);
  }
  /// Opens the engine and begins to archive; `option` of backup_dest_option.
  void begin(const std::string& option = {}) {
    open();
    run("ALTER SYSTEM SET backup_dest = '" + uri + "'");
    if (!option.empty())
      run("ALTER SYSTEM SET backup_dest_option = '" + option + "'");
    REQUIRE(engine->register_tenant(shop, "shop").ok());
    run("ALTER SYSTEM ARCHIVELOG");
  }
  std::unique_ptr<log_stream> stream(std::uint64_t id, stream_options how = {}) {
    auto opened = engine->open_stream(shop, stream_id{id}, how);
    INFO((opened.ok() ? "" : opened.error().to_string()));
    REQUIRE(opened.ok());
    return std::move(*opened);
  }
  /// Everything accepted is durable.
  void flush() {
    auto done = engine->flush(shop).get_for(std::chrono::seconds(60));
    REQUIRE(done);
    INFO((done->outcome.ok() ? "" : done->outcome.error().to_string()));
    REQUIRE(done->outcome.ok());
  }
  std::vector<std::string> rows(const std::string& select) {
    auto got = engine->query(select);
    INFO(select << ": " << (got.ok() ? "" : got.error().to_string()));
    REQUIRE(got.ok());
    std::vector<std::string> all;
    for (auto& row : got->rows) {
      std::string text;
      for (auto& value : row)
        text.append(text.empty() ? "" : " ").append(value.value_or("NULL"));
      all.push_back(text);
    }
    return all;
  }
  /// A column of the tenant's row.
  std::string column(const std::string& name) {
    auto all = rows("SELECT " + name + " FROM CDB_OB_BACKUP_ARCHIVELOG WHERE TENANT_ID = 1001");
    return all.empty() ? "" : all[0];
  }
  /// Looks again until it is so; false: it was not within a generous time.
  template <class So>
  static bool eventually(So so) {
    auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!so()) {
      if (std::chrono::steady_clock::now() > until)
        return false;
      std::this_thread::yield();
    }
    return true;
  }
  /// The tenant's row says this, or comes to say it.
  bool says(const std::string& name, const std::string& part) {
    return eventually([&] { return column(name).find(part) != std::string::npos; });
  }
  /// "stream/lsn:payload" of everything a restore gives; of the tenant of this host, if none is named.
  std::vector<std::string> restored(restore_options how = {}) {
    if (how.tenant == tenant_id{})
      how.tenant = shop;
    auto where = open_destination(*parse_destination_uri(uri), open_mode::read_only, "test");
    REQUIRE(where.ok());
    auto reader = restore_reader::open(*where, how);
    INFO((reader.ok() ? "" : reader.error().to_string()));
    REQUIRE(reader.ok());
    std::vector<std::string> all;
    for (;;) {
      auto batch = (*reader)->next();
      INFO((batch.ok() ? "" : batch.error().to_string()));
      REQUIRE(batch.ok());
      if (!*batch)
        return all;
      for (auto& entry : (*batch)->entries)
        all.push_back(to_string((*batch)->stream) + "/" + std::to_string(entry.lsn) + ":" +
                      std::string(as_text(entry.payload)));
    }
  }
  std::vector<std::string> restored_round(std::uint64_t round) {
    restore_options how;
    how.round = round_id{round};
    return restored(how);
  }
  void verify() {
    auto where = open_destination(*parse_destination_uri(uri), open_mode::read_only, "test");
    REQUIRE(where.ok());
    auto report = verify_archive(**where, {});
    REQUIRE(report.ok());
    for (auto& problem : report->problems)
      UNSCOPED_INFO(describe(problem));
    CHECK(report->problems.empty());
  }

  /// Commits cannot be made any more, although segments still can.
  void take_commits_away() {
    std::filesystem::create_symlink("nowhere", away());
    swap_commits();
  }
  void bring_commits_back() {
    swap_commits();
    std::filesystem::remove(away());
  }
  std::filesystem::path commits() const { return archive / "t1001" / "commits"; }

private:
  std::string away() const { return commits().string() + ".away"; }
  /// At once: a moment without the folder would be an archive that has lost its commits.
  void swap_commits() const {
    REQUIRE(::renameat2(AT_FDCWD, commits().c_str(), AT_FDCWD, away().c_str(), RENAME_EXCHANGE) == 0);
  }
};

inline append_answer put(log_stream& to, lsn at, scn when, std::string_view text) {
  return to.append({at, at + text.size(), when, as_bytes(text)});
}

} // namespace varve::test
