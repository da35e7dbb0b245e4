#include "catalog/keys.hpp"

#include "engine/base/text.hpp"

#include <algorithm>
#include <array>

namespace varve {
namespace {

using enum key_family;

constexpr std::array families{
    key_family_info{alarm, "alarm", 1, false, "tenant:8"},
    key_family_info{break_history, "break_history", 1, true, "tenant:8 round:8"},
    key_family_info{round_history, "round_history", 1, true, "tenant:8 round:8"},
    key_family_info{identity, "identity", 1, false, ""},
    key_family_info{round_join, "round_join", 1, true, "tenant:8 round:8"},
    key_family_info{lag, "lag", 1, false, "tenant:8 slot:8"},
    key_family_info{stream, "stream", 1, true, "tenant:8 stream:8"},
    key_family_info{outbox, "outbox", 1, false, "tenant:8 number:8"},
    key_family_info{piece, "piece", 1, true, "tenant:8 round:8 piece:8 copy:4"},
    key_family_info{round_status, "round_status", 1, true, "tenant:8"},
    key_family_info{setting, "setting", 1, false, "tenant:8 name"},
    key_family_info{tenant, "tenant", 1, false, "tenant:8"},
    key_family_info{writer, "writer", 1, false, "tenant:8 destination"},
};

} // namespace

std::span<const key_family_info> key_families() {
  return families;
}

const key_family_info* family_of(std::string_view key) {
  for (const auto& x : families)
    if (!key.empty() && key[0] == static_cast<char>(x.family))
      return &x;
  return nullptr;
}

std::string family_prefix(key_family family) {
  return std::string(1, static_cast<char>(family));
}

std::string tenant_prefix(key_family family, tenant_id tenant) {
  key_writer key(family);
  key.number(tenant.value);
  return key.take();
}

std::string prefix_end(std::string_view prefix) {
  std::string end(prefix);
  while (!end.empty() && end.back() == '\xff')
    end.pop_back();
  if (!end.empty())
    end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
  return end;
}

std::string describe_key(std::string_view key) {
  const auto* info = family_of(key);
  if (info == nullptr)
    return "key " + to_hex(as_bytes(key));
  std::string words(info->name);
  key_reader reader(info->family, key);
  for (auto layout = info->key_layout; !layout.empty();) {
    auto field = layout.substr(0, layout.find(' '));
    layout.remove_prefix(std::min(layout.size(), field.size() + 1));
    words.push_back('/');
    if (field.ends_with(":8"))
      words.append(std::to_string(reader.number<std::uint64_t>()));
    else if (field.ends_with(":4"))
      words.append(std::to_string(reader.number<std::uint32_t>()));
    else
      words.append(printable(reader.text()));
  }
  return reader.at_end() ? words : words + " (key " + to_hex(as_bytes(key)) + ")";
}

} // namespace varve
