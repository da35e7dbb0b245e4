#include "engine/statement/parser.hpp"

#include <catch2/catch.hpp>

using namespace varve;

namespace {

parsed_text parse_all(std::string_view text) {
  INFO(text);
  auto parsed = parse_statements(text);
  if (!parsed.ok())
    FAIL(parsed.error().to_string());
  return std::move(parsed).value();
}

/// The one statement of `text`, which must be an S.
template <class S>
S parse_one(std::string_view text) {
  auto parsed = parse_all(text);
  REQUIRE(parsed.statements.size() == 1);
  auto found = std::get_if<S>(&parsed.statements[0].body);
  INFO(text << " is " << name_of(parsed.statements[0].body));
  REQUIRE(found != nullptr);
  return *found;
}

tenant_clause by_name(std::string name) {
  return tenant_clause(std::move(name));
}
tenant_clause by_id(std::uint64_t id) {
  return tenant_clause(tenant_id{id});
}

} // namespace

TEST_CASE("every line of the page about log backup is a statement") {
  auto set = parse_one<sql::set_parameter>(
      "ALTER SYSTEM SET backup_log_archive_option = 'optional compression= enable';");
  CHECK(set.name == "backup_log_archive_option");
  CHECK(set.value == "optional compression= enable");
  for (std::string value : {"optional compression= zstd_1.3.8", "optional compression= lz4_1.0"})
    CHECK(
        parse_one<sql::set_parameter>("ALTER SYSTEM SET backup_log_archive_option='" + value + "';").value ==
        value);
  for (std::string value :
       {"compression= disable", "mandatory compression= disable", "optional compression= disable"})
    CHECK(parse_one<sql::set_parameter>("ALTER SYSTEM SET backup_log_archive_option = '" + value + "';")
              .value == value);
  parse_one<sql::archivelog>("ALTER SYSTEM ARCHIVELOG;");
  CHECK(parse_one<sql::select>("SELECT * FROM CDB_OB_BACKUP_ARCHIVELOG;").text ==
        "SELECT * FROM CDB_OB_BACKUP_ARCHIVELOG");
  CHECK(parse_one<sql::select>("SELECT * FROM CDB_OB_BACKUP_PIECE_FILES;").text ==
        "SELECT * FROM CDB_OB_BACKUP_PIECE_FILES");
}

TEST_CASE("every line of the page about the backup of the backup is a statement or a form to fill in") {
  auto copy = parse_one<sql::backup_copy>("ALTER SYSTEM BACKUP BACKUPPIECE 1 backup_backup_dest = "
                                          "'file:///data/nfs/backup_backup'；");
  CHECK(copy.number == 1);
  CHECK(copy.destination == "file:///data/nfs/backup_backup");
  auto all = parse_one<sql::backup_copy>("ALTER SYSTEM BACKUP BACKUPPIECE ALL backup_backup_dest = 'xxxxx';");
  CHECK(!all.number);
  CHECK(all.destination == "xxxxx");
  auto times = parse_one<sql::backup_copy>(
      "ALTER SYSTEM BACKUP BACKUPPIECE ALL NOT BACKED UP 2 TIMES backup_backup_dest = 'xxxxx';");
  CHECK(times.not_backed_up_times == 2);
  parse_one<sql::start_backup_archivelog>("ALTER SYSTEM START BACKUP ARCHIVELOG;");
  parse_one<sql::stop_backup_archivelog>("ALTER SYSTEM STOP BACKUP ARCHIVELOG;");

  for (auto form :
       {"ALTER SYSTEM BACKUP BACKUPPIECE [=N] [backup_backup_dest = uri];",
        "ALTER SYSTEM BACKUP BACKUPPIECE ALL [backup_backup_dest = 'xxxxx'];",
        "ALTER SYSTEM BACKUP BACKUPPIECE ALL NOT BACKED UP N TIMES backup_backup_dest = 'xxxxx';"}) {
    INFO(form);
    CHECK(parse_statements(form).code() == errc::parse_error);
  }
}

TEST_CASE("the tenant clause has three spellings and its equals sign may be left out") {
  CHECK(!names_tenant(parse_one<sql::archivelog>("alter system archivelog").tenant));
  for (auto text : {"TENANT = shop", "tenant=shop", "TENANT shop", "TENANT = 'shop'", "TENANT \"shop\"",
                    "TENANT = `shop`", "TENANT_NAME = 'shop'", "tenant_name shop"})
    CHECK(parse_one<sql::archivelog>(std::string("ALTER SYSTEM ARCHIVELOG ") + text).tenant ==
          by_name("shop"));
  for (auto text : {"TENANT_ID = 1001", "tenant_id=1001", "TENANT_ID 1001"})
    CHECK(parse_one<sql::noarchivelog>(std::string("ALTER SYSTEM NOARCHIVELOG ") + text).tenant ==
          by_id(1001));
  CHECK(parse_one<sql::archivelog>("ALTER SYSTEM ARCHIVELOG TENANT = Shop").tenant == by_name("Shop"));
  CHECK(parse_one<sql::archivelog>("ALTER SYSTEM ARCHIVELOG TENANT = 'it''s'").tenant == by_name("it's"));
  CHECK(parse_one<sql::archivelog>("ALTER SYSTEM ARCHIVELOG TENANT_ID = 18446744073709551615").tenant ==
        by_id(18446744073709551615u));
}

TEST_CASE("a value is a text in quotes, a word or a number, and keeps every character between the quotes") {
  auto value = [](const std::string& text) {
    return parse_one<sql::set_parameter>("ALTER SYSTEM SET backup_dest = " + text).value;
  };
  CHECK(value("''") == "");
  CHECK(value("'a''b'") == "a'b");
  CHECK(value("\"a'b\"") == "a'b");
  CHECK(value("'a\\'") == "a\\");
  CHECK(value("' a; -- b /* c */ # d '") == " a; -- b /* c */ # d ");
  CHECK(value("'line\nline'") == "line\nline");
  CHECK(value("'备份；，'") == "备份；，");
  CHECK(value("True") == "True");
  CHECK(value("120s") == "120s");
  CHECK(value("-1 TENANT = shop") == "-1");
  CHECK(parse_one<sql::set_parameter>("ALTER SYSTEM SET BACKUP_DEST='x' TENANT_ID=7").tenant == by_id(7));
}

TEST_CASE("BACKUP BACKUPPIECE takes its clauses in any order") {
  for (auto text :
       {"ALTER SYSTEM BACKUP BACKUPPIECE 7 WITH ACTIVE TENANT = shop BACKUP_BACKUP_DEST = 'x'",
        "ALTER SYSTEM BACKUP BACKUPPIECE = 7 TENANT = shop BACKUP_BACKUP_DEST 'x' WITH ACTIVE BACKUPPIECE",
        "alter system backup backuppiece=7 backup_backup_dest='x' with active tenant shop"}) {
    auto copy = parse_one<sql::backup_copy>(text);
    CHECK(copy.object == sql::object_kind::piece);
    CHECK(copy.number == 7);
    CHECK(copy.with_active);
    CHECK(copy.tenant == by_name("shop"));
    CHECK(copy.destination == "x");
    CHECK(!copy.not_backed_up_times);
  }
  auto all = parse_one<sql::backup_copy>("ALTER SYSTEM BACKUP BACKUPPIECE ALL");
  CHECK((!all.number && !all.with_active && !all.destination && !names_tenant(all.tenant)));
  CHECK(parse_one<sql::backup_copy>("ALTER SYSTEM BACKUP BACKUPSET = 3").object == sql::object_kind::set);
}

TEST_CASE("the statements about deleting, validating and cancelling say which object, number and copy") {
  auto deleted = parse_one<sql::delete_backup>("ALTER SYSTEM DELETE BACKUPROUND 4 COPY 2 TENANT_ID = 9");
  CHECK(deleted.object == sql::object_kind::round);
  CHECK(deleted.number == 4);
  CHECK(deleted.copy == 2);
  CHECK(deleted.tenant == by_id(9));
  CHECK(parse_one<sql::delete_backup>("ALTER SYSTEM DELETE BACKUPPIECE 4").copy == 0);
  CHECK(parse_one<sql::delete_backup>("ALTER SYSTEM DELETE BACKUPSET 4").object == sql::object_kind::set);
  CHECK(parse_one<sql::delete_expired>("ALTER SYSTEM DELETE EXPIRED BACKUP COPY 3").copy == 3);
  parse_one<sql::delete_obsolete>("ALTER SYSTEM DELETE OBSOLETE BACKUP");
  auto validated = parse_one<sql::validate_backup>("ALTER SYSTEM VALIDATE DATABASE COPY 5");
  CHECK(validated.object == sql::object_kind::data);
  CHECK(validated.number == 0);
  CHECK(validated.copy == 5);
  CHECK(parse_one<sql::validate_backup>("ALTER SYSTEM VALIDATE BACKUPPIECE 6").number == 6);
  auto cancelled = parse_one<sql::cancel_validate>("ALTER SYSTEM CANCEL VALIDATE 7 COPY 8");
  CHECK(cancelled.number == 7);
  CHECK(cancelled.copy == 8);
  CHECK(parse_one<sql::cancel_backup>("ALTER SYSTEM CANCEL BACKUP").object == sql::object_kind::data);
  CHECK(parse_one<sql::cancel_backup>("ALTER SYSTEM CANCEL BACKUP BACKUPPIECE").object ==
        sql::object_kind::piece);
  parse_one<sql::cancel_delete>("ALTER SYSTEM CANCEL DELETE BACKUP");
  parse_one<sql::cancel_all_backup>("ALTER SYSTEM CANCEL ALL BACKUP FORCE");
}

TEST_CASE("RESTORE names what to make, from what, until when, and tables if only those") {
  auto all =
      parse_one<sql::restore>("ALTER SYSTEM RESTORE shop2 FROM shop AT 'file:///x' UNTIL = '2021-04-30' "
                              "WITH 'pool_list=p' PREVIEW");
  CHECK(all.tenant == "shop2");
  CHECK(all.source_tenant == "shop");
  CHECK(all.uri == "file:///x");
  CHECK(all.until == "2021-04-30");
  CHECK(all.options == "pool_list=p");
  CHECK(all.preview);
  CHECK(all.tables.empty());
  auto few = parse_one<sql::restore>("ALTER SYSTEM RESTORE db.a， `b c` . d, e FOR shop2 FROM shop");
  CHECK(few.tables == std::vector<std::string>{"db.a", "b c.d", "e"});
  CHECK(few.tenant == "shop2");
  CHECK((!few.uri && !few.until && few.options.empty() && !few.preview));
  CHECK(parse_one<sql::add_restore_source>("ALTER SYSTEM ADD RESTORE SOURCE 'u'").uri == "u");
  CHECK(parse_one<sql::backup_tenants>("ALTER SYSTEM BACKUP TENANT a, b，c TO 'u'").tenants ==
        std::vector<std::string>{"a", "b", "c"});
}

TEST_CASE("SHOW PARAMETERS has the pattern of LIKE, or all") {
  CHECK(parse_one<sql::show_parameters>("SHOW PARAMETERS LIKE 'backup%'").pattern == "backup%");
  CHECK(parse_one<sql::show_parameters>("show parameters").pattern == "%");
  parse_one<sql::show_restore_preview>("SHOW RESTORE PREVIEW");
}

TEST_CASE("SELECT is passed on up to its end without comments and with what stands in quotes untouched") {
  auto select = [](std::string_view text) { return parse_one<sql::select>(text).text; };
  CHECK(select("select ';', \"a;b\", `c;d`, [e;f] from t;") == "select ';', \"a;b\", `c;d`, [e;f] from t");
  CHECK(select("SELECT '--', '/*', '#', 'it''s;' -- gone; really\n, 2") ==
        "SELECT '--', '/*', '#', 'it''s;'  , 2");
  CHECK(select("SELECT 1 /* ; */ + 2 - 3 / 4 # gone") == "SELECT 1   + 2 - 3 / 4");
  CHECK(select("SELECT a，b FROM t WHERE c = '，；'；") == "SELECT a,b FROM t WHERE c = '，；'");
  CHECK(select("SELECT 'a\\';") == "SELECT 'a\\'");
  CHECK(select("SELECT '备份ｆ', ｆ") == "SELECT '备份ｆ', ｆ");
  CHECK(select("WITH t AS (SELECT 1) SELECT * FROM t") == "WITH t AS (SELECT 1) SELECT * FROM t");
}

TEST_CASE("a text holds many statements, each with its own text and place") {
  auto parsed =
      parse_all(";; -- first\nALTER SYSTEM ARCHIVELOG ; # second\n\n  SELECT 1 /* x */ ;;ALTER SYSTEM "
                "NOARCHIVELOG /* end */");
  REQUIRE(parsed.statements.size() == 3);
  CHECK(parsed.statements[0].text == "ALTER SYSTEM ARCHIVELOG");
  CHECK(parsed.statements[0].at == text_position{12, 2, 1});
  CHECK(parsed.statements[1].text == "SELECT 1 /* x */");
  CHECK(to_string(parsed.statements[1].at) == "line 4, column 3");
  CHECK(parsed.statements[2].text == "ALTER SYSTEM NOARCHIVELOG /* end */");
  CHECK(parsed.warnings.empty());
  for (auto nothing : {"", "  \n", ";", ";;；", "-- only a comment", "/* and another */ # and one more"})
    CHECK(parse_all(nothing).statements.empty());
}

TEST_CASE("full-width marks outside quotes are read as what they mean, with a warning each") {
  auto parsed = parse_all("ALTER SYSTEM ARCHIVELOG；\nSELECT a，b，'；'；；");
  CHECK(parsed.statements.size() == 2);
  REQUIRE(parsed.warnings.size() == 5);
  CHECK(parsed.warnings[0] == "line 1, column 24: full-width '；' is read as ';'");
  CHECK(parsed.warnings[1] == "line 2, column 9: full-width '，' is read as ','");
  CHECK(parsed.warnings[2] == "line 2, column 11: full-width '，' is read as ','");
  CHECK(parsed.warnings[4] == "line 2, column 16: full-width '；' is read as ';'");
}

TEST_CASE("comments may stand wherever a blank may") {
  auto copy = parse_one<sql::backup_copy>("/*a*/ALTER/*b*/SYSTEM--c\nBACKUP#d\nBACKUPPIECE/*e*/=/*f*/1/*g*/");
  CHECK(copy.number == 1);
  CHECK(parse_one<sql::archivelog>("ALTER -- old line ends\rSYSTEM ARCHIVELOG").tenant.index() == 0);
}
