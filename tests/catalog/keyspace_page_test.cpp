#include "catalog/record_coding.hpp"
#include "tests/harness/catalog_samples.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <fstream>
#include <sstream>

using namespace varve;

namespace {

std::string page() {
  std::ifstream in(VARVE_SOURCE_DIR "/catalog/KEYSPACE.md");
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

/// The lines between the page's marks <!-- name --> and <!-- /name -->.
std::string section(const std::string& text, const std::string& name) {
  auto open = "<!-- " + name + " -->\n", close = "<!-- /" + name + " -->";
  auto first = text.find(open), last = text.find(close);
  if (first == std::string::npos || last == std::string::npos)
    return "the page has no section " + name;
  first += open.size();
  return text.substr(first, last - first);
}

/// Hex in lines of 48 bytes.
std::string hex_lines(std::string_view bytes) {
  std::string text;
  for (; !bytes.empty(); bytes.remove_prefix(std::min<std::size_t>(bytes.size(), 48)))
    text.append(text.empty() ? "" : "\n        ").append(to_hex(as_bytes(bytes.substr(0, 48))));
  return text;
}

template <class... R>
std::string examples() {
  std::string text = "```\n";
  auto add = [&](const auto& record) {
    auto key = key_of(record);
    text.append(describe_key(key)).append("\n  key   ").append(to_hex(as_bytes(key)));
    text.append("\n  value ").append(hex_lines(encode_value(record))).append("\n");
  };
  (add(test::sample_record<R>()), ...);
  return text + "```\n";
}

} // namespace

TEST_CASE("the table of key families in KEYSPACE.md is the enum of the code") {
  std::string expected = "| Byte | Family | Version | Key after the byte | Copy of commits |\n"
                         "|---|---|---|---|---|\n";
  for (const auto& info : key_families()) {
    expected.append("| `").append(1, static_cast<char>(info.family)).append("` | ").append(info.name);
    expected.append(" | ").append(std::to_string(info.version)).append(" | ");
    if (info.key_layout.empty())
      expected.append("—");
    else
      expected.append("`").append(info.key_layout).append("`");
    expected.append(info.archived_fact ? " | yes |\n" : " | no |\n");
  }
  CHECK(section(page(), "families") == expected);
}

TEST_CASE("the examples in KEYSPACE.md are the bytes the code writes") {
  CHECK(section(page(), "examples") ==
        examples<catalog_identity, setting_record, tenant_record, round_status_record, round_history_record,
                 piece_record, stream_record, lag_sample, break_history_record, round_join_record,
                 alarm_record, outbox_record, writer_record>());
}

TEST_CASE("every key family has a chapter in KEYSPACE.md") {
  auto text = page();
  for (const auto& info : key_families()) {
    CAPTURE(info.name);
    CHECK(text.find("\n### " + std::string(info.name) + "\n") != std::string::npos);
  }
}
