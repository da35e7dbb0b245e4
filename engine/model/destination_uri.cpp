#include "engine/model/destination_uri.hpp"

#include "engine/base/text.hpp"

#include <algorithm>

namespace varve {
namespace {

constexpr std::size_t uri_bytes_max = 2048;

/// What follows a '?' and what stands before the '@' of a host may be credentials: they are never repeated.
/// Covered first and cut then, for an '@' may come late.
std::string shown(std::string_view text, std::size_t bytes_max = uri_bytes_max) {
  auto end = text.find('?');
  auto rest = text.substr(0, end);
  std::string made;
  auto scheme = rest.find("://");
  auto host = scheme == std::string_view::npos ? 0 : scheme + 3;
  auto host_end =
      scheme == std::string_view::npos ? rest.size() : std::min(rest.find('/', host), rest.size());
  if (auto at = rest.substr(0, host_end).rfind('@'); at != std::string_view::npos && at >= host) {
    made.append(rest.substr(0, host)).append("…");
    rest.remove_prefix(at);
  }
  return in_quotes(made.append(rest).append(end == std::string_view::npos ? "" : "?…"), bytes_max);
}

error refused(std::string_view text, std::string_view why, std::string hint) {
  return fail(errc::invalid_destination, "destination " + shown(text) + " " + std::string(why),
              std::move(hint));
}

constexpr auto example = "write file:///absolute/path";

/// Messages, views and logs show it, each on one line.
bool is_plain(std::string_view text) {
  return find_bad_byte(text) == std::string_view::npos && printable(text, text.size()) == text;
}

} // namespace

std::string destination_uri::to_string() const {
  return (kind == destination_kind::file ? "file://" : "memory://") + path;
}

result<destination_uri> parse_destination_uri(std::string_view text) {
  if (text.size() > uri_bytes_max)
    return fail(errc::invalid_destination,
                "destination " + shown(text, 60) + " is longer than 2048 characters", example);
  auto colon = text.find("://");
  if (colon == std::string_view::npos)
    return refused(text, "has no scheme", example);
  auto scheme = text.substr(0, colon);
  auto path = text.substr(colon + 3);
  if (scheme == "oss" || scheme == "s3" || scheme == "cos" || scheme == "nfs")
    return fail(errc::not_supported, std::string(scheme) + ":// destinations are not supported yet",
                "use file:// on a directory, or on a mounted file system");
  if (!is_plain(text))
    return refused(text, "contains a control character, a NUL byte or bytes that are not UTF-8", example);
  if (scheme == "memory") {
    if (path.empty())
      return refused(text, "has no name", "write memory://name");
    if (path.find_first_of("?@") != std::string_view::npos)
      return refused(text, "has '?' or '@' in its name", "write memory://name");
    return destination_uri{destination_kind::memory, std::string(path)};
  }
  if (scheme != "file")
    return refused(text, "has an unknown scheme", example);
  if (path.find('?') != std::string_view::npos)
    return fail(errc::not_supported,
                "destination " + shown(text) +
                    ": setting '?' is not supported: a file destination takes no parameters",
                example);
  if (path.empty() || path[0] != '/')
    return refused(text, "is not an absolute path", example);

  std::string clean;
  for (std::size_t at = 0; at < path.size();) {
    auto end = path.find('/', at);
    if (end == std::string_view::npos)
      end = path.size();
    auto component = path.substr(at, end - at);
    if (component == "." || component == "..")
      return refused(text, "contains '.' or '..'", "write the path out");
    if (!component.empty())
      clean.append("/").append(component);
    at = end + 1;
  }
  if (clean.empty())
    return refused(text, "is the root directory", "name a directory of its own");
  return destination_uri{destination_kind::file, clean};
}

} // namespace varve
