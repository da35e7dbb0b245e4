#pragma once

#include "actors/io_pool.hpp"
#include "tests/harness/simulation.hpp"

#include <memory>
#include <optional>

namespace varve::test {

/// A few actors in virtual time; tests talk to them and let them run.
struct actor_fixture {
  simulation world{1};
  sim_process process{world};

  caf::actor_system& system() { return process.system(); }

  /// All that can happen now, and in the time that passes.
  void run(duration_ns passes = 1) {
    auto over = std::make_shared<bool>(false);
    world.after(passes, [over] { *over = true; });
    while (!*over)
      world.step();
  }

  /// Sends a request from an actor of its own; the answer comes to lie there.
  template <class Answer = bool, class To, class... Message>
  std::shared_ptr<std::optional<result<Answer>>> ask(const To& to, Message... message) {
    auto answer = std::make_shared<std::optional<result<Answer>>>();
    system().spawn([=](caf::event_based_actor* self) {
      self->request(to, caf::infinite, message...)
          .then([answer](const Answer& got) { answer->emplace(got); },
                [answer](caf::error&) { answer->emplace(fail(errc::closed, "no answer")); });
    });
    return answer;
  }
};

/// Plays a tenant's piece writer: keeps what it was sent.
struct fake_writer {
  std::vector<std::pair<std::uint64_t, cut_block_ptr>> packed; ///< with their epochs
  unsigned pressures = 0;

  piece_writer_actor spawn(caf::actor_system& system) {
    return system.spawn([this](piece_writer_actor::pointer) -> piece_writer_actor::behavior_type {
      return {[](begin_atom, const writer_start_ptr&) {},
              [](end_atom) {},
              [this](packed_atom, std::uint64_t epoch, const cut_block_ptr& block) {
                packed.emplace_back(epoch, block);
              },
              [](durable_atom, std::uint64_t) -> durable_report_ptr {
                return std::make_shared<const durable_report>();
              },
              [](finish_atom, scn) -> durable_report_ptr { return std::make_shared<const durable_report>(); },
              [this](pressure_atom) { ++pressures; },
              [](rest_atom) {},
              [](retry_atom, std::uint64_t) {}};
    });
  }
};

} // namespace varve::test
