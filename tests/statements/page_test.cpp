#include "engine/statement/parameters.hpp"
#include "engine/statement/parser.hpp"
#include "tests/harness/engine_host.hpp"
#include "tests/harness/statements_page.hpp"

#include <catch2/catch.hpp>

/// Claim: a running engine does what STATEMENTS.md says. Method: every statement of a block ```sql is
/// executed on an engine of its own, with the tenants of the page and a destination, in a state in which it
/// makes sense; it works, or is refused by its name with what works instead. Every block ```refused is
/// refused in the words of the page.
namespace varve::test {
namespace {

struct page_host : engine_host {
  page_host() {
    open();
    REQUIRE(engine->register_tenant(shop, "shop").ok());
    REQUIRE(engine->register_tenant(tenant_id{1002}, "bank").ok());
    REQUIRE(engine->register_tenant(tenant_id{1003}, "a shop").ok());
    std::filesystem::create_directory(dir.path() / "nfs");
    run("ALTER SYSTEM SET backup_dest = '" + uri + "'");
  }
  /// No round, and a destination for all: what `after` may have changed.
  void begin_anew(const statement& after) {
    if (std::holds_alternative<sql::archivelog>(after))
      run("ALTER SYSTEM NOARCHIVELOG");
    if (auto* set = std::get_if<sql::set_parameter>(&after); set != nullptr && set->name == "backup_dest")
      for (auto whose : {"", " TENANT = shop"})
        run("ALTER SYSTEM SET backup_dest = '" + uri + "'" + whose);
    if (auto* set = std::get_if<sql::set_parameter>(&after);
        set != nullptr && set->name == "enable_log_archive")
      run("ALTER SYSTEM NOARCHIVELOG");
  }
  /// The page's paths lie in this host's directory.
  std::string here(std::string text) const {
    const std::string there = "file:///data";
    for (auto at = text.find(there); at != text.npos; at = text.find(there, at))
      text.replace(at, there.size(), "file://" + dir.path().string());
    return text;
  }
  bool archives() {
    return !rows("SELECT 1 FROM CDB_OB_BACKUP_ARCHIVELOG WHERE TENANT_ID = 1001 AND STATUS <> 'STOP'")
                .empty();
  }
};

/// What this version runs.
bool must_work(const statement& what) {
  if (auto* set = std::get_if<sql::set_parameter>(&what))
    return find_parameter(set->name)->effect != parameter_effect::unsupported;
  return std::holds_alternative<sql::archivelog>(what) || std::holds_alternative<sql::noarchivelog>(what) ||
         std::holds_alternative<sql::show_parameters>(what) || std::holds_alternative<sql::select>(what);
}

bool needs_a_round(const statement& what) {
  auto* set = std::get_if<sql::set_parameter>(&what);
  return std::holds_alternative<sql::noarchivelog>(what) ||
         (set != nullptr && set->name == "enable_log_archive");
}

/// An error that tells a DBA what to do, and is not one of the engine's own making.
bool is_a_refusal(const error& why) {
  switch (why.code) {
  case errc::not_supported:
  case errc::invalid_argument:
  case errc::entry_not_exist:
  case errc::invalid_destination:
  case errc::file_not_exist:
    return !why.message.empty() && !why.hint.empty();
  default:
    return false;
  }
}

} // namespace

TEST_CASE("statements page: each example works on a running engine, or is refused by its name") {
  page_host h;
  std::size_t executed = 0;
  for (auto& block : blocks_of(statements_page())) {
    if (block.kind != "sql")
      continue;
    auto parsed = parse_statements(block.text);
    REQUIRE(parsed.ok());
    for (auto& each : parsed->statements) {
      INFO(block.section << "\n" << each.text);
      if (needs_a_round(each.body))
        h.run("ALTER SYSTEM ARCHIVELOG");
      auto done = h.engine->execute(h.here(each.text));
      INFO((done.ok() ? "" : done.error().to_string()));
      if (must_work(each.body))
        CHECK(done.ok());
      if (done.ok()) {
        REQUIRE(done->size() == 1);
        CHECK((!done->front().message.empty() || !done->front().columns.empty()));
        if (std::holds_alternative<sql::archivelog>(each.body))
          CHECK(h.archives() == (each.text.find("a shop") == each.text.npos));
        if (std::holds_alternative<sql::noarchivelog>(each.body))
          CHECK_FALSE(h.archives());
        h.begin_anew(each.body);
      } else {
        auto& why = done.error();
        CHECK(is_a_refusal(why));
        auto* set = std::get_if<sql::set_parameter>(&each.body);
        auto name = set != nullptr ? set->name : std::string(name_of(each.body));
        if (why.code == errc::not_supported)
          CHECK(why.message.find(name) != std::string::npos);
        CHECK_FALSE(h.archives());
      }
      ++executed;
    }
  }
  CHECK(executed >= 50);
}

TEST_CASE("statements page: each refusal is what a running engine answers, and changes nothing") {
  page_host h;
  auto settings = [&] { return h.run("SHOW PARAMETERS")[0].rows; };
  auto before = settings();
  for (auto& block : blocks_of(statements_page())) {
    if (block.kind != "refused")
      continue;
    INFO(block.section << "\n" << block.text);
    auto done = h.engine->execute(block.refused_text());
    REQUIRE_FALSE(done.ok());
    auto& message = done.error().message;
    CHECK(message.substr(0, message.find('\n')) == block.refused_with());
    CHECK(settings() == before);
    CHECK_FALSE(h.archives());
  }
}

} // namespace varve::test
