#pragma once

#include "engine/archive_engine_impl.hpp"
#include "tests/engine/stopping_clock.hpp"
#include "tests/harness/engine_host.hpp"

namespace varve::test {

/// A host whose engine stops a thread where that waits for actors, until it is let go. Its catalog lies in
/// memory.
struct stopping_host : engine_host {
  stopping_clock clock;
  std::function<void()> on_wait; ///< whoever waits calls it before

  /// Opens the engine and begins to archive.
  void begin() {
    auto lock = directory_lock::take(options.data_directory);
    REQUIRE(lock.ok());
    auto environment = system_environment(options);
    environment.wait = [this, wait = environment.wait](std::unique_lock<std::mutex>& held,
                                                       std::condition_variable& changed, duration_ns limit,
                                                       const std::function<bool()>& ready) {
      held.unlock();
      static_cast<void>(clock.read());
      if (on_wait)
        on_wait();
      held.lock();
      return wait(held, changed, limit, ready);
    };
    auto opened =
        archive_engine_impl::open(options, std::move(*lock), make_memory_catalog(), std::move(environment));
    REQUIRE(opened.ok());
    engine = std::move(*opened);
    run("ALTER SYSTEM SET backup_dest = '" + uri + "'");
    REQUIRE(engine->register_tenant(shop, "shop").ok());
    run("ALTER SYSTEM ARCHIVELOG");
  }
};

} // namespace varve::test
