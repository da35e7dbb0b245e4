#include "engine/base/error.hpp"

#include <catch2/catch.hpp>

#include <cerrno>
#include <set>
#include <string>

using namespace varve;

namespace {

constexpr errc all_codes[] = {errc::ok,
                              errc::invalid_argument,
                              errc::not_supported,
                              errc::io_error,
                              errc::entry_not_exist,
                              errc::try_again,
                              errc::canceled,
                              errc::checksum_error,
                              errc::parse_error,
                              errc::unknown_view,
                              errc::wrong_value,
                              errc::file_not_exist,
                              errc::already_no_archive,
                              errc::invalid_destination,
                              errc::interrupted,
                              errc::status_mismatch,
                              errc::not_archiving,
                              errc::in_progress,
                              errc::invalid_status,
                              errc::fenced,
                              errc::lsn_gap,
                              errc::lsn_conflict,
                              errc::scn_goes_back,
                              errc::entry_too_large,
                              errc::already_open,
                              errc::already_exists,
                              errc::no_space,
                              errc::unknown_version,
                              errc::foreign_destination,
                              errc::bytes_missing,
                              errc::destination_behind,
                              errc::catalog_error,
                              errc::closed,
                              errc::full};

} // namespace

TEST_CASE("every error code has a name of its own") {
  std::set<std::string> names;
  std::set<int> numbers;
  for (auto code : all_codes) {
    names.emplace(name_of(code));
    numbers.insert(static_cast<int>(code));
  }
  CHECK(names.size() == std::size(all_codes));
  CHECK(numbers.size() == std::size(all_codes));
  CHECK(names.count("VARVE_UNKNOWN_ERROR") == 0);
  CHECK(name_of(static_cast<errc>(-1)) == "VARVE_UNKNOWN_ERROR");
}

TEST_CASE("an error reads as number, name, message and hint") {
  error failed{errc::invalid_destination, "destination 'x' has no scheme", "write file:///absolute/path", 0};
  CHECK(failed.to_string() ==
        "-9026 OB_INVALID_BACKUP_DEST: destination 'x' has no scheme. Hint: write file:///absolute/path");
  failed.hint.clear();
  CHECK(failed.to_string() == "-9026 OB_INVALID_BACKUP_DEST: destination 'x' has no scheme");
}

TEST_CASE("a failed system call names operation, object, cause and errno, and gets the code of its cause") {
  struct {
    int sys_errno;
    errc expected;
  } const cases[] = {{ENOENT, errc::file_not_exist}, {EEXIST, errc::already_exists},
                     {ENOSPC, errc::no_space},       {EDQUOT, errc::no_space},
                     {EIO, errc::io_error},          {EACCES, errc::io_error}};
  for (auto& x : cases) {
    auto failed = system_error(x.sys_errno, "open", "/backup/format");
    CHECK(failed.code == x.expected);
    CHECK(failed.sys_errno == x.sys_errno);
    CHECK(failed.message.find("open /backup/format: ") == 0);
    CHECK(failed.message.find("(errno " + std::to_string(x.sys_errno) + ")") != std::string::npos);
  }
  CHECK_FALSE(system_error(ENOSPC, "append", "x").hint.empty());
}

TEST_CASE("only what may heal by itself is transient") {
  std::set<errc> transient;
  for (auto code : all_codes)
    if (is_transient(code))
      transient.insert(code);
  CHECK(transient == std::set<errc>{errc::io_error, errc::no_space, errc::try_again, errc::full});
}
