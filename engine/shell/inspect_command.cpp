#include "engine/base/result.hpp"
#include "engine/format/block_format.hpp"
#include "engine/format/describe.hpp"
#include "engine/shell/commands.hpp"
#include "engine/shell/exit_codes.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <cerrno>
#include <fcntl.h>
#include <iostream>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

namespace varve::shell {
namespace {

constexpr const char* inspect_examples =
    R"(Any object of an archive, or a file that begins with a block: what it is, what is in it,
and whether every checksum holds. Needs nothing but the file.
Examples:
  varve inspect /backup/mydb/format
  varve inspect file:///backup/mydb/t1001/commits/00000000000000000007
  varve inspect --json /backup/mydb/t1001/r1_p0/seg-00000000000000000001-00000001)";

result<bytes> read_object(const std::string& path) {
  int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0)
    return system_error(errno, "open", path);
  struct closer {
    int file;
    ~closer() { ::close(file); }
  } closes{file};
  struct stat facts {};
  if (::fstat(file, &facts) != 0)
    return system_error(errno, "stat", path);
  if (!S_ISREG(facts.st_mode))
    return fail(errc::invalid_argument, "'" + path + "' is not a file",
                S_ISDIR(facts.st_mode) ? "`varve verify` looks at a whole destination" : "");
  auto size = static_cast<std::uint64_t>(facts.st_size);
  if (size > format::segment_bytes_max)
    return fail(errc::invalid_argument,
                "'" + path + "' has " + std::to_string(size) + " bytes, more than any object of an archive");
  bytes content(static_cast<std::size_t>(size));
  for (std::size_t at = 0; at < content.size();) {
    auto n = ::read(file, content.data() + at, content.size() - at);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return system_error(errno, "read", path);
    if (n == 0)
      break; // it shrank: what is left says so itself
    at += static_cast<std::size_t>(n);
  }
  return content;
}

exit_code run(const std::string& name, bool json) {
  constexpr std::string_view file_scheme = "file://";
  auto path = name.starts_with(file_scheme) ? name.substr(file_scheme.size()) : name;
  if (path.find("://") != std::string::npos)
    return report(fail(errc::not_supported, "'" + name + "' cannot be opened: only files can be inspected",
                       "give a path, or file:///path/of/the/destination/object"));
  auto content = read_object(path);
  if (!content)
    return report(content.error());
  auto found = describe_object(*content, path);
  if (json) {
    auto object = nlohmann::ordered_json::parse(to_json(found.what));
    if (found.problem)
      object["problem"] = {{"code", static_cast<int>(found.problem->code)},
                           {"name", std::string(name_of(found.problem->code))},
                           {"message", found.problem->message}};
    std::cout << object.dump(2) << std::endl;
  } else {
    std::cout << to_text(found.what);
    if (!found.problem)
      std::cout << "sound: every checksum and field holds\n";
    std::cout.flush();
  }
  if (!found.problem)
    return exit_ok;
  report(*found.problem);
  return exit_damage;
}

} // namespace

void add_inspect_command(CLI::App& program, int& outcome) {
  struct given_options {
    std::string name;
    bool json = false;
  };
  auto given = std::make_shared<given_options>();
  auto* command = program.add_subcommand("inspect", "say in words what an archived file is");
  command->add_option("FILE", given->name, "a path, or file:// with the path of an object")->required();
  command->add_flag("--json", given->json, "as a JSON object");
  command->footer(inspect_examples);
  command->callback([given, &outcome] { outcome = run(given->name, given->json); });
}

} // namespace varve::shell
