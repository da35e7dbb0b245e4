#include "engine/restore_statements.hpp"

#include "engine/archive_engine_impl.hpp"
#include "engine/base/text.hpp"
#include "engine/reader/needed_pieces.hpp"
#include "engine/restore_preview_list.hpp"
#include "engine/statement_executor.hpp"
#include "engine/tenant_settings.hpp"

#include <algorithm>
#include <charconv>

namespace varve {
namespace {

/// Whom FROM names: a registered tenant, or by number (1001, t1001), for an archive knows no names.
result<tenant_id> tenant_named(const catalog_snapshot& from, const std::string& name) {
  VARVE_TRY_ASSIGN(auto tenants, from.tenants());
  for (auto& each : tenants)
    if (each.name == name)
      return each.tenant;
  auto digits = std::string_view(name).substr(name.starts_with('t') ? 1 : 0);
  tenant_id number;
  auto [end, wrong] = std::from_chars(digits.data(), digits.data() + digits.size(), number.value);
  if (wrong == std::errc() && end == digits.data() + digits.size())
    return number;
  return fail(
      errc::invalid_argument, "there is no tenant " + in_quotes(name),
      "the host registers its tenants; one of another archive is named by its number, as in FROM t1001");
}

/// Where a restore is read from: AT, else the restore sources, else the tenant's backup_dest.
result<std::vector<std::string>> places_of(archive_engine_impl& engine, const catalog_snapshot& from,
                                           tenant_id tenant, const sql::restore& what) {
  auto sources = engine.restoring().sources();
  if (what.uri && !sources.empty())
    return fail(
        errc::not_supported,
        "should not have backup_dest and restore_source at the same time: AT is not supported beside " +
            std::to_string(sources.size()) + " restore source(s)",
        "ALTER SYSTEM CLEAR RESTORE SOURCE first, or leave AT out");
  if (what.uri)
    return std::vector{*what.uri};
  if (!sources.empty())
    return sources;
  VARVE_TRY_ASSIGN(auto settings, settings_reader{from}.of(tenant));
  if (settings.destination.empty())
    return fail(errc::invalid_destination,
                "there is nothing to restore tenant " + to_string(tenant) +
                    " from: backup_dest is not set, and there is no restore source",
                "name a destination: RESTORE … FROM … AT 'file:///…'");
  return std::vector{settings.destination};
}

/// As a word of a shell's command line.
std::string shell_word(std::string_view text) {
  std::string word = "'";
  for (char c : text)
    word += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return word + "'";
}

std::string tool_command(const std::string& uri, const std::string& tenant) {
  return "varve restore --from " + uri + " --tenant " + tenant;
}

/// RESTORE without PREVIEW, with the command that does it instead; in capitals what is not known.
error refuse_restore(archive_engine_impl& engine, const catalog_snapshot& from, const sql::restore& what) {
  std::string uri = "URI", number = "NUMBER";
  if (auto tenant = tenant_named(from, what.source_tenant); tenant.ok()) {
    number = to_string(*tenant);
    if (auto places = places_of(engine, from, *tenant, what); places.ok())
      if (auto parsed = parse_destination_uri(places->front()); parsed.ok())
        uri = shell_word(parsed->to_string());
  }
  auto command = tool_command(uri, number);
  if (what.until)
    command += " --until " + shell_word(*what.until);
  return fail(errc::not_supported,
              what.tables.empty() ? "ALTER SYSTEM RESTORE without PREVIEW is not supported: the host makes "
                                    "tenants and replays log, the engine gives it back"
                                  : "ALTER SYSTEM RESTORE of tables is not supported: an archive holds the "
                                    "log of log streams, and what is a table only the host knows",
              "`" + command +
                  " --to DIRECTORY` writes the log as files; a host reads it with restore_reader "
                  "(engine/reader/restore_reader.hpp)");
}

/// A restore as the statement means it; nothing has been read yet.
struct restore_request {
  restore_options options;
  std::vector<std::string> places; ///< the first that works is the one
  random_id own_archive{};
  unix_ns begun_at = 0;
};

result<restore_request> request_of(archive_engine_impl& engine, const sql::restore& what) {
  VARVE_TRY_ASSIGN(auto in_use, engine.use());
  auto from = engine.snapshot();
  if (!what.preview || !what.tables.empty())
    return refuse_restore(engine, *from, what);
  restore_request made;
  VARVE_TRY_ASSIGN(made.options.tenant, tenant_named(*from, what.source_tenant));
  VARVE_TRY_ASSIGN(made.places, places_of(engine, *from, made.options.tenant, what));
  made.own_archive = engine.archive();
  if (!what.until)
    return made;
  auto until = parse_time(*what.until);
  if (!until.ok())
    return fail(errc::wrong_value, "Incorrect TIMESTAMP value: UNTIL " + in_quotes(*what.until),
                until.error().hint);
  made.options.until = *until;
  return made;
}

struct looked_at_restore {
  std::string destination; ///< without credentials
  needed_pieces needed;
};

result<looked_at_restore> look_at(const std::string& place, const restore_options& options,
                                  const archive_engine_impl& engine) {
  VARVE_TRY_ASSIGN(auto uri, parse_destination_uri(place));
  VARVE_TRY_ASSIGN(auto where, engine.environment().open(uri, open_mode::read_only, engine.writer_tag()));
  auto found = find_needed_pieces(*where, options);
  if (found.ok())
    return looked_at_restore{where->describe(), std::move(*found)};
  auto why = found.error();
  why.message = "no restore from " + where->describe() + ": " + why.message;
  auto text = shell_word(uri.to_string());
  if (why.code == errc::entry_not_exist) // the planner's hints are for the command
    why.hint = "`" + tool_command(text, to_string(options.tenant)) +
               " --preview` tells what works, `varve verify " + text + "` which tenants are there";
  return why;
}

/// Reads. The first place from which the restore works; else why it works from none.
result<looked_at_restore> look_at_any(const restore_request& asked, const archive_engine_impl& engine) {
  std::vector<error> refusals;
  for (auto& place : asked.places) {
    auto found = look_at(place, asked.options, engine);
    if (found.ok())
      return found;
    refusals.push_back(found.error());
  }
  auto why = refusals.front();
  for (std::size_t i = 1; i < refusals.size(); ++i)
    why.message += "; " + refusals[i].message;
  return why;
}

result<sql_result> preview(archive_engine_impl& engine, const sql::restore& what) {
  VARVE_TRY_ASSIGN(auto asked, request_of(engine, what));
  // Nothing is held from here on: a mount that hangs must not hold up NOARCHIVELOG, register_tenant and
  // close.
  auto looked_at = engine.now();
  VARVE_TRY_ASSIGN(auto found, look_at_any(asked, engine));
  asked_restore restore{asked.options.tenant, asked.options.until, found.destination};
  auto made = done("a restore of " + describe(restore) + " needs " +
                   std::to_string(found.needed.pieces.size()) + " piece(s): SHOW RESTORE PREVIEW");
  made.warnings = found.needed.preview.notes;
  if (found.needed.archive && *found.needed.archive != asked.own_archive)
    made.warnings.push_back(found.destination + " belongs to another archive, " +
                            to_hex(*found.needed.archive) + ": is " + what.source_tenant + " its tenant " +
                            to_string(asked.options.tenant) + "?");
  VARVE_TRY_ASSIGN(auto in_use, engine.use());
  engine.restoring().keep(list_restore_preview(restore, found.needed, looked_at));
  return made;
}

} // namespace

result<sql_result> run_restore(archive_engine_impl& engine, const sql::restore& what) {
  auto made = preview(engine, what);
  if (!made.ok() && made.code() != errc::closed && what.preview)
    engine.restoring().keep(no_restore_preview("the last was refused, " + made.error().message));
  return made;
}

result<sql_result> add_restore_source(archive_engine_impl& engine, const sql::add_restore_source& what) {
  VARVE_TRY_ASSIGN(auto uri, parse_destination_uri(what.uri));
  VARVE_TRY_ASSIGN(auto where, engine.environment().open(uri, open_mode::read_only, engine.writer_tag()));
  auto identity = read_identity(*where);
  if (identity.code() == errc::file_not_exist)
    return fail(
        errc::file_not_exist, "no archive lies at " + where->describe() + ": it has no object `format`",
        "name the destination as backup_dest had it, not a folder in it; is its file system mounted?");
  if (!identity.ok())
    return identity.error();
  VARVE_TRY_ASSIGN(auto in_use, engine.use());
  VARVE_TRY_ASSIGN(auto fresh, engine.restoring().add({uri.to_string(), identity->archive}));
  return done(where->describe() + (fresh ? " is a restore source" : " is a restore source already"));
}

result<sql_result> clear_restore_source(archive_engine_impl& engine) {
  VARVE_TRY_ASSIGN(auto in_use, engine.use());
  return done(std::to_string(engine.restoring().clear()) + " restore source(s) are forgotten");
}

result<sql_result> show_restore_preview(archive_engine_impl& engine) {
  VARVE_TRY_ASSIGN(auto in_use, engine.use());
  return engine.restoring().preview();
}

} // namespace varve
