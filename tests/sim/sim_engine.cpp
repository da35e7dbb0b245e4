#include "tests/sim/sim_engine.hpp"

#include "engine/archive_engine_impl.hpp"

#include <algorithm>

namespace varve::test {
namespace {

/// The engine's catalog, which stays when the engine has ended.
class lent_catalog final : public catalog {
public:
  explicit lent_catalog(std::shared_ptr<crash_catalog> real) : real_(std::move(real)) {}
  std::shared_ptr<const catalog_snapshot> snapshot() const override { return real_->snapshot(); }
  status apply(const change_set& changes, varve::durability how) override {
    return real_->apply(changes, how);
  }

private:
  const std::shared_ptr<crash_catalog> real_;
};

} // namespace

sim_engine::sim_engine(sim_world& world, std::string name, std::shared_ptr<crash_catalog> catalog)
    : world_(world), name_(std::move(name)), catalog_(std::move(catalog)), process_(world.world()),
      dba_(*this) {}

/// Nobody is in a call of the engine's any more.
sim_engine::~sim_engine() {
  kill();
  hosts_.clear();
  engine_.reset();
}

engine_environment sim_engine::environment() {
  engine_environment made;
  made.now = [this] { return world_.log().now(); };
  made.draw = [this] { return world_.draw_id(); };
  made.open = [this](const destination_uri& uri, open_mode, std::string_view) { return open(uri); };
  made.wait = [this, alive = life()](std::unique_lock<std::mutex>& lock, std::condition_variable&,
                                     duration_ns limit, const std::function<bool()>& ready) {
    return world_.wait(*alive, lock, limit < one_day ? limit / static_cast<duration_ns>(hurry_) : limit,
                       ready);
  };
  made.actors = &process_.system();
  made.how = threading::cooperative;
  made.short_pieces = true;
  return made;
}

result<std::shared_ptr<destination>> sim_engine::open(const destination_uri& uri) {
  auto medium = world_.medium_of(uri.to_string());
  if (!medium)
    return fail(errc::invalid_destination, "there is no simulated medium " + uri.to_string());
  auto handle = world_.open_handle(medium, name_);
  if (!alive())
    handle->cut_off();
  handles_.push_back(handle);
  return std::shared_ptr<destination>(handle);
}

void sim_engine::boot() {
  auto& options = world_.options();
  archive_options given;
  given.budget_bytes = options.budget_bytes;
  given.block_bytes = options.block_bytes;
  given.entry_bytes_max = 64 << 10;
  given.segment_bytes = options.segment_bytes;
  given.sync_bytes = options.sync_bytes;
  given.threads = options.workers;
  given.io_threads = options.io_threads;
  given.stop_timeout = 30 * one_second;
  auto life = alive_;
  call booting{*this};
  auto opened =
      archive_engine_impl::open(given, std::nullopt, std::make_unique<lent_catalog>(catalog_), environment());
  if (!opened.ok())
    return world_.broken(name_ + " cannot be opened: " + opened.error().to_string());
  engine_ = std::move(*opened);
  runtime_ = &static_cast<archive_engine_impl&>(*engine_).runtime();
  engine_->set_listener(this);
  for (auto tenant : world_.tenants()) {
    if (world_.is_gone(tenant))
      continue;
    auto known = engine_->register_tenant(tenant, "t" + to_string(tenant));
    if (!*life)
      return;
    if (!known.ok() && known.code() != errc::try_again && known.code() != errc::catalog_error)
      return world_.broken(name_ + ": tenant " + to_string(tenant) +
                           " cannot be registered: " + known.error().to_string());
  }
  for (auto tenant : world_.tenants()) {
    hosts_[tenant] = std::make_unique<sim_host>(*this, tenant);
    hosts_[tenant]->open_new_streams();
  }
  for (auto& [tenant, host] : hosts_)
    host->turn_later();
  dba_.turn_later();
}

void sim_engine::freeze() {
  for (auto& handle : handles_)
    handle->cut_off();
  stand_still(one_day);
}

void sim_engine::kill() {
  if (!std::exchange(*alive_, false))
    return;
  for (auto& handle : handles_)
    handle->cut_off();
  if (engine_)
    engine_->set_listener(nullptr);
  process_.kill();
}

/// The hosts let go of their streams first, as the door demands.
void sim_engine::close() {
  auto life = alive_;
  call closing{*this};
  writing_ = false;
  for (auto& [tenant, host] : hosts_) {
    host->let_go();
    if (!*life)
      return;
  }
  static_cast<void>(engine_->close()); // the destination may not answer in time
  if (*life)
    kill();
}

bool sim_engine::knows(tenant_id tenant) const {
  return runtime_->intake(tenant) != nullptr;
}

status sim_engine::drop(tenant_id tenant) {
  auto life = alive_;
  call dropping{*this};
  hosts_.at(tenant)->let_go();
  if (!*life)
    return fail(errc::closed, "the process has ended");
  hosts_.at(tenant)->forget();
  return engine_->drop_tenant(tenant);
}

status sim_engine::register_again(tenant_id tenant) {
  call registering{*this};
  hosts_.at(tenant)->takes_back();
  return engine_->register_tenant(tenant, "t" + to_string(tenant));
}

sim_host* sim_engine::host(tenant_id tenant) {
  auto found = hosts_.find(tenant);
  return alive() && found != hosts_.end() ? found->second.get() : nullptr;
}

std::optional<round_status_record> sim_engine::row(tenant_id tenant) const {
  auto found = catalog_->snapshot()->round_status(tenant);
  return found.ok() ? *found : std::nullopt;
}

bool sim_engine::needs_dba(tenant_id tenant) const {
  auto intake = runtime_->intake(tenant);
  return !intake || intake->gate() != intake_gate::open;
}

bool sim_engine::is_mandatory(tenant_id tenant) const {
  auto intake = runtime_->intake(tenant);
  return intake && intake->mode() == archive_mode::mandatory;
}

bool sim_engine::caught_up(tenant_id tenant) const {
  auto found = row(tenant);
  if (!found || found->round.status != round_status::doing || needs_dba(tenant))
    return false;
  for (auto& [id, of] : world_.log().streams(tenant)) {
    auto position = hosts_.at(tenant)->archived(id);
    if (position != host_log::end_of(of) && of.oldest != host_log::end_of(of))
      return false;
    if (!of.dropped && found->round.checkpoint_scn < of.last_scn)
      return false;
  }
  return true;
}

std::uint64_t sim_engine::owed_bytes() const {
  std::uint64_t owed = 0;
  for (auto& [tenant, host] : hosts_)
    for (auto& [id, of] : world_.log().streams(tenant))
      for (auto i = host_log::find(of, host->archived(id)); i < of.entries.size(); ++i)
        owed += of.entries[i].bytes;
  return owed;
}

std::string sim_engine::standing(tenant_id tenant) const {
  auto text = name_ + " tenant " + to_string(tenant);
  if (auto intake = runtime_->intake(tenant))
    text += ": gate " + std::to_string(static_cast<int>(intake->gate()));
  if (auto found = row(tenant))
    text += ", round " + to_string(found->round.id) + " " + std::string(to_string(found->round.status)) +
            " checkpoint " + std::to_string(found->round.checkpoint_scn) + " seq " + to_string(found->seq) +
            " comment '" + found->comment + "'";
  return text + hosts_.at(tenant)->standing();
}

std::size_t sim_engine::open_waits() const {
  std::size_t sum = 0;
  for (auto& [tenant, host] : hosts_)
    sum += host->open_waits();
  return sum;
}

void sim_engine::publish() {
  auto rows = catalog_->snapshot()->round_statuses();
  if (!rows.ok())
    return;
  for (auto& row : *rows)
    if (row.round.checkpoint_scn > 0)
      world_.model().published(row.destination, row.tenant, row.round.id, row.round.checkpoint_scn);
}

void sim_engine::check_memory() const {
  if (!engine_)
    return;
  auto used = runtime_->budget().used_bytes();
  // What waits when a tenant is taken over is cut anew at the borders of pieces, each part in slabs of its
  // own.
  auto most = world_.options().budget_bytes + world_.options().budget_bytes / 8;
  if (used > most)
    throw broken_claim(name_ + " uses " + std::to_string(used) + " bytes of memory, promised at most " +
                       std::to_string(most));
}

void sim_engine::on_round_began(tenant_id tenant, round_id round) {
  world_.note(name_ + ": round " + to_string(round) + " of tenant " + to_string(tenant) + " begins");
  if (auto* to = host(tenant))
    to->round_began();
}

void sim_engine::on_room(tenant_id tenant, stream_id stream, lsn) {
  if (auto* to = host(tenant))
    to->room(stream);
}

void sim_engine::on_resend_from(tenant_id tenant, stream_id stream, lsn from, std::string_view why) {
  ++world_.counts().resends;
  world_.befell(tenant).resent = true;
  world_.note(name_ + ": tenant " + to_string(tenant) + " stream " + to_string(stream) +
              " must be handed over again from LSN " + std::to_string(from) + ": " + std::string(why));
  if (auto* to = host(tenant))
    to->must_resend(stream);
}

void sim_engine::on_interrupted(tenant_id tenant, std::string_view why) {
  ++world_.counts().breaks;
  world_.befell(tenant).broke = true;
  world_.note(name_ + ": tenant " + to_string(tenant) + " is interrupted: " + std::string(why));
  if (auto* to = host(tenant)) {
    if (!to->has_lost_log())
      world_.broken(name_ + ": tenant " + to_string(tenant) + " is interrupted (" + std::string(why) +
                    "), but the host still has all the log it was asked for");
    to->interrupted();
  }
  if (!knows_break(tenant))
    world_.broken(name_ + ": tenant " + to_string(tenant) +
                  " is interrupted, and a power failure now would leave nothing that says so");
}

/// A break is written down for good before anybody is told: in the outbox until the destination has it, then
/// in the history.
bool sim_engine::knows_break(tenant_id tenant) const {
  if (catalog_->failed())
    return true; // and can write nothing down
  auto left = catalog_->synced()->snapshot();
  auto outbox = left->outbox(tenant).value();
  auto breaks = left->breaks().value();
  auto is_of_the_round = [now = row(tenant)](auto& x) { return !now || x.round == now->round.id; };
  return std::ranges::any_of(
             outbox, [&](auto& x) { return x.status == round_status::interrupted && is_of_the_round(x); }) ||
         std::ranges::any_of(breaks, [&](auto& x) { return x.tenant == tenant && is_of_the_round(x); });
}

void sim_engine::watch_checkpoint(tenant_id tenant) {
  auto found = row(tenant);
  if (!found)
    return;
  auto& seen = seen_[{found->destination, tenant, found->round.id}];
  if (found->round.checkpoint_scn < seen)
    world_.broken(name_ + ": the checkpoint of tenant " + to_string(tenant) + " round " +
                  to_string(found->round.id) + " goes back from " + std::to_string(seen) + " to " +
                  std::to_string(found->round.checkpoint_scn));
  if (found->round.checkpoint_scn > seen)
    world_.shown(*this, found->destination, tenant, found->round);
  seen = found->round.checkpoint_scn;
}

void sim_engine::on_fenced(tenant_id tenant, std::string_view why) {
  ++world_.counts().fenced;
  world_.befell(tenant).fenced = true;
  world_.note(name_ + ": tenant " + to_string(tenant) + " is fenced: " + std::string(why));
  if (auto* to = host(tenant))
    to->lost_the_tenant();
  if (!world_.had_company(name_))
    world_.broken(name_ + ": tenant " + to_string(tenant) + " is fenced (" + std::string(why) +
                  "), but no other engine was there since it started");
}

void sim_engine::on_durable(tenant_id tenant, stream_id stream, stream_position position) {
  if (auto* to = host(tenant))
    to->durable(stream, position);
}

/// The catalog's troubles are the simulation's own; anything else is told to nobody else.
void sim_engine::on_error(const error& why) {
  world_.note(name_ + " reports: " + why.to_string());
  if (!catalog_->failed())
    world_.broken(name_ + " reports an error: " + why.to_string());
}

} // namespace varve::test
