#include "engine/reader/damage.hpp"

#include <algorithm>

namespace varve {

bool costs_log(const damage& x) {
  return x.lost_unknown || !x.lost.empty();
}

std::string describe(const stream_range& x) {
  std::string text = "stream " + to_string(x.stream) + ": LSN [" + std::to_string(x.first_lsn) + ", ";
  text += x.next_lsn == lsn_max ? "end)" : std::to_string(x.next_lsn) + ")";
  text += ", SCN " + std::to_string(x.first_scn) + "..";
  text += x.last_scn == scn_max ? "end" : std::to_string(x.last_scn);
  return text;
}

std::string describe(const damage& x) {
  constexpr std::size_t ranges_shown_max = 8;
  std::string text = x.path + " at offset " + std::to_string(x.offset) + ": " + x.why.message;
  if (!costs_log(x))
    return text + "; no log is lost by it";
  text += "; lost of tenant " + to_string(x.tenant) + ": ";
  for (std::size_t i = 0; i < x.lost.size() && i < ranges_shown_max; ++i)
    text += (i ? "; " : "") + describe(x.lost[i]);
  if (x.lost.size() > ranges_shown_max)
    text += "; and " + std::to_string(x.lost.size() - ranges_shown_max) + " more ranges";
  if (x.lost_unknown)
    text += std::string(x.lost.empty() ? "" : "; and ") + "log that nothing readable lists";
  return text;
}

errc code_of_loss(const std::vector<damage>& known) {
  auto failed = [](auto& x) { return x.why.code == errc::io_error; };
  return std::any_of(known.begin(), known.end(), failed) ? errc::io_error : errc::bytes_missing;
}

error to_error(const damage& x) {
  auto failed = x.why;
  if (failed.code == errc::file_not_exist)
    failed.code = errc::bytes_missing;
  failed.message = describe(x);
  failed.hint = "restore from another copy if there is one; verify lists everything that is damaged";
  return failed;
}

} // namespace varve
