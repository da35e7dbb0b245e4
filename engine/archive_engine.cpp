#include "engine/archive_engine.hpp"

#include "catalog/views/query.hpp"
#include "engine/archive_destination.hpp"
#include "engine/archive_engine_impl.hpp"
#include "engine/destination/paced_destination.hpp"
#include "engine/log_stream.hpp"
#include "engine/metrics.hpp"
#include "engine/statement_executor.hpp"

#include <algorithm>
#include <thread>

namespace varve {
namespace {

constexpr duration_ns catalog_beat = 200 * one_ms;

template <class T>
status in_range(std::string_view name, T value, T low, T high) {
  if (value >= low && value <= high)
    return {};
  return fail(errc::invalid_argument, "archive_options::" + std::string(name) + " is " +
                                          std::to_string(value) + ", must be between " + std::to_string(low) +
                                          " and " + std::to_string(high));
}

unsigned workers_of(const archive_options& options) {
  return options.threads != 0 ? options.threads : std::max(1U, std::thread::hardware_concurrency());
}

/// The largest entry that surely fits while the tenant's destination has used up its half of the common rest:
/// a quarter of what is not reserved for the workers must hold it twice, as it came and packed, each rounded
/// up to whole slabs, one of them with a block header.
std::uint64_t largest_entry(const archive_options& options) {
  constexpr std::uint64_t slab = slab_arena::slab_bytes;
  auto reserve =
      std::min(options.budget_bytes / 4, 2 * workers_of(options) * (options.block_bytes + 2 * slab));
  return std::min<std::uint64_t>((options.budget_bytes - reserve) / 8 - 2 * slab, 48 << 20);
}

status check(const archive_options& options) {
  constexpr std::uint64_t mib = 1 << 20;
  VARVE_TRY(in_range<std::uint64_t>("budget_bytes", options.budget_bytes, 16 * mib, mib * mib));
  VARVE_TRY(in_range<std::uint32_t>("block_bytes", options.block_bytes, 4 << 10, 8 << 20));
  VARVE_TRY(
      in_range<std::uint64_t>("segment_bytes", options.segment_bytes, mib, format::segment_bytes_max - 1));
  VARVE_TRY(in_range<std::uint64_t>("sync_bytes", options.sync_bytes, 64 << 10, options.segment_bytes));
  VARVE_TRY(in_range<unsigned>("io_threads", options.io_threads, 1, 64));
  VARVE_TRY(in_range<unsigned>("threads", options.threads, 0, 1024));
  VARVE_TRY(in_range<std::uint64_t>("entry_bytes_max", options.entry_bytes_max, 0, largest_entry(options)));
  VARVE_TRY(in_range<duration_ns>("stop_timeout", options.stop_timeout, 0, one_day));
  return {};
}

} // namespace

result<std::unique_ptr<archive_engine>> archive_engine::open(archive_options options) {
  VARVE_TRY(check(options));
  VARVE_TRY_ASSIGN(auto lock, directory_lock::take(options.data_directory));
  VARVE_TRY_ASSIGN(auto where,
                   open_rocksdb_catalog(options.data_directory + "/catalog", catalog_mode::read_write));
  auto environment = system_environment(options);
  return archive_engine_impl::open(std::move(options), std::move(lock), std::move(where),
                                   std::move(environment));
}

result<std::unique_ptr<archive_engine>> archive_engine_impl::open(archive_options options,
                                                                  std::optional<directory_lock> lock,
                                                                  std::unique_ptr<catalog> where,
                                                                  engine_environment environment) {
  VARVE_TRY_ASSIGN(auto identity, where->snapshot()->identity());
  if (!identity) {
    identity = catalog_identity{environment.draw(), environment.now(), false};
    change_set first;
    first.put(*identity);
    VARVE_TRY(where->apply(first, durability::synced));
  }
  std::unique_ptr<archive_engine_impl> engine{new archive_engine_impl{
      std::move(options), std::move(lock), std::move(where), *identity, std::move(environment)}};
  VARVE_TRY(engine->start());
  return std::unique_ptr<archive_engine>(std::move(engine));
}

archive_engine_impl::archive_engine_impl(archive_options options, std::optional<directory_lock> lock,
                                         std::unique_ptr<catalog> where, const catalog_identity& identity,
                                         engine_environment environment)
    : options_(std::move(options)), environment_(std::move(environment)), lock_(std::move(lock)),
      catalog_(std::move(where)), identity_(identity),
      writer_tag_(to_hex(environment_.draw()).substr(0, 16)) {
  auto workers = workers_of(options_);
  if (environment_.actors == nullptr) {
    config_.set("scheduler.max-threads", static_cast<std::size_t>(workers));
    config_.set("scheduler.policy", caf::atom("sharing"));
    config_.set("scheduler.max-throughput", static_cast<std::size_t>(50));
    own_actors_ = std::make_unique<caf::actor_system>(config_);
    environment_.actors = own_actors_.get();
  }

  archive_runtime::settings settings;
  settings.budget_bytes = options_.budget_bytes;
  settings.block_bytes = options_.block_bytes;
  settings.entry_bytes_max = options_.entry_bytes_max;
  if (settings.entry_bytes_max == 0)
    settings.entry_bytes_max =
        static_cast<std::uint32_t>(std::min<std::uint64_t>(default_entry_bytes, largest_entry(options_)));
  settings.segment_bytes = options_.segment_bytes;
  settings.sync_bytes = options_.sync_bytes;
  settings.workers = workers;
  settings.io_threads = options_.io_threads;
  settings.stop_timeout = options_.stop_timeout;
  settings.catalog_beat = catalog_beat;
  settings.how = environment_.how;
  settings.archive = identity_.archive;
  settings.now = environment_.now;
  settings.draw = environment_.draw;
  settings.open = [this](const std::string& uri) -> result<std::shared_ptr<destination>> {
    VARVE_TRY_ASSIGN(auto opened, open_prepared(environment_.open, uri, identity_.archive, writer_tag_));
    auto rate = options_.destination_bytes_per_second;
    return rate == 0 ? opened : pace(std::move(opened), rate, environment_.pace);
  };
  settings.on_error = [this](const error& why) { tell(why); };
  runtime_ = std::make_unique<archive_runtime>(*environment_.actors, *catalog_, std::move(settings));
}

archive_engine_impl::~archive_engine_impl() {
  static_cast<void>(close());
}

status archive_engine_impl::start() {
  auto from = catalog_->snapshot();
  VARVE_TRY_ASSIGN(auto tenants, from->tenants());
  VARVE_TRY_ASSIGN(auto alarms, from->alarms());
  change_set over; // what an engine before feared is looked at anew
  for (auto& each : alarms)
    over.erase_alarm(each.tenant);
  if (!over.empty())
    VARVE_TRY(catalog_->apply(over, durability::buffered));
  for (auto& record : tenants) {
    VARVE_TRY_ASSIGN(auto facts, facts_of(*from, record));
    if (facts.archiving && facts.status.round.status == round_status::stopping)
      VARVE_TRY(take_drop_back(facts));
    // Without a destination nobody would take what an open gate accepts.
    facts.archiving = facts.archiving && !facts.destination.empty();
    runtime_->add_tenant(facts);
  }
  return {};
}

result<std::shared_lock<std::shared_mutex>> archive_engine_impl::use() const {
  // Not waited for: only close() holds it alone, and it may be waiting for the thread that asks. Asked
  // before, so that close() does not wait behind ever new calls, and after, when it can come no more.
  std::shared_lock<std::shared_mutex> held;
  if (!closed())
    held = std::shared_lock{in_use_, std::try_to_lock};
  if (!held || closed())
    return fail(errc::closed, "the engine is closed", "open it again");
  return held;
}

void archive_engine_impl::tell(const error& why) {
  std::lock_guard guard{mutex_};
  auto text = why.to_string();
  if (silent_ || listener_.load() == nullptr || text == last_told_)
    return;
  last_told_ = std::move(text);
  // Not on the thread that failed: a host may call the engine, and wait for that very actor.
  runtime_->notify(std::make_shared<std::function<void(archive_listener&)>>([why](archive_listener& to) {
    try {
      to.on_error(why);
    } catch (...) { // told of that, it would throw again
    }
  }));
}

std::shared_ptr<actor_answers>
archive_engine_impl::give(const std::vector<std::pair<tenant_id, tenant_order>>& what) {
  auto all = std::make_shared<actor_answers>(what.size());
  for (auto& [tenant, order] : what)
    runtime_->order(tenant, order, [all](const status& answer) { all->add(answer); });
  return all;
}

status archive_engine_impl::order(const std::vector<std::pair<tenant_id, tenant_order>>& what,
                                  duration_ns limit) {
  // The end of a round is answered when the destination was given its time.
  limit = std::max(limit, options_.stop_timeout + 10 * one_second);
  return give(what)->wait(environment_, limit, [this] { return closed(); });
}

status archive_engine_impl::close() {
  if (runtime_->in_host_call())
    return fail(errc::not_supported, "close() is called by a listener or callback of this engine",
                "it waits for them: close it on a thread of the host's");
  if (closed_.exchange(true))
    return {};
  std::unique_lock alone{in_use_};
  std::vector<std::pair<tenant_id, tenant_order>> orders;
  for (auto tenant : runtime_->tenants()) {
    tenant_order last;
    last.what = tenant_order::kind::close;
    orders.emplace_back(tenant, last);
  }
  auto flushed = give(orders)->wait(environment_, options_.stop_timeout, [] { return false; });
  static_cast<void>(snapshot()); // writes what waits for the next batch
  runtime_->stop();
  {
    std::lock_guard guard{mutex_};
    silent_ = true;
  }
  for (auto& weak : waiting_.take()) // who comes later finds it closed
    if (auto state = weak.lock())
      state->fulfil({fail(errc::closed, "the engine is closed"), {}});
  if (own_actors_)
    own_actors_->await_all_actors_done();
  return flushed;
}

void archive_engine_impl::set_listener(archive_listener* listener) {
  listener_.store(listener);
  runtime_->set_listener(listener);
}

result<std::unique_ptr<log_stream>> archive_engine_impl::open_stream(tenant_id tenant, stream_id stream,
                                                                     stream_options options) {
  VARVE_TRY_ASSIGN(auto in_use, use());
  auto intake = runtime_->intake(tenant);
  if (!intake)
    return fail(errc::invalid_argument, "tenant " + to_string(tenant) + " is not registered",
                "call register_tenant first");
  bool pulled = options.source != nullptr;
  VARVE_TRY_ASSIGN(auto buffer, intake->open(stream, options.start_lsn, pulled));
  auto opened = std::make_unique<engine_stream>(*this, intake, buffer, pulled);
  if (pulled)
    runtime_->pull(tenant, buffer, options.source);
  return std::unique_ptr<log_stream>(std::move(opened));
}

status archive_engine_impl::drop_stream(tenant_id tenant, stream_id stream, lsn final_lsn) {
  if (closed())
    return fail(errc::closed, "the engine is closed");
  auto intake = runtime_->intake(tenant);
  auto buffer = intake ? intake->find(stream) : nullptr;
  if (!buffer)
    return fail(errc::invalid_argument,
                "tenant " + to_string(tenant) + " has no stream " + to_string(stream));
  buffer->drop_at(final_lsn);
  return {};
}

status archive_engine_impl::advance(tenant_id tenant, scn upto) {
  if (closed())
    return fail(errc::closed, "the engine is closed");
  auto intake = runtime_->intake(tenant);
  if (!intake)
    return fail(errc::invalid_argument, "tenant " + to_string(tenant) + " is not registered");
  return intake->advance(upto);
}

durable_future archive_engine_impl::flush(tenant_id tenant) {
  auto state = std::make_shared<durable_future::shared_state>();
  hold(state);
  auto wait = std::make_shared<durable_wait>();
  wait->whole_tenant = true;
  wait->done = [state](const durable_answer& answer) { state->fulfil(answer); };
  if (closed())
    state->fulfil({fail(errc::closed, "the engine is closed"), {}});
  else
    runtime_->wait(tenant, std::move(wait));
  return durable_future{state};
}

std::shared_ptr<const catalog_snapshot> archive_engine_impl::snapshot() {
  auto written = std::make_shared<actor_answers>(1);
  runtime_->write_catalog([written](const status& answer) { written->add(answer); });
  static_cast<void>(written->wait(environment_)); // what could not be written is told to the listener
  return catalog_->snapshot();
}

status archive_engine_impl::apply(const change_set& changes) {
  auto written = std::make_shared<actor_answers>(1);
  runtime_->apply(changes, [written](const status& answer) { written->add(answer); });
  return written->wait(environment_);
}

void archive_engine_impl::stop_pulling(tenant_id tenant, stream_id stream) {
  auto stopped = std::make_shared<actor_answers>(1);
  runtime_->stop_pulling(tenant, stream, [stopped](const status& answer) { stopped->add(answer); });
  static_cast<void>(stopped->wait(environment_)); // a puller that has ended calls nobody either
}

bool archive_engine_impl::standing_order() const {
  std::lock_guard guard{identity_mutex_};
  return identity_.standing_order;
}

void archive_engine_impl::set_standing_order(bool on, change_set& changes) {
  std::lock_guard guard{identity_mutex_};
  identity_.standing_order = on;
  changes.put(identity_);
}

result<std::vector<sql_result>> archive_engine_impl::execute(std::string_view text) {
  if (closed())
    return fail(errc::closed, "the engine is closed");
  return execute_statements(*this, text);
}

result<sql_result> archive_engine_impl::query(std::string_view select) {
  VARVE_TRY_ASSIGN(auto in_use, use());
  view_input input{snapshot(), now(), {}};
  input.metrics = [&] {
    auto usage = memory_usage();
    return measure(*input.catalog, &usage, input.now);
  };
  VARVE_TRY_ASSIGN(auto table, run_select(select, input));
  return sql_result{std::move(table.columns), std::move(table.rows), {}, {}};
}

archive_engine::usage archive_engine_impl::memory_usage() const {
  usage all;
  all.budget_bytes = options_.budget_bytes;
  all.used_bytes = runtime_->budget().used_bytes();
  all.peak_bytes = runtime_->budget().peak_bytes();
  for (auto tenant : runtime_->tenants())
    if (auto intake = runtime_->intake(tenant)) {
      all.accepted_entries += intake->accepted_entries.load();
      all.accepted_bytes += intake->accepted_bytes.load();
      all.repeats_uncompared += intake->repeats_uncompared.load();
      all.blocks += intake->blocks.load();
      all.block_input_bytes += intake->block_input_bytes.load();
    }
  all.stored_bytes = runtime_->stored_bytes.load();
  all.syncs = runtime_->syncs.load();
  all.commits = runtime_->commits.load();
  all.catalog_batches = runtime_->catalog_batches.load();
  return all;
}

result<std::string> archive_engine_impl::metrics() const {
  auto usage = memory_usage();
  return metrics_text(*catalog_->snapshot(), &usage, now());
}

} // namespace varve
