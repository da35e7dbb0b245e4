#include "catalog/views/varve_restorable_windows.hpp"

#include "catalog/views/cell_text.hpp"

#include <algorithm>
#include <array>

namespace varve {
namespace {

constexpr std::array<view_column, 11> columns{{
    {"TENANT_ID", "bigint(20)"},
    {"FIRST_ROUND", "bigint(20)"},
    {"LAST_ROUND", "bigint(20)"},
    {"STATUS", "varchar(64)"},
    {"FROM_TS", "varchar(26)"},
    {"UNTIL_TS", "varchar(26)"},
    {"FROM_SCN", "bigint(20)"},
    {"UNTIL_SCN", "bigint(20)"},
    {"ENTRIES", "bigint(20)"},
    {"INPUT_BYTES", "bigint(20)"},
    {"DESTINATION", "varchar(2048)"},
}};

/// What the view needs of a round, ended or not.
struct known_round {
  tenant_id tenant;
  const archive_round* round;
  round_status status;
  const byte_counts* counts;
  const std::string* destination;
};

struct window {
  known_round first, last;
  scn from = 0, until = 0; // 0: not yet
  byte_counts counts;
};

void extend(window& of, const known_round& by) {
  of.last = by;
  if (of.from == 0)
    of.from = by.round->start_scn;
  of.until = std::max(of.until, by.round->checkpoint_scn);
  of.counts += *by.counts;
}

/// A text has microseconds: the first that is not before the window.
scn text_not_before(scn from) {
  constexpr scn microsecond = 1000;
  return (from + microsecond - 1) / microsecond * microsecond;
}

view_row row_of(const window& x) {
  return {
      number_cell(x.first.tenant),
      number_cell(x.first.round->id),
      number_cell(x.last.round->id),
      std::string(to_string(x.last.status)),
      time_text(text_not_before(x.from)),
      time_text(x.until),
      number_cell(x.from),
      number_cell(x.until),
      number_cell(x.counts.entries),
      number_cell(x.counts.input_bytes),
      *x.last.destination,
  };
}

result<std::vector<view_row>> rows(const view_input& input) {
  VARVE_TRY_ASSIGN(auto ended, input.catalog->round_history());
  VARVE_TRY_ASSIGN(auto running, input.catalog->round_statuses());
  VARVE_TRY_ASSIGN(auto joins, input.catalog->round_joins());
  std::vector<known_round> rounds;
  rounds.reserve(ended.size() + running.size());
  for (const auto& x : ended)
    rounds.push_back({x.tenant, &x.round, round_status::stop, &x.counts, &x.destination});
  for (const auto& x : running)
    rounds.push_back({x.tenant, &x.round, x.round.status, &x.counts, &x.destination});
  std::ranges::stable_sort(rounds, {}, [](auto& x) { return std::pair(x.tenant, x.round->id); });

  std::vector<view_row> found;
  std::optional<window> open;
  auto close = [&] {
    if (open && open->from != 0 && open->until >= open->from && open->counts.entries > 0)
      found.push_back(row_of(*open));
    open.reset();
  };
  auto join = joins.begin();
  for (const auto& x : rounds) {
    auto before = [&](const round_join_record& each) {
      return std::pair(each.tenant, each.round) < std::pair(x.tenant, x.round->id);
    };
    while (join != joins.end() && before(*join))
      ++join;
    bool joined = join != joins.end() && join->tenant == x.tenant && join->round == x.round->id;
    if (open && open->last.tenant == x.tenant && open->last.round->id == x.round->id)
      continue; // ended, and still the row of its tenant
    bool goes_on = joined && open && open->last.tenant == x.tenant &&
                   open->last.round->id.value + 1 == x.round->id.value &&
                   *open->last.destination == *x.destination;
    if (!goes_on) {
      close();
      open = window{x, x, 0, 0, {}};
    }
    extend(*open, x);
  }
  close();
  return found;
}

} // namespace

// Ready before any code runs: other files' initializers may ask for it.
constinit const view varve_restorable_windows{"VARVE_RESTORABLE_WINDOWS", columns, rows};

} // namespace varve
