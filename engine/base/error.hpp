#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace varve {

/// Every error Varve can give, by the number a DBA sees. Codes and names of the first group are OceanBase
/// 3.x's (its ob_errno.def), so scripts that know them keep working; the second group is ours.
/// The numbers are printed, logged and kept in the catalog: never change or reuse one.
enum class errc : std::int32_t {
  ok = 0,
  invalid_argument = -4002,   ///< a value the caller gave is not acceptable
  not_supported = -4007,      ///< a valid request that this state or this build refuses
  io_error = -4009,           ///< the operating system or storage failed; may work later
  entry_not_exist = -4018,    ///< the log or point in time asked for is not in the archive
  try_again = -4023,          ///< busy now; the same call can succeed later
  canceled = -4072,           ///< stopped on request before it was done
  checksum_error = -4103,     ///< stored bytes are not what was written
  parse_error = -5001,        ///< the text is not a statement
  unknown_view = -5019,       ///< no such view or column
  wrong_value = -5241,        ///< a text that is not a value of its type, as a time
  file_not_exist = -9011,     ///< an object the archive needs is not at the destination
  already_no_archive = -9024, ///< NOARCHIVELOG while nothing is archived
  invalid_destination = -9026,
  interrupted = -9027,        ///< log is gone before it was archived; only a new round leads on
  status_mismatch = -9028,    ///< an illegal change of the round's state
  not_archiving = -9029,      ///< there is no round, or the stream does not take part
  in_progress = -9036,        ///< refused while archiving runs
  invalid_status = -9037,     ///< a stored state that cannot be
  fenced = -9039,             ///< another engine has taken the tenant over at this destination

  lsn_gap = -9501,            ///< an append that does not follow the last entry
  lsn_conflict = -9502,       ///< a repeated LSN with other bytes, or one that straddles entries
  scn_goes_back = -9503,      ///< an SCN below the stream's last, its advance or the checkpoint
  entry_too_large = -9504,
  already_open = -9505,       ///< a stream or data directory that has its one user already
  already_exists = -9506,     ///< the name at the destination is taken
  no_space = -9507,           ///< the medium is full (ENOSPC, EDQUOT); waits for room
  unknown_version = -9508,    ///< a newer or foreign format version, codec, kind or flag
  foreign_destination = -9509,///< the destination belongs to another archive
  bytes_missing = -9510,      ///< bytes a commit reaches are not there
  destination_behind = -9511, ///< the catalog knows commits the destination no longer has
  catalog_error = -9512,      ///< RocksDB refused
  closed = -9513,             ///< the engine, stream or object was closed
  full = -9514,               ///< no memory left in the budget now; wait for room
};

/// The name a DBA sees, e.g. "OB_INVALID_BACKUP_DEST", or "VARVE_LSN_GAP" for ours.
std::string_view name_of(errc code);

/// Why something failed, for the one who must act on it: what was tried on which object, the cause, and what
/// to do about it.
struct error {
  errc code = errc::ok;
  std::string message;     ///< one sentence: operation, object, path, cause; no trailing full stop
  std::string hint;        ///< what to do; may be empty
  int sys_errno = 0;       ///< errno of the failed system call, 0 where there was none

  /// "-9026 OB_INVALID_BACKUP_DEST: message. Hint: hint."
  std::string to_string() const;
};

/// An error of a failed system call. ENOENT, EEXIST, ENOSPC/EDQUOT become file_not_exist, already_exists and
/// no_space; everything else is io_error. `operation` is a verb ("open"), `object` the path it was tried on.
error system_error(int sys_errno, std::string_view operation, std::string_view object);

/// May the same call succeed later without anybody changing the request? (I/O, full disk, busy.)
bool is_transient(errc code);

} // namespace varve
