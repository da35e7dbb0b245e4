#pragma once

#include "actors/checkpoint.hpp"
#include "actors/log_stream_actor.hpp"
#include "actors/piece_writer.hpp"
#include "actors/source_puller.hpp"

#include <map>
#include <shared_mutex>
#include <thread>

namespace varve {

/// Opens what a URI names, for archive `archive`: verifies or makes its `format` object.
using destination_factory = std::function<result<std::shared_ptr<destination>>(const std::string& uri)>;

/// Takes the answer to a call, once.
using answer_to = std::function<void(const status&)>;

/// All actors of one engine and the memory they share: makes a tenant's actors, watches over them, and
/// carries what the door asks to them. Statements are not known here. Thread-safe; the actor system and the
/// catalog outlive it, and stop() comes before its destructor.
class archive_runtime {
public:
  struct settings {
    std::uint64_t budget_bytes = 0;
    std::uint32_t block_bytes = 0, entry_bytes_max = 0;
    std::uint64_t segment_bytes = 0, sync_bytes = 0;
    unsigned workers = 1, io_threads = 1;
    std::uint64_t commit_blocks = 16 << 10; ///< a commit comes early when so many blocks wait for it
    duration_ns stop_timeout = 0;
    duration_ns catalog_beat = 0;
    threading how = threading::own_threads;
    random_id archive{};
    std::function<unix_ns()> now;
    std::function<random_id()> draw;
    destination_factory open;
    std::function<void(const error&)> on_error; ///< what has no other place to be said
  };
  archive_runtime(caf::actor_system& system, catalog& where, settings given);
  ~archive_runtime();

  void set_listener(archive_listener* listener) { listener_.store(listener); }
  /// Has the listener called, after what it was told before, by its own thread; not after stop().
  void notify(notice what);

  /// What is known of a tenant when the engine opens it.
  struct tenant_facts {
    tenant_id tenant;
    std::string destination; ///< URI; empty: none is set
    dest_option option;
    archive_option how;
    bool archiving = false;
    round_status_record status;
    std::optional<break_history_record> broke; ///< why its round broke
    std::vector<outbox_record> outbox;
    std::vector<writer_record> writers;
    std::vector<stream_record> streams;
    std::uint64_t last_lag_sample = 0;
  };
  /// Makes the tenant's memory and, if it has a destination, its actors.
  void add_tenant(const tenant_facts& facts);
  /// The tenant was dropped: its actors end. None of its streams is open (tenant_intake::retire).
  void remove_tenant(tenant_id id);
  /// What the catalog says by now: for actors that are made anew because the destination is another one.
  void refresh(const tenant_facts& facts);
  std::vector<tenant_id> tenants() const;
  std::shared_ptr<tenant_intake> intake(tenant_id tenant) const;

  void set_option(tenant_id tenant, const archive_option& how);
  /// Gives a statement to the tenant's checkpoint; `done` is called from an actor when it is recorded.
  void order(tenant_id tenant, tenant_order what, answer_to done);
  void wait(tenant_id tenant, durable_wait_ptr what);
  /// What calls `done` as the listener is called, after what that was told of the tenant before: the host may
  /// wait there for the tenant's actors. What `done` throws goes to settings::on_error.
  std::function<void(const durable_answer&)> in_turn(tenant_id tenant,
                                                     std::function<void(const durable_answer&)> done);
  /// Is the caller within such a call?
  bool in_host_call() const { return calling_.load() == std::this_thread::get_id(); }

  /// Pulls a stream from its host.
  void pull(tenant_id tenant, const std::shared_ptr<stream_buffer>& stream, log_source* source);
  /// `done` is called from an actor when the source is not called any more, or at once if it never was. After
  /// stop(), too.
  void stop_pulling(tenant_id tenant, stream_id stream, answer_to done);

  /// Writes to the catalog, synced, behind what waits for the next batch; `done` as in order().
  void apply(const change_set& changes, answer_to done);
  /// Writes what waits for the next batch.
  void write_catalog(answer_to done);
  memory_budget& budget() { return budget_; }

  /// Ends all actors. Before: close orders to every tenant, if what was accepted shall become durable.
  void stop();

  std::atomic<std::uint64_t> syncs{0}, stored_bytes{0}, commits{0}, catalog_batches{0};

private:
  struct tenant {
    std::shared_ptr<tenant_intake> intake;
    tenant_facts facts;
    std::string destination; // of the actors; empty: there are none
    checkpoint_actor checkpoint;
    log_stream_actor log_stream;
    piece_writer_actor writer;
    std::map<stream_id, source_puller_actor> pullers;
  };
  /// A small actor of its own carries the answer to whoever asked, from whichever thread. `trouble`: what it
  /// is called when there is no answer, or a bad one.
  template <class Handle, class... Words>
  void ask(const Handle& to, errc trouble, answer_to done, Words... words);
  void spawn_tenant(tenant& of, const std::string& uri);
  void end_tenant(tenant& of);
  io_pool_actor pool_of(const std::string& uri);

  caf::actor_system& system_;
  settings settings_;
  memory_budget budget_;
  std::atomic<archive_listener*> listener_{nullptr};
  catalog_writer_actor catalog_writer_;
  std::vector<compressor_actor> compressors_;
  caf::actor supervisor_, notifier_;
  std::atomic<std::thread::id> calling_{}; // the host, by the notifier

  mutable std::shared_mutex mutex_; // guards the maps; never held while a stream's lock is taken
  std::map<tenant_id, std::shared_ptr<tenant>> tenants_;
  std::map<std::string, io_pool_actor> pools_;
  bool stopped_ = false;
};

} // namespace varve
