#include "catalog/views/archivelog_row.hpp"

#include "catalog/views/cell_text.hpp"

#include <algorithm>

namespace varve {
namespace {

constexpr std::size_t comment_bytes_max = 4096;
constexpr std::size_t tenants_named_max = 3;

/// Cut at 4096 bytes, and not inside a character.
std::string fit(std::string comment) {
  if (comment.size() <= comment_bytes_max)
    return comment;
  auto end = comment_bytes_max;
  while (end > 0 && (static_cast<unsigned char>(comment[end]) & 0xc0) == 0x80)
    --end;
  comment.resize(end);
  return comment;
}

/// The larger, the sooner it is what a DBA must know about all tenants.
int urgency(round_status status) {
  switch (status) {
  case round_status::interrupted:
    return 5;
  case round_status::stopping:
    return 4;
  case round_status::beginning:
    return 3;
  case round_status::doing:
    return 2;
  case round_status::stop:
    return 1;
  }
  return 0;
}

std::string waiting_comment(const std::vector<tenant_record>& tenants) {
  if (tenants.empty())
    return "ARCHIVELOG is in force and waits for tenants: none is registered yet";
  return "ARCHIVELOG is in force and waits for tenants: none of the " + std::to_string(tenants.size()) +
         " registered is archived";
}

/// "tenant 1001: no space left (for 5m); tenant 1002: …; and 7 more tenants"
std::string gathered_comment(const std::vector<const round_status_record*>& members, unix_ns now) {
  std::string text;
  std::size_t count = 0;
  for (const auto* x : members) {
    if (x->comment.empty())
      continue;
    if (++count > tenants_named_max)
      continue;
    if (!text.empty())
      text.append("; ");
    text.append("tenant ").append(to_string(x->tenant)).append(": ").append(comment_of(*x, now));
  }
  if (count > tenants_named_max)
    text.append("; and ").append(std::to_string(count - tenants_named_max)).append(" more tenants");
  return text;
}

} // namespace

std::string comment_of(const round_status_record& x, unix_ns now) {
  if (x.comment.empty())
    return {};
  auto age = now > x.comment_since ? now - x.comment_since : 0;
  return x.comment + " (for " + age_text(age) + ")";
}

view_row archivelog_row(const round_status_record& x, std::string comment) {
  return {
      std::int64_t{1},
      number_cell(x.round.id),
      number_cell(x.tenant),
      std::string(to_string(x.round.status)),
      number_cell(x.round.start_piece),
      number_cell(std::max(x.current_piece, x.round.start_piece)), // its first one may be still to come
      time_text(x.round.start_scn),
      time_text(x.round.checkpoint_scn),
      number_cell(x.counts.input_bytes),
      number_cell(x.counts.output_bytes),
      compression_ratio(x.counts),
      size_text(x.counts.input_bytes),
      size_text(x.counts.output_bytes),
      fit(std::move(comment)),
      x.limiting_stream ? number_cell(*x.limiting_stream) : view_cell{nullptr},
      x.seq.value != 0 ? number_cell(x.seq) : view_cell{nullptr},
      x.destination,
  };
}

view_row aggregate_archivelog_row(const std::vector<round_status_record>& tenants, bool standing_order,
                                  const std::vector<tenant_record>& registered, unix_ns now) {
  std::vector<const round_status_record*> members;
  for (const auto& x : tenants)
    if (x.round.status != round_status::stop)
      members.push_back(&x);
  if (members.empty() && standing_order) {
    round_status_record waiting;
    waiting.tenant = aggregate_tenant;
    waiting.round.status = round_status::doing;
    return archivelog_row(waiting, waiting_comment(registered));
  }
  if (members.empty())
    for (const auto& x : tenants)
      members.push_back(&x);

  round_status_record all;
  all.tenant = aggregate_tenant;
  if (!members.empty()) {
    all.round = members.front()->round;
    all.current_piece = members.front()->current_piece;
    all.destination = members.front()->destination;
  }
  bool all_started = true;
  for (const auto* x : members) {
    all.round.id = std::max(all.round.id, x->round.id);
    if (urgency(x->round.status) > urgency(all.round.status))
      all.round.status = x->round.status;
    all.round.start_piece = std::min(all.round.start_piece, x->round.start_piece);
    all.current_piece = std::max(all.current_piece, x->current_piece);
    all_started = all_started && x->round.start_scn != 0;
    all.round.start_scn = std::max(all.round.start_scn, x->round.start_scn);
    all.round.checkpoint_scn = std::min(all.round.checkpoint_scn, x->round.checkpoint_scn);
    all.counts += x->counts;
    if (x->destination != all.destination)
      all.destination.clear();
  }
  if (!all_started)
    all.round.start_scn = 0; // not known while one is still BEGINNING
  return archivelog_row(all, gathered_comment(members, now));
}

} // namespace varve
