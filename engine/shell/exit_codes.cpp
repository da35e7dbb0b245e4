#include "engine/shell/exit_codes.hpp"

#include "engine/base/text.hpp"

#include <iostream>

namespace varve::shell {

exit_code exit_code_of(errc code) {
  switch (code) {
  case errc::ok:
    return exit_ok;
  case errc::invalid_argument:
  case errc::not_supported:
  case errc::parse_error:
  case errc::unknown_view:
  case errc::wrong_value:
  case errc::invalid_destination:
  case errc::already_no_archive:
  case errc::status_mismatch:
  case errc::entry_too_large:
  case errc::already_exists:
  case errc::foreign_destination:
    return exit_usage;
  case errc::checksum_error:
  case errc::bytes_missing:
  case errc::unknown_version:
  case errc::destination_behind:
  case errc::invalid_status:
    return exit_damage;
  case errc::already_open:
  case errc::in_progress:
  case errc::try_again:
  case errc::fenced:
    return exit_refused;
  case errc::entry_not_exist:
  case errc::file_not_exist:
  case errc::not_archiving:
  case errc::interrupted:
    return exit_not_there;
  case errc::lsn_gap:
  case errc::lsn_conflict:
  case errc::scn_goes_back:
    return exit_other_log;
  case errc::io_error:
  case errc::canceled:
  case errc::no_space:
  case errc::catalog_error:
  case errc::closed:
  case errc::full:
    return exit_failed;
  }
  return exit_failed;
}

std::string plain_lines(std::string_view text) {
  std::string plain;
  while (true) {
    auto end = text.find('\n');
    plain += printable(text.substr(0, end), text.size());
    if (end == text.npos)
      return plain;
    plain += '\n';
    text.remove_prefix(end + 1);
  }
}

exit_code report(const error& failed) {
  std::cerr << "varve: " << static_cast<int>(failed.code) << ' ' << name_of(failed.code) << ": "
            << plain_lines(failed.message) << '\n';
  if (!failed.hint.empty())
    std::cerr << "hint: " << plain_lines(failed.hint) << '\n';
  std::cerr.flush();
  return exit_code_of(failed.code);
}

exit_code report_usage(std::string_view message) {
  std::cerr << "varve: " << plain_lines(message) << std::endl;
  return exit_usage;
}

} // namespace varve::shell
