#include "catalog/views/query_error.hpp"

#include "catalog/views/view.hpp"
#include "engine/base/text.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

namespace varve {
namespace {

constexpr std::size_t names_shown_max = 3;

std::string upper(std::string_view text) {
  std::string result(text);
  for (auto& c : result)
    c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return result;
}

/// Letters to insert, delete or replace to get from one to the other.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j)
    row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      auto replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row[b.size()];
}

/// The few of `known` that look most like `name`, nearest first: "A, B, C".
std::string nearest(std::string_view name, const std::vector<std::string_view>& known) {
  auto wanted = upper(name.substr(0, 128));
  std::vector<std::pair<std::size_t, std::string_view>> ranked; // by distance, then by name
  for (auto x : known)
    ranked.emplace_back(edit_distance(wanted, x), x);
  std::ranges::sort(ranked);
  ranked.erase(std::unique(ranked.begin(), ranked.end()), ranked.end());
  ranked.resize(std::min(ranked.size(), names_shown_max));
  std::string text;
  for (const auto& [distance, x] : ranked)
    text.append(text.empty() ? "" : ", ").append(x);
  return text;
}

error unknown_view(std::string_view name) {
  std::vector<std::string_view> known;
  for (const auto& x : all_views())
    known.push_back(x.name);
  auto bare = name.substr(name.rfind('.') + 1); // npos + 1 is 0
  return fail(errc::unknown_view, "there is no view " + printable(name),
              "the nearest: " + nearest(bare, known));
}

error unknown_column(std::string_view name) {
  std::vector<std::string_view> known;
  for (const auto& x : all_views())
    for (const auto& column : x.columns)
      known.push_back(column.name);
  auto bare = name.substr(name.rfind('.') + 1);
  return fail(errc::unknown_view, "there is no column " + printable(name),
              "the nearest: " + nearest(bare, known));
}

bool is_readable_table(std::string_view name) {
  auto wanted = upper(name);
  if (wanted == "JSON_EACH" || wanted == "JSON_TREE")
    return true;
  return std::ranges::any_of(all_views(), [&](const view& x) { return x.name == wanted; });
}

/// Tables of SQLite itself: its schema, its pragmas.
bool is_sqlite_table(std::string_view name) {
  auto wanted = upper(name);
  return wanted.starts_with("SQLITE_") || wanted.starts_with("PRAGMA_");
}

/// Functions that reach out of the query: code, tokenizers (a pointer as a blob), SQLite's own log.
bool is_harmless_function(std::string_view name) {
  constexpr std::array refused{"LOAD_EXTENSION", "FTS3_TOKENIZER", "SQLITE_LOG"};
  return std::ranges::find(refused, upper(name)) == refused.end();
}

std::string words_for(int action, std::string_view object) {
  if (object.starts_with("sqlite_"))
    return "a change of the schema";
  switch (action) {
  case SQLITE_INSERT:
  case SQLITE_UPDATE:
  case SQLITE_DELETE:
    return "a write to table " + printable(object);
  case SQLITE_PRAGMA:
    return "PRAGMA " + printable(object);
  case SQLITE_ATTACH:
    return "ATTACH";
  case SQLITE_DETACH:
    return "DETACH";
  case SQLITE_TRANSACTION:
  case SQLITE_SAVEPOINT:
    return "a transaction";
  default:
    return "a change of the schema";
  }
}

/// ", at line 1, column 8"; nothing when SQLite does not say where.
std::string place_of(int offset, std::string_view text) {
  if (offset < 0 || static_cast<std::size_t>(offset) > text.size())
    return {};
  auto before = text.substr(0, static_cast<std::size_t>(offset));
  auto line = std::ranges::count(before, '\n') + 1;
  auto column = before.size() - (before.rfind('\n') + 1) + 1;
  return ", at line " + std::to_string(line) + ", column " + std::to_string(column);
}

} // namespace

error only_select(std::string_view what) {
  return fail(errc::not_supported,
              std::string(what) +
                  " is not supported here: the views can be read with SELECT, and nothing else",
              "change settings with ALTER SYSTEM");
}

int authorize_select(void* refusal, int action, const char* first, const char* second, const char*,
                     const char*) {
  std::string_view object = first ? first : "";
  std::optional<error> refused;
  switch (action) {
  case SQLITE_SELECT:
  case SQLITE_RECURSIVE:
    return SQLITE_OK;
  case SQLITE_READ:
    // A count of rows reads no column; then a WITH table or an alias comes by its own name, which no view
    // has.
    if (is_readable_table(object) || (second && *second == '\0' && !is_sqlite_table(object)))
      return SQLITE_OK;
    refused = unknown_view(object);
    break;
  case SQLITE_FUNCTION:
    if (is_harmless_function(second ? second : ""))
      return SQLITE_OK;
    refused = only_select("the function " + printable(second));
    break;
  default:
    refused = only_select(words_for(action, object));
  }
  auto& target = static_cast<select_refusal*>(refusal)->refused;
  if (!target)
    target = std::move(refused);
  return SQLITE_DENY;
}

error explain_prepare(sqlite3* connection, int outcome, std::string_view text) {
  std::string_view words = sqlite3_errmsg(connection);
  constexpr std::string_view no_table = "no such table: ", no_column = "no such column: ";
  if (words.starts_with(no_table))
    return unknown_view(words.substr(no_table.size()));
  if (words.starts_with(no_column))
    return unknown_column(words.substr(no_column.size()));
  if (auto end = words.find(" may not be modified"); end != std::string_view::npos)
    return only_select("a write to " + printable(words.substr(0, end)));
  if (outcome == SQLITE_NOMEM)
    return explain_step(connection, outcome);
  auto place = place_of(sqlite3_error_offset(connection), text);
  return fail(errc::parse_error, "the SELECT cannot be understood: " + printable(words) + place,
              "the language is SQLite's; see its page on SELECT");
}

error explain_step(sqlite3* connection, int outcome) {
  if (outcome == SQLITE_NOMEM)
    return fail(errc::try_again, "the SELECT found no memory", "ask for less, or try again");
  return fail(errc::invalid_argument, "the SELECT failed: " + printable(sqlite3_errmsg(connection)),
              "change the value it is about");
}

} // namespace varve
