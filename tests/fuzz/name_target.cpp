#include "engine/destination/destination.hpp"
#include "engine/format/object_name.hpp"
#include "engine/model/destination_uri.hpp"
#include "tests/fuzz/fuzz_target.hpp"
#include "tests/fuzz/promises.hpp"

#include <algorithm>

namespace varve::fuzz {
namespace {

std::vector<bytes> texts(std::initializer_list<std::string_view> list) {
  std::vector<bytes> made;
  for (auto text : list)
    made.push_back(to_bytes(as_bytes(text)));
  return made;
}

constexpr std::string_view canary = "kXqZ";

/// The same text with canaries where credentials may stand: behind the first '?', and before the last '@' of
/// the host.
std::string with_canaries(std::string_view text) {
  std::string planted(text);
  auto plant = [&](std::size_t begin, std::size_t end) {
    for (auto i = begin; i < end; ++i)
      planted[i] = canary[(i - begin) % canary.size()];
  };
  auto question = std::min(text.find('?'), text.size());
  if (question < text.size())
    plant(question + 1, text.size());
  auto scheme = text.substr(0, question).find("://");
  if (scheme == std::string_view::npos)
    return planted;
  auto host = scheme + 3;
  auto end = std::min(text.find('/', host), question);
  auto at = text.substr(0, end).rfind('@');
  if (at != std::string_view::npos && at > host)
    plant(host, at);
  return planted;
}

} // namespace

void object_name(bytes_view input) {
  auto text = as_text(input);
  if (auto name = parse_object_name(text)) {
    promise(to_path(*name) == text, "only the exact spelling is a name");
    promise(is_object_path(text), "a name is a path that destinations take");
  }
  if (auto tenant = parse_tenant_folder(text))
    promise(tenant_folder(*tenant) == text, "only the exact spelling is a folder");
  if (is_object_path(text)) {
    promise(is_plain_text(text, lines::one) && !text.empty(), "a path is plain text");
    promise(text.front() != '/' && text.find("/.") == text.npos, "a path stays below its root");
  }
}

void destination_uri(bytes_view input) {
  auto text = as_text(input);
  memory_promise memory(input.size(), 16, 4 << 10);
  auto uri = parse_destination_uri(text);
  memory.check();
  if (!uri.ok()) {
    check_error(uri.error(), "destination");
    auto planted = parse_destination_uri(with_canaries(text));
    promise(planted.ok() || planted.error().to_string().find(canary) == std::string::npos ||
                text.find(canary) != std::string_view::npos, // a fuzzer finds out what it is compared with
            "credentials are never repeated");
    return;
  }
  auto shown = uri->to_string();
  auto again = parse_destination_uri(shown);
  promise(again.ok() && *again == *uri, "a URI is written so that it reads the same");
  promise(again->to_string() == shown, "there is one way to write a URI");
  if (uri->kind == destination_kind::file)
    promise(uri->path.front() == '/' && uri->path.back() != '/' &&
                uri->path.find("/../") == std::string::npos,
            "a path is absolute and goes only down");
}

std::vector<bytes> object_name_seeds() {
  return texts({"format", "t1001", "t1001/commits/00000000000000000041",
                "t1001/rounds/1-00000000000000000017", "t1001/lists/00000000000000000017-00000001",
                "t1001/r1_p1/start-00000000000000000001", "t1001/r1_p0/seg-00000000000000000001-00000002",
                "t1001/r2_p2/index-00000000000000000017-00000001", "t1001/r1_p1/seal-00000000000000000017",
                "t18446744073709551615/commits/18446744073709551615", "a/../b", "t1/.aside"});
}

std::vector<bytes> destination_uri_seeds() {
  return texts({"file:///backup/mydb", "file:///a//b/", "file://relative",
                "file:///a?host=x&access_key=secret", "memory://name", "memory://a/b",
                "oss://user:password@bucket/path?access_id=x", "nfs://h/p", "file:///", "file:///..",
                "file:///a/./b", "http://user:pass@host/x", "", "://", "/plain"});
}

} // namespace varve::fuzz
