#include "engine/shell/number_options.hpp"

#include "engine/base/text.hpp"
#include "engine/base/time.hpp"
#include "engine/model/destination_uri.hpp"

#include <charconv>
#include <filesystem>

namespace varve::shell {

result<std::uint64_t> parse_byte_count(std::string_view text) {
  auto bad = [&] {
    return fail(errc::invalid_argument, in_quotes(text) + " is not a number of bytes",
                "write 4096, 64k, 8MiB or 1g");
  };
  std::uint64_t count = 0;
  auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (problem != std::errc())
    return bad();
  auto unit = lower(text.substr(static_cast<std::size_t>(end - text.data())));
  if (unit.ends_with("ib"))
    unit.resize(unit.size() - 2);
  else if (unit.ends_with("b"))
    unit.pop_back();
  constexpr std::string_view prefixes = "kmgt";
  if (unit.empty())
    return count;
  auto power = prefixes.find(unit[0]);
  if (unit.size() != 1 || power == std::string_view::npos)
    return bad();
  auto shift = 10 * (static_cast<unsigned>(power) + 1);
  if (count > (~std::uint64_t{0} >> shift))
    return bad();
  return count << shift;
}

std::string check_whole_number(const std::string& text) {
  std::uint64_t value = 0;
  auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem == std::errc::result_out_of_range)
    return in_quotes(text) + " is larger than 18446744073709551615";
  return problem == std::errc() && end == text.data() + text.size()
             ? ""
             : in_quotes(text) + " is not a whole number";
}

result<scn> parse_moment(std::string_view text) {
  return parse_time(text);
}

result<std::string> destination_of(std::string_view text) {
  std::string uri(text);
  if (text.find("://") == std::string_view::npos) {
    std::error_code problem;
    auto path = std::filesystem::absolute(std::filesystem::path(text), problem).lexically_normal().string();
    if (problem || text.empty())
      return fail(errc::invalid_destination, in_quotes(uri) + " is not a destination",
                  "write file:///absolute/path");
    while (path.size() > 1 && path.ends_with('/'))
      path.pop_back();
    uri = "file://" + path;
  }
  VARVE_TRY_ASSIGN(auto parsed, parse_destination_uri(uri));
  return parsed.to_string();
}

} // namespace varve::shell
