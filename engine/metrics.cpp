#include "engine/metrics.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <array>
#include <map>

namespace varve {
namespace {

using labels = std::vector<prometheus::ClientMetric::Label>;

/// The families in the order of their names.
class metric_book {
public:
  void gauge(const std::string& name, const std::string& help, double value, labels with = {}) {
    auto& made = add(name, help, prometheus::MetricType::Gauge, std::move(with));
    made.gauge.value = value;
  }
  void counter(const std::string& name, const std::string& help, std::uint64_t value) {
    auto& made = add(name, help, prometheus::MetricType::Counter, {});
    made.counter.value = static_cast<double>(value);
  }
  std::string text() const {
    std::vector<prometheus::MetricFamily> all;
    for (auto& [name, family] : families_)
      all.push_back(family);
    return prometheus::TextSerializer().Serialize(all);
  }

private:
  prometheus::ClientMetric& add(const std::string& name, const std::string& help, prometheus::MetricType type,
                                labels with) {
    auto& family = families_[name];
    family.name = name;
    family.help = help;
    family.type = type;
    auto& made = family.metric.emplace_back();
    made.label = std::move(with);
    return made;
  }
  std::map<std::string, prometheus::MetricFamily> families_;
};

double seconds(std::uint64_t ns) {
  return static_cast<double>(ns) * 1e-9;
}

constexpr std::array statuses{round_status::stop, round_status::beginning, round_status::doing,
                              round_status::stopping, round_status::interrupted};

void add_round(metric_book& book, const round_status_record& x, const labels& who, unix_ns now) {
  for (auto status : statuses) {
    auto with = who;
    with.push_back({"status", std::string(to_string(status))});
    book.gauge("varve_round_status",
               "1 for the status of the tenant's current or last round, 0 for all others",
               x.round.status == status ? 1 : 0, std::move(with));
  }
  book.gauge("varve_round_id", "Number of the tenant's current or last round",
             static_cast<double>(x.round.id.value), who);
  book.gauge("varve_round_input_bytes", "Log archived in the round, before compression",
             static_cast<double>(x.counts.input_bytes), who);
  book.gauge("varve_round_output_bytes", "Log archived in the round, as stored",
             static_cast<double>(x.counts.output_bytes), who);
  book.gauge("varve_checkpoint_timestamp_seconds",
             "Log time up to which everything is durable; 0: nothing yet", seconds(x.round.checkpoint_scn),
             who);
  auto age = x.round.checkpoint_scn != 0 && now > x.round.checkpoint_scn ? now - x.round.checkpoint_scn : 0;
  book.gauge("varve_checkpoint_age_seconds", "How far the checkpoint is behind the clock", seconds(age), who);
  auto troubled = !x.comment.empty() && now > x.comment_since ? now - x.comment_since : 0;
  book.gauge("varve_trouble_seconds",
             "For how long COMMENT has said why the round does not move; 0: all is well", seconds(troubled),
             who);
}

void add_engine(metric_book& book, const archive_engine::usage& x) {
  auto bytes = [&](const std::string& name, const std::string& help, std::uint64_t value) {
    book.gauge(name, help, static_cast<double>(value));
  };
  bytes("varve_memory_budget_bytes", "Memory that log which is not durable yet may take", x.budget_bytes);
  bytes("varve_memory_used_bytes", "Of the budget, what is taken or promised now", x.used_bytes);
  bytes("varve_memory_peak_bytes", "The most that was taken at once", x.peak_bytes);
  book.counter("varve_accepted_entries_total", "Entries that append took", x.accepted_entries);
  book.counter("varve_accepted_bytes_total", "Their payload", x.accepted_bytes);
  book.counter("varve_repeats_uncompared_total",
               "Repeated entries too old to be compared with what is archived", x.repeats_uncompared);
  book.counter("varve_blocks_total", "Blocks cut", x.blocks);
  book.counter("varve_stored_bytes_total", "Bytes of blocks written to destinations", x.stored_bytes);
  book.counter("varve_syncs_total", "Syncs of segments", x.syncs);
  book.counter("varve_commits_total", "Commits created at destinations", x.commits);
  book.counter("varve_catalog_batches_total", "Batches written to the catalog", x.catalog_batches);
}

} // namespace

result<std::string> metrics_text(const catalog_snapshot& from, const archive_engine::usage* usage,
                                 unix_ns now) {
  VARVE_TRY_ASSIGN(auto tenants, from.tenants());
  VARVE_TRY_ASSIGN(auto rounds, from.round_statuses());
  VARVE_TRY_ASSIGN(auto breaks, from.breaks());
  VARVE_TRY_ASSIGN(auto alarms, from.alarms());
  metric_book book;
  for (auto& x : rounds) {
    std::string name;
    for (auto& each : tenants)
      if (each.tenant == x.tenant)
        name = each.name;
    labels who{{"tenant", to_string(x.tenant)}, {"name", name}};
    add_round(book, x, who, now);
    VARVE_TRY_ASSIGN(auto streams, from.streams(x.tenant));
    auto open = std::count_if(streams.begin(), streams.end(), [](auto& each) { return !each.dropped; });
    book.gauge("varve_log_streams", "Log streams that take part in the round", static_cast<double>(open),
               who);
    VARVE_TRY_ASSIGN(auto samples, from.lag_samples(x.tenant));
    if (!samples.empty()) {
      auto& last = samples.back();
      auto lag = last.committed_at > last.checkpoint_scn ? last.committed_at - last.checkpoint_scn : 0;
      book.gauge("varve_commit_seconds", "How long the last commit of a checkpoint took",
                 seconds(last.commit_took), who);
      book.gauge("varve_checkpoint_lag_seconds", "How old the last checkpoint was when it was committed",
                 seconds(lag), who);
    }
    auto count =
        std::count_if(breaks.begin(), breaks.end(), [&](auto& each) { return each.tenant == x.tenant; });
    std::uint64_t in_danger = 0;
    for (auto& each : alarms)
      if (each.tenant == x.tenant)
        in_danger = each.streams;
    book.gauge("varve_alarm_streams", "Log streams that are close to a break", static_cast<double>(in_danger),
               who);
    book.gauge("varve_breaks", "Rounds that a break has interrupted", static_cast<double>(count), who);
  }
  if (usage != nullptr)
    add_engine(book, *usage);
  return book.text();
}

} // namespace varve
