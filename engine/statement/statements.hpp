#pragma once

#include "engine/model/ids.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// What a text of statements says, as plain structs: the grammar of STATEMENTS.md, one struct per statement.
/// The parser checks form only; whether a tenant, a piece or a state exists is the executor's to find out,
/// and a statement it cannot run it refuses with name_of().
namespace varve {

/// Whom a statement concerns: everybody, or one tenant by number (TENANT_ID = 1001) or by name
/// (TENANT = shop, TENANT_NAME = 'shop'; names keep their case).
using tenant_clause = std::variant<std::monostate, tenant_id, std::string>;
inline bool names_tenant(const tenant_clause& clause) {
  return clause.index() != 0;
}

namespace sql {

/// What a statement about backups is about.
enum class object_kind : std::uint8_t { data, piece, round, set };

/// ALTER SYSTEM SET name = value
struct set_parameter {
  std::string name;  ///< one of parameters(), so lower case
  std::string value; ///< as written, without the quotes
  tenant_clause tenant;
};
/// ALTER SYSTEM ARCHIVELOG, ALTER SYSTEM NOARCHIVELOG
struct archivelog {
  tenant_clause tenant;
};
struct noarchivelog {
  tenant_clause tenant;
};
/// ALTER SYSTEM START BACKUP ARCHIVELOG, ALTER SYSTEM STOP BACKUP ARCHIVELOG
struct start_backup_archivelog {
  tenant_clause tenant;
};
struct stop_backup_archivelog {
  tenant_clause tenant;
};
/// ALTER SYSTEM BACKUP BACKUPPIECE, ALTER SYSTEM BACKUP BACKUPSET
struct backup_copy {
  object_kind object = object_kind::piece;          ///< piece or set
  std::optional<std::uint64_t> number;              ///< empty: ALL
  std::optional<std::uint64_t> not_backed_up_times; ///< > 0, and then there is a destination and no number
  bool with_active = false;                         ///< pieces only
  tenant_clause tenant;
  std::optional<std::string> destination; ///< BACKUP_BACKUP_DEST; empty: the parameter of that name
};
/// ALTER SYSTEM BACKUP [INCREMENTAL] DATABASE
struct backup_database {
  bool incremental = false;
};
/// ALTER SYSTEM BACKUP TENANT a, b TO 'uri'
struct backup_tenants {
  std::vector<std::string> tenants;
  std::string destination;
};
/// ALTER SYSTEM CANCEL BACKUP (data), CANCEL BACKUP BACKUPPIECE, CANCEL BACKUP BACKUPSET
struct cancel_backup {
  object_kind object = object_kind::data;
  tenant_clause tenant;
};
/// ALTER SYSTEM CANCEL ALL BACKUP FORCE
struct cancel_all_backup {};
/// ALTER SYSTEM CANCEL DELETE BACKUP
struct cancel_delete {
  tenant_clause tenant;
};
/// ALTER SYSTEM CANCEL VALIDATE n [COPY n]
struct cancel_validate {
  std::uint64_t number = 0;
  std::uint64_t copy = 0;
};
/// ALTER SYSTEM DELETE BACKUPPIECE | BACKUPROUND | BACKUPSET n [COPY n]
struct delete_backup {
  object_kind object = object_kind::piece;
  std::uint64_t number = 0;
  std::uint64_t copy = 0; ///< 0: the source
  tenant_clause tenant;
};
/// ALTER SYSTEM DELETE OBSOLETE BACKUP
struct delete_obsolete {
  tenant_clause tenant;
};
/// ALTER SYSTEM DELETE EXPIRED BACKUP [COPY n]
struct delete_expired {
  std::uint64_t copy = 0;
};
/// ALTER SYSTEM VALIDATE DATABASE | BACKUPSET n | BACKUPPIECE n | BACKUPROUND n [COPY n]
struct validate_backup {
  object_kind object = object_kind::data;
  std::uint64_t number = 0; ///< 0 for DATABASE
  std::uint64_t copy = 0;
  tenant_clause tenant;
};
/// ALTER SYSTEM SUSPEND BACKUP, ALTER SYSTEM RESUME BACKUP
struct suspend_backup {
  tenant_clause tenant;
};
struct resume_backup {
  tenant_clause tenant;
};
/// ALTER SYSTEM RESTORE [tables FOR] tenant FROM source [AT 'uri'] [UNTIL 'time'] [WITH 'options'] [PREVIEW]
struct restore {
  std::vector<std::string> tables; ///< "db.table"; empty: the whole tenant
  std::string tenant;              ///< the one to make
  std::string source_tenant;
  std::optional<std::string> uri;
  std::optional<std::string> until; ///< empty: all that is there
  std::string options;              ///< key=value&key=value
  bool preview = false;
};
/// ALTER SYSTEM ADD RESTORE SOURCE 'uri', ALTER SYSTEM CLEAR RESTORE SOURCE
struct add_restore_source {
  std::string uri;
};
struct clear_restore_source {};
/// SHOW RESTORE PREVIEW
struct show_restore_preview {};
/// SHOW PARAMETERS [LIKE 'pattern']
struct show_parameters {
  std::string pattern = "%"; ///< of LIKE: % any text, _ one character
  tenant_clause tenant;
};
/// SELECT … and WITH … SELECT …: the text for the view engine, without comments, full-width commas as ','.
struct select {
  std::string text;
};

} // namespace sql

using statement =
    std::variant<sql::set_parameter, sql::archivelog, sql::noarchivelog, sql::start_backup_archivelog,
                 sql::stop_backup_archivelog, sql::backup_copy, sql::backup_database, sql::backup_tenants,
                 sql::cancel_backup, sql::cancel_all_backup, sql::cancel_delete, sql::cancel_validate,
                 sql::delete_backup, sql::delete_obsolete, sql::delete_expired, sql::validate_backup,
                 sql::suspend_backup, sql::resume_backup, sql::restore, sql::add_restore_source,
                 sql::clear_restore_source, sql::show_restore_preview, sql::show_parameters, sql::select>;

/// "ALTER SYSTEM BACKUP BACKUPPIECE", "SELECT": what to call it in a message.
std::string_view name_of(const statement& what);

} // namespace varve
