#include "engine/base/error.hpp"

#include <cerrno>
#include <cstring>

namespace varve {

std::string_view name_of(errc code) {
  switch (code) {
  case errc::ok: return "OB_SUCCESS";
  case errc::invalid_argument: return "OB_INVALID_ARGUMENT";
  case errc::not_supported: return "OB_NOT_SUPPORTED";
  case errc::io_error: return "OB_IO_ERROR";
  case errc::entry_not_exist: return "OB_ENTRY_NOT_EXIST";
  case errc::try_again: return "OB_EAGAIN";
  case errc::canceled: return "OB_CANCELED";
  case errc::checksum_error: return "OB_CHECKSUM_ERROR";
  case errc::parse_error: return "OB_ERR_PARSE_SQL";
  case errc::unknown_view: return "OB_TABLE_NOT_EXIST";
  case errc::wrong_value: return "OB_ERR_WRONG_VALUE";
  case errc::file_not_exist: return "OB_BACKUP_FILE_NOT_EXIST";
  case errc::already_no_archive: return "OB_ALREADY_NO_LOG_ARCHIVE_BACKUP";
  case errc::invalid_destination: return "OB_INVALID_BACKUP_DEST";
  case errc::interrupted: return "OB_LOG_ARCHIVE_INTERRUPTED";
  case errc::status_mismatch: return "OB_LOG_ARCHIVE_STAT_NOT_MATCH";
  case errc::not_archiving: return "OB_LOG_ARCHIVE_NOT_RUNNING";
  case errc::in_progress: return "OB_BACKUP_IN_PROGRESS";
  case errc::invalid_status: return "OB_INVALID_LOG_ARCHIVE_STATUS";
  case errc::fenced: return "OB_LOG_ARCHIVE_LEADER_CHANGED";
  case errc::lsn_gap: return "VARVE_LSN_GAP";
  case errc::lsn_conflict: return "VARVE_LSN_CONFLICT";
  case errc::scn_goes_back: return "VARVE_SCN_GOES_BACK";
  case errc::entry_too_large: return "VARVE_ENTRY_TOO_LARGE";
  case errc::already_open: return "VARVE_ALREADY_OPEN";
  case errc::already_exists: return "VARVE_ALREADY_EXISTS";
  case errc::no_space: return "VARVE_NO_SPACE";
  case errc::unknown_version: return "VARVE_UNKNOWN_VERSION";
  case errc::foreign_destination: return "VARVE_FOREIGN_DESTINATION";
  case errc::bytes_missing: return "VARVE_BYTES_MISSING";
  case errc::destination_behind: return "VARVE_DESTINATION_BEHIND";
  case errc::catalog_error: return "VARVE_CATALOG_ERROR";
  case errc::closed: return "VARVE_CLOSED";
  case errc::full: return "VARVE_FULL";
  }
  return "VARVE_UNKNOWN_ERROR";
}

std::string error::to_string() const {
  auto text = std::to_string(static_cast<std::int32_t>(code));
  text.append(" ").append(name_of(code)).append(": ").append(message);
  if (!hint.empty()) text.append(". Hint: ").append(hint);
  return text;
}

error system_error(int sys_errno, std::string_view operation, std::string_view object) {
  error failed;
  failed.sys_errno = sys_errno;
  switch (sys_errno) {
  case ENOENT: failed.code = errc::file_not_exist; break;
  case EEXIST: failed.code = errc::already_exists; break;
  case ENOSPC:
  case EDQUOT:
    failed.code = errc::no_space;
    failed.hint = "make room on that medium; archiving goes on by itself when there is some";
    break;
  default: failed.code = errc::io_error;
  }
  failed.message.append(operation).append(" ").append(object).append(": ").append(std::strerror(sys_errno));
  failed.message.append(" (errno ").append(std::to_string(sys_errno)).append(")");
  return failed;
}

bool is_transient(errc code) {
  return code == errc::io_error || code == errc::no_space || code == errc::try_again || code == errc::full;
}

} // namespace varve
