#include "engine/statement/statements.hpp"

namespace varve {
namespace {

using sql::object_kind;

struct namer {
  std::string_view operator()(const sql::set_parameter&) const { return "ALTER SYSTEM SET"; }
  std::string_view operator()(const sql::archivelog&) const { return "ALTER SYSTEM ARCHIVELOG"; }
  std::string_view operator()(const sql::noarchivelog&) const { return "ALTER SYSTEM NOARCHIVELOG"; }
  std::string_view operator()(const sql::start_backup_archivelog&) const {
    return "ALTER SYSTEM START BACKUP ARCHIVELOG";
  }
  std::string_view operator()(const sql::stop_backup_archivelog&) const {
    return "ALTER SYSTEM STOP BACKUP ARCHIVELOG";
  }
  std::string_view operator()(const sql::backup_copy& s) const {
    return s.object == object_kind::set ? "ALTER SYSTEM BACKUP BACKUPSET" : "ALTER SYSTEM BACKUP BACKUPPIECE";
  }
  std::string_view operator()(const sql::backup_database&) const { return "ALTER SYSTEM BACKUP DATABASE"; }
  std::string_view operator()(const sql::backup_tenants&) const { return "ALTER SYSTEM BACKUP TENANT"; }
  std::string_view operator()(const sql::cancel_backup& s) const {
    if (s.object == object_kind::piece)
      return "ALTER SYSTEM CANCEL BACKUP BACKUPPIECE";
    if (s.object == object_kind::set)
      return "ALTER SYSTEM CANCEL BACKUP BACKUPSET";
    return "ALTER SYSTEM CANCEL BACKUP";
  }
  std::string_view operator()(const sql::cancel_all_backup&) const {
    return "ALTER SYSTEM CANCEL ALL BACKUP FORCE";
  }
  std::string_view operator()(const sql::cancel_delete&) const { return "ALTER SYSTEM CANCEL DELETE BACKUP"; }
  std::string_view operator()(const sql::cancel_validate&) const { return "ALTER SYSTEM CANCEL VALIDATE"; }
  std::string_view operator()(const sql::delete_backup& s) const {
    if (s.object == object_kind::round)
      return "ALTER SYSTEM DELETE BACKUPROUND";
    if (s.object == object_kind::set)
      return "ALTER SYSTEM DELETE BACKUPSET";
    return "ALTER SYSTEM DELETE BACKUPPIECE";
  }
  std::string_view operator()(const sql::delete_obsolete&) const {
    return "ALTER SYSTEM DELETE OBSOLETE BACKUP";
  }
  std::string_view operator()(const sql::delete_expired&) const {
    return "ALTER SYSTEM DELETE EXPIRED BACKUP";
  }
  std::string_view operator()(const sql::validate_backup& s) const {
    if (s.object == object_kind::piece)
      return "ALTER SYSTEM VALIDATE BACKUPPIECE";
    if (s.object == object_kind::round)
      return "ALTER SYSTEM VALIDATE BACKUPROUND";
    if (s.object == object_kind::set)
      return "ALTER SYSTEM VALIDATE BACKUPSET";
    return "ALTER SYSTEM VALIDATE DATABASE";
  }
  std::string_view operator()(const sql::suspend_backup&) const { return "ALTER SYSTEM SUSPEND BACKUP"; }
  std::string_view operator()(const sql::resume_backup&) const { return "ALTER SYSTEM RESUME BACKUP"; }
  std::string_view operator()(const sql::restore&) const { return "ALTER SYSTEM RESTORE"; }
  std::string_view operator()(const sql::add_restore_source&) const {
    return "ALTER SYSTEM ADD RESTORE SOURCE";
  }
  std::string_view operator()(const sql::clear_restore_source&) const {
    return "ALTER SYSTEM CLEAR RESTORE SOURCE";
  }
  std::string_view operator()(const sql::show_restore_preview&) const { return "SHOW RESTORE PREVIEW"; }
  std::string_view operator()(const sql::show_parameters&) const { return "SHOW PARAMETERS"; }
  std::string_view operator()(const sql::select&) const { return "SELECT"; }
};

} // namespace

std::string_view name_of(const statement& what) {
  return std::visit(namer{}, what);
}

} // namespace varve
