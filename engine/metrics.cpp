#include "engine/metrics.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <array>
#include <optional>

namespace varve {
namespace {

/// Whose a value is.
struct metric_owner {
  std::optional<tenant_id> tenant;
  std::vector<std::pair<std::string, std::string>> labels;
};

/// Values as they are measured.
class metric_book {
public:
  void gauge(const std::string& name, const std::string& help, double value, metric_owner whose = {}) {
    add(name, metric_kind::gauge, help, value, std::move(whose));
  }
  void counter(const std::string& name, const std::string& help, std::uint64_t value) {
    add(name, metric_kind::counter, help, static_cast<double>(value), {});
  }
  /// By name; those of one name as they came.
  std::vector<metric_sample> take() {
    std::stable_sort(samples_.begin(), samples_.end(), [](auto& a, auto& b) { return a.name < b.name; });
    return std::move(samples_);
  }

private:
  void add(const std::string& name, metric_kind kind, const std::string& help, double value,
           metric_owner whose) {
    samples_.push_back({name, kind, help, std::move(whose.labels), whose.tenant, value});
  }
  std::vector<metric_sample> samples_;
};

double seconds(std::uint64_t ns) {
  return static_cast<double>(ns) * 1e-9;
}

constexpr std::array statuses{round_status::stop, round_status::beginning, round_status::doing,
                              round_status::stopping, round_status::interrupted};

void add_round(metric_book& book, const round_status_record& x, const metric_owner& who, unix_ns now) {
  for (auto status : statuses) {
    auto with = who;
    with.labels.emplace_back("status", to_string(status));
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

result<std::vector<metric_sample>> measure(const catalog_snapshot& from, const archive_engine::usage* usage,
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
    metric_owner who{x.tenant, {{"tenant", to_string(x.tenant)}, {"name", name}}};
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
  return book.take();
}

result<std::string> metrics_text(const catalog_snapshot& from, const archive_engine::usage* usage,
                                 unix_ns now) {
  VARVE_TRY_ASSIGN(auto samples, measure(from, usage, now));
  std::vector<prometheus::MetricFamily> families;
  for (auto& x : samples) {
    bool counts = x.kind == metric_kind::counter;
    if (families.empty() || families.back().name != x.name)
      families.push_back(
          {x.name, x.help, counts ? prometheus::MetricType::Counter : prometheus::MetricType::Gauge, {}});
    auto& made = families.back().metric.emplace_back();
    for (auto& [name, value] : x.labels)
      made.label.push_back({name, value});
    (counts ? made.counter.value : made.gauge.value) = x.value;
  }
  return prometheus::TextSerializer().Serialize(families);
}

} // namespace varve
