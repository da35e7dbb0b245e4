#include "tests/sim/sim_engine.hpp"

#include "engine/reader/archive_scan.hpp"

#include <algorithm>

namespace varve::test {
sim_engine::sim_engine(sim_world& world, std::string name, std::shared_ptr<crash_catalog> catalog)
    : world_(world), name_(std::move(name)), catalog_(std::move(catalog)), process_(world.world()) {
  auto& options = world_.options();
  archive_runtime::settings settings;
  settings.budget_bytes = options.budget_bytes;
  settings.block_bytes = options.block_bytes;
  settings.entry_bytes_max = 64 << 10;
  settings.segment_bytes = options.segment_bytes;
  settings.sync_bytes = options.sync_bytes;
  settings.workers = options.workers;
  settings.io_threads = options.io_threads;
  settings.stop_timeout = 30 * one_second;
  settings.catalog_beat = 200 * one_ms;
  settings.how = threading::cooperative;
  settings.archive = world_.archive();
  settings.now = [this] { return world_.log().now(); };
  settings.draw = [this] { return world_.draw_id(); };
  // As the door opens a destination: it must be there and be ours.
  settings.open = [this](const std::string&) -> result<std::shared_ptr<destination>> {
    auto handle = world_.open_handle(name_);
    VARVE_TRY_ASSIGN(auto identity, read_identity(*handle));
    if (identity.archive != world_.archive())
      return fail(errc::foreign_destination, "the destination belongs to another archive");
    handles_.push_back(handle);
    return std::shared_ptr<destination>(handle);
  };
  settings.on_error = [this](const error& why) {
    world_.broken(name_ + " reports an error: " + why.to_string());
  };
  runtime_ = std::make_unique<archive_runtime>(process_.system(), *catalog_, std::move(settings));
  runtime_->set_listener(this);
  for (auto tenant : world_.tenants()) {
    runtime_->add_tenant(facts_of(tenant));
    auto& host = hosts_[tenant];
    // A database opens all its streams before it hands anything over.
    for (auto& [id, log] : world_.log().streams(tenant)) {
      auto buffer = runtime_->intake(tenant)->find_or_add(id);
      buffer->attach(lsn{0});
      host.streams[id].buffer = buffer;
      host.streams[id].durable = buffer->committed().next_lsn;
    }
    if (options.one_rests && host.streams.size() > 1)
      host.rests = std::next(host.streams.begin(), draw_index(host.streams.size()))->first;
    host_turn(tenant);
  }
}

std::ptrdiff_t sim_engine::draw_index(std::size_t below) {
  return static_cast<std::ptrdiff_t>(world_.world().draw(below));
}

sim_engine::~sim_engine() {
  kill();
}

void sim_engine::kill() {
  if (!std::exchange(*alive_, false))
    return;
  for (auto& handle : handles_)
    handle->cut_off();
  runtime_->set_listener(nullptr);
  process_.kill();
  hosts_.clear();
  runtime_.reset();
}

archive_runtime::tenant_facts sim_engine::facts_of(tenant_id tenant) const {
  auto from = catalog_->snapshot();
  archive_runtime::tenant_facts facts;
  facts.tenant = tenant;
  facts.destination = uri;
  facts.option = world_.options().option;
  facts.how = world_.options().how;
  facts.archiving = true;
  if (auto row = from->round_status(tenant).value())
    facts.status = *row;
  facts.outbox = from->outbox(tenant).value();
  facts.streams = from->streams(tenant).value();
  if (auto samples = from->lag_samples(tenant).value(); !samples.empty())
    facts.last_lag_sample = samples.back().number;
  return facts;
}

/// The host of one tenant at work: writes, hands over, advances, waits. Comes again after a pause.
void sim_engine::host_turn(tenant_id tenant) {
  auto& world = world_.world();
  auto& host = hosts_.at(tenant);
  if (writing_ && world_.engines().size() <= 1 + world.draw(2)) {
    auto count = world.draw(world_.options().entries_a_turn + std::uint64_t{1});
    for (std::uint64_t i = 0; i < count; ++i) {
      auto id = std::next(host.streams.begin(), draw_index(host.streams.size()))->first;
      if (id != host.rests)
        world_.log().write(tenant, id, world_.options().entry_bytes);
    }
  }
  for (auto& [id, stream] : host.streams)
    hand_over(tenant, id, stream);
  if (!writing_ || world.chance(300))
    advance(tenant, host);
  if (writing_ && world.chance(150))
    wait(tenant, host);
  world.after(world.draw(world_.options().host_pause / 2, world_.options().host_pause * 3 / 2),
              [this, tenant, alive = alive_] {
                if (*alive)
                  host_turn(tenant);
              });
}

void sim_engine::hand_over(tenant_id tenant, stream_id id, stream_host& to) {
  auto& log = world_.log().at(tenant, id);
  auto at = host_log::find(log, to.buffer->expected_lsn());
  // Now and then the host is not sure how far it got.
  if (at > 0 && world_.world().chance(50))
    at -= world_.world().draw(std::min<std::size_t>(at, 5) + 1);
  for (; at < log.entries.size(); ++at) {
    auto& next = log.entries[at];
    auto payload = host_log::payload(tenant, id, next);
    auto answer = to.buffer->append({next.lsn, next.next_lsn, next.scn, payload});
    switch (answer.outcome) {
    case append_outcome::accepted:
    case append_outcome::repeated:
      break;
    case append_outcome::full:
      ++world_.counts().refused_full;
      return; // on_room or the next turn
    case append_outcome::fenced:
      return;
    default:
      return refused(tenant, id, answer);
    }
  }
}

void sim_engine::refused(tenant_id tenant, stream_id id, const append_answer& answer) {
  world_.broken(name_ + ": the log of tenant " + to_string(tenant) + " stream " + to_string(id) +
                " is refused (outcome " + std::to_string(static_cast<int>(answer.outcome)) +
                "): " + answer.failed.to_string());
}

/// The host may only promise what it has handed over.
void sim_engine::advance(tenant_id tenant, tenant_host& host) {
  auto limit = world_.log().now();
  for (auto& [id, stream] : host.streams) {
    auto& log = world_.log().at(tenant, id);
    auto at = host_log::find(log, stream.buffer->expected_lsn());
    auto upto = at < log.entries.size() ? log.entries[at].scn - 1 : world_.log().now();
    if (world_.world().chance(100)) {
      world_.log().promise(tenant, upto);
      stream.buffer->advance(upto);
    }
    limit = std::min(limit, upto);
  }
  world_.log().promise(tenant, limit);
  runtime_->intake(tenant)->advance(limit);
}

/// Asks to be told when what was handed over is durable: of one stream or of all.
void sim_engine::wait(tenant_id tenant, tenant_host& host) {
  auto wanted = std::make_shared<std::map<stream_id, lsn>>();
  auto what = std::make_shared<durable_wait>();
  what->whole_tenant = world_.world().chance(300);
  for (auto& [id, stream] : host.streams)
    wanted->emplace(id, stream.buffer->expected_lsn());
  if (!what->whole_tenant) {
    auto one = std::next(wanted->begin(), draw_index(wanted->size()));
    what->stream = one->first;
    what->upto = one->second;
    *wanted = {*one};
  }
  ++open_waits_;
  ++world_.counts().waits;
  what->done = [this, tenant, wanted, alive = alive_](const durable_answer& answer) {
    if (!*alive)
      return;
    --open_waits_;
    if (!answer.outcome.ok()) {
      if (answer.outcome.code() != errc::fenced)
        world_.broken(name_ + ": a wait fails: " + answer.outcome.error().to_string());
      return;
    }
    for (auto& [id, upto] : *wanted) {
      auto& log = world_.log().at(tenant, id);
      auto at = host_log::find(log, upto);
      acknowledge(tenant, id, {upto, at == 0 ? 0 : log.entries[at - 1].scn});
    }
  };
  runtime_->wait(tenant, what);
}

void sim_engine::acknowledge(tenant_id tenant, stream_id id, const stream_position& position) {
  auto& stream = hosts_.at(tenant).streams.at(id);
  if (stream.frozen_at && position.next_lsn > *stream.frozen_at)
    world_.broken(name_ + " acknowledges tenant " + to_string(tenant) + " stream " + to_string(id) +
                  " up to LSN " + std::to_string(position.next_lsn) +
                  " although another engine took the tenant over when it had accepted LSN " +
                  std::to_string(*stream.frozen_at));
  world_.acknowledged(*this, tenant, id, position);
  acknowledging_.insert(tenant);
}

void sim_engine::freeze(tenant_id tenant) {
  for (auto& [id, stream] : hosts_.at(tenant).streams)
    if (!stream.frozen_at)
      stream.frozen_at = stream.buffer->expected_lsn();
}

bool sim_engine::fenced(tenant_id tenant) const {
  return runtime_->intake(tenant)->gate() == intake_gate::fenced;
}

void sim_engine::take_back(tenant_id tenant) {
  world_.note(name_ + " takes tenant " + to_string(tenant) + " back");
  ++world_.counts().taken_back;
  for (auto& [id, stream] : hosts_.at(tenant).streams)
    stream.frozen_at.reset();
  acknowledging_.erase(tenant);
  tenant_order order;
  order.what = tenant_order::kind::archivelog;
  order.destination = uri;
  order.option = world_.options().option;
  runtime_->order(tenant, order, [this, alive = alive_](const status& outcome) {
    if (*alive && !outcome.ok())
      world_.broken(name_ + ": ARCHIVELOG fails: " + outcome.error().to_string());
  });
}

bool sim_engine::caught_up(tenant_id tenant, scn upto) const {
  for (auto& [id, stream] : hosts_.at(tenant).streams)
    if (stream.buffer->committed().next_lsn != host_log::end_of(world_.log().at(tenant, id)))
      return false;
  auto row = catalog_->snapshot()->round_status(tenant).value();
  return row && row->round.checkpoint_scn >= upto;
}

std::string sim_engine::standing(tenant_id tenant) const {
  auto text = name_ + " tenant " + to_string(tenant) + ": gate " +
              std::to_string(static_cast<int>(runtime_->intake(tenant)->gate()));
  if (auto row = catalog_->snapshot()->round_status(tenant).value())
    text += ", " + std::string(to_string(row->round.status)) + " checkpoint " +
            std::to_string(row->round.checkpoint_scn) + " seq " + to_string(row->seq) + " comment '" +
            row->comment + "'";
  for (auto& [id, stream] : hosts_.at(tenant).streams)
    text += "; stream " + to_string(id) + " committed " +
            std::to_string(stream.buffer->committed().next_lsn) + " expected " +
            std::to_string(stream.buffer->expected_lsn()) + " of " +
            std::to_string(host_log::end_of(world_.log().at(tenant, id)));
  return text;
}

/// What the views of this engine say counts as told.
void sim_engine::publish() {
  auto from = catalog_->snapshot();
  for (auto& [tenant, host] : hosts_)
    if (auto row = from->round_status(tenant).value())
      world_.model().published(tenant, row->round.checkpoint_scn);
}

void sim_engine::on_room(tenant_id tenant, stream_id stream, lsn) {
  auto& of = hosts_.at(tenant).streams;
  if (auto found = of.find(stream); found != of.end())
    hand_over(tenant, stream, found->second);
}

void sim_engine::on_resend_from(tenant_id tenant, stream_id stream, lsn from, std::string_view why) {
  ++world_.counts().resends;
  world_.note(name_ + ": tenant " + to_string(tenant) + " stream " + to_string(stream) +
              " must be handed over again from LSN " + std::to_string(from) + ": " + std::string(why));
}

void sim_engine::on_interrupted(tenant_id tenant, std::string_view why) {
  world_.broken(name_ + ": tenant " + to_string(tenant) + " is interrupted: " + std::string(why));
}

void sim_engine::on_fenced(tenant_id tenant, std::string_view why) {
  ++world_.counts().fenced;
  world_.note(name_ + ": tenant " + to_string(tenant) + " is fenced: " + std::string(why));
}

void sim_engine::on_durable(tenant_id tenant, stream_id stream, stream_position position) {
  auto& of = hosts_.at(tenant).streams.at(stream);
  if (position.next_lsn < of.durable && !fenced(tenant))
    world_.broken(name_ + ": the durable position of tenant " + to_string(tenant) + " stream " +
                  to_string(stream) + " goes back from LSN " + std::to_string(of.durable) + " to " +
                  std::to_string(position.next_lsn));
  of.durable = std::max(of.durable, position.next_lsn);
  acknowledge(tenant, stream, position);
}

} // namespace varve::test
