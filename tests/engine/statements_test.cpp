// What statements do to tenants and their parameters, one after the other.
#include "tests/harness/engine_host.hpp"
#include "tests/harness/user_reads.hpp"

#include <thread>

using namespace varve;
using namespace varve::test;
using strings = std::vector<std::string>;

namespace {

constexpr tenant_id shop{1001}, bank{1002};

/// Two tenants, and a destination for all that is set.
struct two_tenants : engine_host {
  std::filesystem::path second = dir.path() / "second";
  two_tenants() {
    open();
    REQUIRE(engine->register_tenant(shop, "shop").ok());
    REQUIRE(engine->register_tenant(bank, "bank").ok());
    run("ALTER SYSTEM SET backup_dest = '" + uri + "'");
  }
  error refused(std::string_view text) {
    auto got = engine->execute(text);
    INFO(text);
    REQUIRE_FALSE(got.ok());
    return got.error();
  }
  strings statuses() {
    return rows(
        "SELECT TENANT_ID, STATUS, LOG_ARCHIVE_ROUND FROM CDB_OB_BACKUP_ARCHIVELOG WHERE TENANT_ID > 1");
  }
  std::string parameter(const std::string& name, const std::string& whose = {}) {
    return run("SHOW PARAMETERS LIKE '" + name + "'" + whose)[0].rows.at(0).at(6).value_or("NULL");
  }
};

} // namespace

TEST_CASE("statements: ARCHIVELOG and NOARCHIVELOG act on the tenants they name, else on all") {
  two_tenants h;
  h.run("ALTER SYSTEM ARCHIVELOG TENANT = bank");
  CHECK(h.statuses() == strings{"1002 BEGINNING 1"});
  CHECK(h.refused("ALTER SYSTEM ARCHIVELOG TENANT_ID = 1002").code == errc::not_supported);
  h.run("ALTER SYSTEM ARCHIVELOG");
  CHECK(h.statuses() == strings{"1001 BEGINNING 1", "1002 BEGINNING 1"});
  CHECK(h.refused("ALTER SYSTEM ARCHIVELOG").code == errc::not_supported);
  h.run("ALTER SYSTEM NOARCHIVELOG TENANT = shop");
  CHECK(h.statuses()[0] == "1001 STOP 1");
  CHECK(h.refused("ALTER SYSTEM NOARCHIVELOG TENANT = shop").code == errc::already_no_archive);
  h.run("ALTER SYSTEM NOARCHIVELOG");
  CHECK(h.statuses() == strings{"1001 STOP 1", "1002 STOP 1"});
  CHECK(h.refused("ALTER SYSTEM NOARCHIVELOG").code == errc::already_no_archive);
}

TEST_CASE("statements: ARCHIVELOG of all is a standing order for tenants to come, till NOARCHIVELOG") {
  engine_host h;
  h.open();
  h.run("ALTER SYSTEM SET backup_dest = '" + h.uri + "'; ALTER SYSTEM ARCHIVELOG");
  CHECK(h.rows("SELECT TENANT_ID, STATUS FROM CDB_OB_BACKUP_ARCHIVELOG") == strings{"1 DOING"});
  h.reopen();
  REQUIRE(h.engine->register_tenant(shop, "shop").ok());
  CHECK(h.column("STATUS") == "BEGINNING");
  h.run("ALTER SYSTEM NOARCHIVELOG");
  REQUIRE(h.engine->register_tenant(bank, "bank").ok());
  CHECK(h.rows("SELECT TENANT_ID, STATUS FROM CDB_OB_BACKUP_ARCHIVELOG") == strings{"1 STOP", "1001 STOP"});
}

TEST_CASE("statements: without a destination no round begins, and none is recorded") {
  engine_host h;
  h.open();
  CHECK(h.engine->execute("ALTER SYSTEM ARCHIVELOG").code() == errc::invalid_destination);
  REQUIRE(h.engine->register_tenant(shop, "shop").ok());
  auto refused = h.engine->execute("ALTER SYSTEM ARCHIVELOG");
  REQUIRE(refused.code() == errc::invalid_destination);
  CHECK(user_reads(refused.error(), "tenant 1001"));
  CHECK(h.engine->execute("ALTER SYSTEM NOARCHIVELOG").code() == errc::already_no_archive);
  CHECK(h.column("STATUS") == "");
}

TEST_CASE("statements: a tenant's own parameter counts before that of all") {
  two_tenants h;
  h.run("ALTER SYSTEM SET backup_dest = 'file://" + h.second.string() + "' TENANT_ID = 1002");
  h.run("ALTER SYSTEM SET backup_log_archive_option = 'mandatory' TENANT = bank");
  h.run("ALTER SYSTEM SET backup_log_archive_option = 'compression=zstd_1.3.8'");
  CHECK(h.parameter("backup_dest") == h.uri);
  CHECK(h.parameter("backup_dest", " TENANT = shop") == h.uri);
  CHECK(h.parameter("backup_dest", " TENANT = bank") == "file://" + h.second.string());
  CHECK(h.parameter("backup_log_archive_option", " TENANT = shop") == "OPTIONAL COMPRESSION=zstd_1.3.8");
  CHECK(h.parameter("backup_log_archive_option", " TENANT = bank") == "MANDATORY COMPRESSION=lz4_1.0");
  h.run("ALTER SYSTEM ARCHIVELOG");
  CHECK(h.rows("SELECT DESTINATION FROM CDB_OB_BACKUP_ARCHIVELOG WHERE TENANT_ID > 1") ==
        strings{h.uri, "file://" + h.second.string()});
}

TEST_CASE("statements: a destination does not change under a running round, another tenant's may") {
  two_tenants h;
  h.run("ALTER SYSTEM ARCHIVELOG TENANT = shop");
  auto set = "ALTER SYSTEM SET backup_dest = 'file://" + h.second.string() + "'";
  auto why = h.refused(set + " TENANT = shop");
  CHECK(why.code == errc::in_progress);
  CHECK(user_reads(why, "tenant 1001"));
  CHECK(h.refused(set).code == errc::in_progress);
  CHECK_FALSE(std::filesystem::exists(h.second));
  h.run(set + " TENANT = bank");
  CHECK(h.parameter("backup_dest") == h.uri);
  h.run("ALTER SYSTEM NOARCHIVELOG");
  h.run(set);
  CHECK(h.parameter("backup_dest") == "file://" + h.second.string());
}

TEST_CASE("statements: a parameter behind backup_dest_option works where the option does not name it") {
  two_tenants h;
  h.run("ALTER SYSTEM SET log_archive_checkpoint_interval = 30s");
  CHECK(h.parameter("log_archive_checkpoint_interval") == "30s");
  CHECK(
      h.parameter("backup_dest_option").starts_with("log_archive_checkpoint_interval=30s&recovery_window=0"));
  h.run("ALTER SYSTEM SET backup_dest_option = 'recovery_window=7d'");
  CHECK(h.parameter("backup_dest_option")
            .starts_with("log_archive_checkpoint_interval=30s&recovery_window=7d"));
  h.run("ALTER SYSTEM SET auto_delete_expired_backup = true TENANT = shop");
  CHECK(h.parameter("auto_delete_expired_backup", " TENANT = shop") == "True");
  CHECK(h.parameter("auto_delete_expired_backup") == "False");
  auto both = h.refused("ALTER SYSTEM SET _auto_update_reserved_backup_timestamp = true");
  CHECK(both.code == errc::not_supported);
  CHECK(user_reads(both, "auto delete and touch backup at same time"));
  CHECK(h.refused("ALTER SYSTEM SET log_archive_checkpoint_interval = '4s'").code == errc::invalid_argument);
}

TEST_CASE(
    "statements: a parameter without effect is kept, shown, and warned about; one of copies is refused") {
  two_tenants h;
  auto done = h.run("ALTER SYSTEM SET log_archive_concurrency = 8");
  REQUIRE(done[0].warnings.size() == 1);
  CHECK(done[0].warnings[0].find("changes nothing") != std::string::npos);
  CHECK(h.parameter("log_archive_concurrency") == "8");
  for (auto name : {"backup_backup_dest = 'file:///b'", "backup_backup_dest_option = ''"}) {
    auto why = h.refused(std::string("ALTER SYSTEM SET ") + name);
    CHECK(why.code == errc::not_supported);
    CHECK(user_reads(why, "copies of pieces"));
  }
  CHECK(h.run("SHOW PARAMETERS")[0].rows.size() == 24);
}

TEST_CASE("statements: enable_log_archive shows whether log is archived, and SET may only say what is so") {
  two_tenants h;
  CHECK(h.parameter("enable_log_archive") == "False");
  h.run("ALTER SYSTEM SET enable_log_archive = false");
  auto why = h.refused("ALTER SYSTEM SET enable_log_archive = true");
  CHECK(why.code == errc::not_supported);
  CHECK(user_reads(why, "set enable log archive true without archivelog is not supported"));
  h.run("ALTER SYSTEM ARCHIVELOG");
  CHECK(h.parameter("enable_log_archive") == "True");
  h.run("ALTER SYSTEM SET enable_log_archive = true");
  CHECK(h.refused("ALTER SYSTEM SET enable_log_archive = false").code == errc::not_supported);
}

TEST_CASE("statements: what is not known is refused by name") {
  two_tenants h;
  CHECK(user_reads(h.refused("ALTER SYSTEM ARCHIVELOG TENANT = nobody"), "'nobody'"));
  CHECK(user_reads(h.refused("ALTER SYSTEM NOARCHIVELOG TENANT_ID = 77"), "77"));
  CHECK(user_reads(h.refused("SHOW PARAMETERS LIKE '%' TENANT = nobody"), "'nobody'"));
  CHECK(user_reads(h.refused("ALTER SYSTEM SET backup_dest_option = 'speed=9'"), "speed"));
  CHECK(user_reads(h.refused("ALTER SYSTEM SET backup_dest = 'gopher://x'"), "gopher"));
  auto later = h.refused("ALTER SYSTEM BACKUP BACKUPPIECE ALL");
  CHECK(later.code == errc::not_supported);
  CHECK(user_reads(later, "BACKUP BACKUPPIECE"));
  CHECK(h.statuses().empty());
}

TEST_CASE("statements: a text stops at the first error, which says which statement it was") {
  two_tenants h;
  auto why = h.refused("ALTER SYSTEM SET backup_dest_option = 'log_archive_checkpoint_interval=10s';\n"
                       "ALTER SYSTEM ARCHIVELOG TENANT = nobody;\n"
                       "ALTER SYSTEM ARCHIVELOG");
  CHECK(user_reads(why, "'nobody'"));
  CHECK(user_reads(why, "statement 2 of 3"));
  CHECK(user_reads(why, "line 2"));
  CHECK(h.parameter("backup_dest_option").starts_with("log_archive_checkpoint_interval=10s"));
  CHECK(h.statuses().empty());
  CHECK_FALSE(user_reads(h.refused("ALTER SYSTEM ARCHIVELOG TENANT = nobody"), "statement 1"));
}

TEST_CASE("statements: every statement of a text has its own result") {
  two_tenants h;
  auto all = h.run("SELECT TENANT_ID FROM CDB_OB_BACKUP_ARCHIVELOG; SHOW PARAMETERS LIKE 'backup_dest'; "
                   "ALTER SYSTEM ARCHIVELOG TENANT = shop");
  REQUIRE(all.size() == 3);
  CHECK(all[0].columns == strings{"TENANT_ID"});
  CHECK(all[1].rows.size() == 1);
  CHECK(all[2].message == "log archiving begins for 1 tenant(s)");
  CHECK(h.run(" ; -- nothing\n").empty());
}
