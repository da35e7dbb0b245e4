#include "actors/archive_runtime.hpp"

#include "actors/archive_supervisor.hpp"
#include "actors/compressor.hpp"
#include "actors/notifier.hpp"

#include <algorithm>

namespace varve {
namespace {

memory_budget::limits limits_of(const archive_runtime::settings& given) {
  // Two blocks per worker are never lent: a compressor's own copies of the block it packs, raw and packed.
  auto block = std::uint64_t{given.block_bytes} + slab_arena::slab_bytes * 2;
  auto reserve = std::min(given.budget_bytes / 4, block * 2 * given.workers);
  auto run = whole_slabs(format::block_header_bytes + std::uint64_t{given.block_bytes});
  auto room = std::clamp<std::uint64_t>(given.budget_bytes / 64, slab_arena::slab_bytes,
                                        std::max<std::uint64_t>(given.block_bytes, slab_arena::slab_bytes));
  room = room / slab_arena::slab_bytes * slab_arena::slab_bytes;
  return {given.budget_bytes, reserve, run, room};
}

} // namespace

archive_runtime::archive_runtime(caf::actor_system& system, catalog& where, settings given)
    : system_(system), settings_(std::move(given)), budget_(limits_of(settings_)) {
  // More than the tenant may hold unsynced would never be synced by size alone.
  settings_.sync_bytes = std::min(settings_.sync_bytes, settings_.budget_bytes / 8);
  catalog_writer_ = spawn_catalog_writer(system_, where, settings_.catalog_beat, settings_.how,
                                         catalog_batches, settings_.on_error);
  for (unsigned i = 0; i < settings_.workers; ++i)
    compressors_.push_back(spawn_compressor(system_, budget_.arena()));
  supervisor_ = spawn_supervisor(system_, settings_.on_error);
  notifier_ = spawn_notifier(system_, {[this] { return listener_.load(); }, settings_.on_error, &calling_},
                             settings_.how);
  // Called with a stream's lock held: both only send a message.
  budget_.on_room = [this](tenant_id tenant, stream_id stream) {
    if (auto of = intake(tenant))
      of->signal_room(stream);
  };
  budget_.on_pressure = [this](tenant_id tenant) {
    if (auto of = intake(tenant))
      of->signal_pressure();
  };
}

archive_runtime::~archive_runtime() {
  stop();
  // The tenants go one by one and give their memory back: nobody must be found any more who waits for it.
  budget_.on_room = nullptr;
  budget_.on_pressure = nullptr;
}

std::shared_ptr<tenant_intake> archive_runtime::intake(tenant_id tenant) const {
  std::shared_lock lock{mutex_};
  auto found = tenants_.find(tenant);
  return found == tenants_.end() ? nullptr : found->second->intake;
}

void archive_runtime::notify(notice what) {
  std::shared_lock lock{mutex_};
  caf::anon_send(notifier_, notify_atom::value, std::move(what)); // after stop() there is none
}

std::vector<tenant_id> archive_runtime::tenants() const {
  std::shared_lock lock{mutex_};
  std::vector<tenant_id> all;
  for (auto& [id, of] : tenants_)
    all.push_back(id);
  return all;
}

void archive_runtime::add_tenant(const tenant_facts& facts) {
  auto made = std::make_shared<tenant>();
  made->facts = facts;
  made->intake = std::make_shared<tenant_intake>(
      facts.tenant, budget_, tenant_intake::limits{settings_.block_bytes, settings_.entry_bytes_max});
  made->intake->set_option(facts.how);
  for (auto& row : facts.streams) {
    stream_row known{row.stream, row.start_lsn, row.position, row.dropped};
    if (row.dropped)
      made->intake->remember(known);
    else
      made->intake->find_or_add(row.stream)->estimate(known);
  }
  // The gate is as the catalog says before the first append can come.
  auto round = facts.status.round.status;
  if (round == round_status::beginning || (facts.archiving && round == round_status::stop))
    made->intake->begin_round(); // what is known is of the rounds before
  if (round == round_status::interrupted)
    made->intake->set_gate(intake_gate::interrupted);
  else if (facts.archiving || round == round_status::beginning || round == round_status::doing)
    made->intake->set_gate(intake_gate::open);
  if (round != round_status::stop)
    made->intake->set_checkpoint(facts.status.round.checkpoint_scn);
  std::unique_lock lock{mutex_};
  if (!tenants_.emplace(facts.tenant, made).second)
    return;
  bool needed = facts.archiving || facts.status.round.status != round_status::stop || !facts.outbox.empty();
  if (needed && !facts.destination.empty())
    spawn_tenant(*made, facts.destination);
}

void archive_runtime::remove_tenant(tenant_id id) {
  decltype(tenants_)::node_type node; // goes without the lock: its memory may be room for others
  std::unique_lock lock{mutex_};
  node = tenants_.extract(id);
  if (!node.empty())
    end_tenant(*node.mapped());
}

void archive_runtime::refresh(const tenant_facts& facts) {
  std::unique_lock lock{mutex_};
  if (auto found = tenants_.find(facts.tenant); found != tenants_.end())
    found->second->facts = facts;
}

io_pool_actor archive_runtime::pool_of(const std::string& uri) {
  auto& pool = pools_[uri];
  if (!pool)
    pool = spawn_io_pool(
        system_, [open = settings_.open, uri] { return open(uri); }, settings_.io_threads, settings_.how);
  return pool;
}

void archive_runtime::spawn_tenant(tenant& of, const std::string& uri) {
  auto id = of.intake->id();
  of.destination = uri;
  budget_.set_group(of.intake->account(), uri);
  auto pool = pool_of(uri);

  // The three know each other, so the checkpoint is reached through a slot that is filled last, and that does
  // not keep it alive: it holds the other two.
  auto checkpoint = std::make_shared<caf::actor_addr>();
  auto slot_mutex = std::make_shared<std::mutex>();
  auto to_checkpoint = [checkpoint, slot_mutex](auto... message) {
    std::lock_guard lock{*slot_mutex};
    if (auto to = caf::actor_cast<checkpoint_actor>(*checkpoint))
      caf::anon_send(to, message...);
  };
  piece_writer_parts writing;
  writing.pool = pool;
  writing.now = settings_.now;
  writing.on_trouble = [to_checkpoint](error_ptr what) {
    to_checkpoint(trouble_atom::value, std::move(what));
  };
  writing.syncs = &syncs;
  writing.stored_bytes = &stored_bytes;
  of.writer = spawn_piece_writer(system_, std::move(writing));

  log_stream_parts streaming;
  streaming.intake = of.intake;
  streaming.writer = of.writer;
  streaming.compressors = compressors_;
  streaming.notify = [to = notifier_](notice what) {
    caf::anon_send(to, notify_atom::value, std::move(what));
  };
  streaming.press_bytes = settings_.budget_bytes / 16;
  of.log_stream =
      spawn_log_stream(system_, std::move(streaming), [to_checkpoint] { to_checkpoint(work_atom::value); });

  checkpoint_parts parts;
  parts.tenant = id;
  parts.intake = of.intake;
  parts.log_stream = of.log_stream;
  parts.writer = of.writer;
  parts.pool = pool;
  parts.catalog = catalog_writer_;
  parts.archive = settings_.archive;
  parts.now = settings_.now;
  parts.draw = settings_.draw;
  parts.destination = uri;
  parts.option = of.facts.option;
  parts.segment_bytes = settings_.segment_bytes;
  parts.sync_bytes = settings_.sync_bytes;
  parts.commit_blocks = settings_.commit_blocks;
  parts.stop_timeout = settings_.stop_timeout;
  parts.commits = &commits;
  parts.status = of.facts.status;
  parts.status.tenant = of.facts.tenant; // the catalog may have no row of it yet
  parts.archiving = of.facts.archiving;
  parts.outbox = of.facts.outbox;
  for (auto& each : of.facts.writers)
    if (each.destination == uri)
      parts.known_as = each.writers;
  parts.broke = of.facts.broke;
  parts.last_lag_sample = of.facts.last_lag_sample;
  of.checkpoint = spawn_checkpoint(system_, std::move(parts));
  {
    std::lock_guard lock{*slot_mutex};
    *checkpoint = of.checkpoint.address();
  }
  tenant_intake::signals signals;
  signals.on_work = [to = of.log_stream] { caf::anon_send(to, work_atom::value); };
  signals.on_pressure = [to = of.log_stream] { caf::anon_send(to, pressure_atom::value); };
  signals.on_room = [to = of.log_stream](stream_id stream) {
    caf::anon_send(to, room_atom::value, stream.value);
  };
  signals.on_repeat = [to = of.checkpoint](stream_id stream) {
    caf::anon_send(to, repeat_atom::value, stream.value);
  };
  of.intake->connect(std::move(signals));
  std::vector<caf::actor> needed{caf::actor_cast<caf::actor>(of.checkpoint),
                                 caf::actor_cast<caf::actor>(of.log_stream),
                                 caf::actor_cast<caf::actor>(of.writer), caf::actor_cast<caf::actor>(pool),
                                 caf::actor_cast<caf::actor>(catalog_writer_)};
  for (auto& compressor : compressors_)
    needed.push_back(caf::actor_cast<caf::actor>(compressor));
  supervise(supervisor_, of.intake, std::move(needed), [to = of.checkpoint](const error& why) {
    caf::anon_send(to, end_atom::value, std::make_shared<const error>(why));
  });
}

void archive_runtime::end_tenant(tenant& of) {
  of.intake->disconnect();
  if (of.destination.empty())
    return;
  unsupervise(supervisor_, of.intake->id());
  caf::anon_send_exit(of.checkpoint, caf::exit_reason::user_shutdown);
  caf::anon_send_exit(of.log_stream, caf::exit_reason::user_shutdown);
  caf::anon_send_exit(of.writer, caf::exit_reason::user_shutdown);
  of.checkpoint = nullptr;
  of.log_stream = nullptr;
  of.writer = nullptr;
  of.destination.clear();
}

void archive_runtime::set_option(tenant_id tenant, const archive_option& how) {
  if (auto of = intake(tenant))
    of->set_option(how);
}

template <class Handle, class... Words>
void archive_runtime::ask(const Handle& to, errc trouble, answer_to done, Words... words) {
  if (!to)
    return done(fail(errc::closed, "the engine is closed"));
  system_.spawn([=](caf::event_based_actor* self) {
    self->request(to, caf::infinite, words...)
        .then([done](bool) { done({}); },
              [=](caf::error& why) { done(fail(trouble, "no answer: " + self->system().render(why))); });
  });
}

void archive_runtime::apply(const change_set& changes, answer_to done) {
  ask(catalog_writer_, errc::catalog_error, std::move(done), apply_atom::value,
      std::make_shared<change_set>(changes));
}

void archive_runtime::write_catalog(answer_to done) {
  ask(catalog_writer_, errc::catalog_error, std::move(done), stop_atom::value);
}

void archive_runtime::order(tenant_id id, tenant_order what, answer_to done) {
  checkpoint_actor to;
  {
    std::unique_lock lock{mutex_};
    auto found = tenants_.find(id);
    if (found == tenants_.end())
      return done(fail(errc::invalid_argument, "tenant " + to_string(id) + " is not registered"));
    auto& of = *found->second;
    using kind = tenant_order::kind;
    if (what.what == kind::archivelog || what.what == kind::options)
      of.facts.option = what.option;
    if (what.what == kind::archivelog && of.destination != what.destination) {
      end_tenant(of);
      spawn_tenant(of, what.destination);
    }
    to = of.checkpoint;
  }
  if (!to)
    return done({}); // no actors, nothing that would change
  ask(to, errc::closed, std::move(done), order_atom::value,
      std::make_shared<const tenant_order>(std::move(what)));
}

void archive_runtime::wait(tenant_id tenant, durable_wait_ptr what) {
  checkpoint_actor to;
  {
    std::shared_lock lock{mutex_};
    auto found = tenants_.find(tenant);
    if (found != tenants_.end()) {
      to = found->second->checkpoint;
      what->left_out = found->second->intake->left_out_told();
    }
  }
  if (to)
    caf::anon_send(to, wait_atom::value, std::move(what));
  else
    what->answer({fail(errc::not_archiving, "tenant " + to_string(tenant) + " is not archiving"), {}});
}

std::function<void(const durable_answer&)>
archive_runtime::in_turn(tenant_id tenant, std::function<void(const durable_answer&)> done) {
  std::shared_lock lock{mutex_};
  log_stream_actor teller;
  if (auto found = tenants_.find(tenant); found != tenants_.end())
    teller = found->second->log_stream;
  return [teller, notifier = notifier_, on_error = settings_.on_error,
          done = std::move(done)](const durable_answer& answer) {
    auto call = owed_call([=] { call_host([&] { done(answer); }, on_error); }, notifier);
    if (teller)
      caf::anon_send(teller, notify_atom::value, std::move(call));
  };
}

void archive_runtime::pull(tenant_id id, const std::shared_ptr<stream_buffer>& stream, log_source* source) {
  source_puller_parts parts;
  parts.intake = intake(id);
  parts.stream = stream;
  parts.source = source;
  auto checkpoint = [this, id] {
    std::shared_lock lock{mutex_};
    auto found = tenants_.find(id);
    return found == tenants_.end() ? checkpoint_actor{} : found->second->checkpoint;
  };
  auto trouble = [checkpoint, stream = stream->id()](error_ptr why) {
    if (auto to = checkpoint())
      caf::anon_send(to, trouble_atom::value, stream.value, std::move(why));
  };
  parts.on_error = [trouble](const error& why) { trouble(std::make_shared<const error>(why)); };
  parts.on_well = [trouble] { trouble(nullptr); };
  parts.on_break = [checkpoint](break_record why) {
    tenant_order broken;
    broken.what = tenant_order::kind::interrupt;
    broken.broken = std::move(why);
    if (auto to = checkpoint())
      caf::anon_send(to, order_atom::value, std::make_shared<const tenant_order>(std::move(broken)));
  };
  auto puller = spawn_source_puller(system_, std::move(parts), settings_.how);
  std::unique_lock lock{mutex_};
  tenants_.at(id)->pullers[stream->id()] = puller;
}

void archive_runtime::stop_pulling(tenant_id id, stream_id stream, answer_to done) {
  source_puller_actor puller;
  {
    std::unique_lock lock{mutex_};
    if (auto found = tenants_.find(id); found != tenants_.end())
      if (auto node = found->second->pullers.extract(stream); !node.empty())
        puller = node.mapped();
  }
  if (!puller)
    return done({});
  ask(puller, errc::closed, std::move(done), stop_atom::value);
}

void archive_runtime::stop() {
  std::vector<std::shared_ptr<tenant>> ending;
  {
    std::unique_lock lock{mutex_};
    if (std::exchange(stopped_, true))
      return;
    for (auto& [id, of] : tenants_)
      ending.push_back(of);
  }
  for (auto& of : ending) {
    std::unique_lock lock{mutex_};
    for (auto& [stream, puller] : of->pullers) // still known: who closes a stream later waits for them
      caf::anon_send_exit(puller, caf::exit_reason::kill);
    end_tenant(*of);
  }
  for (auto& compressor : compressors_)
    caf::anon_send_exit(compressor, caf::exit_reason::user_shutdown);
  compressors_.clear();
  std::unique_lock lock{mutex_};
  for (auto& [uri, pool] : pools_)
    caf::anon_send_exit(pool, caf::exit_reason::user_shutdown);
  pools_.clear();
  caf::anon_send_exit(catalog_writer_, caf::exit_reason::user_shutdown);
  catalog_writer_ = nullptr;
  caf::anon_send_exit(supervisor_, caf::exit_reason::user_shutdown);
  supervisor_ = nullptr;
  caf::anon_send_exit(notifier_, caf::exit_reason::user_shutdown);
  notifier_ = nullptr;
}

} // namespace varve
