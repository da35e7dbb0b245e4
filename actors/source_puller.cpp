#include "actors/source_puller.hpp"

namespace varve {
namespace {

constexpr std::size_t batch_bytes = 1 << 20;
constexpr auto idle_pause = std::chrono::milliseconds(50); // nothing new at the source
constexpr auto full_pause = std::chrono::milliseconds(5);  // no memory; on_room is for pushing hosts
constexpr auto error_pause = std::chrono::milliseconds(500);
constexpr auto watch_pause = std::chrono::seconds(10);

struct puller_state {
  static inline const char* name = "source_puller";
  explicit puller_state(source_puller_actor::stateful_pointer<puller_state> s) : self(s) {}
  source_puller_actor::stateful_pointer<puller_state> self;
  source_puller_parts parts;
  bool failing = false;

  void again(std::chrono::nanoseconds pause) { self->delayed_send(self, pause, work_atom::value); }

  /// What the host throws is an error of its source.
  template <class Question>
  static auto ask(Question question) -> decltype(question()) {
    auto thrown = [](const char* what) {
      return fail(errc::io_error, std::string("the log_source has thrown: ") + what);
    };
    try {
      return question();
    } catch (const std::exception& failed) {
      return thrown(failed.what());
    } catch (...) {
      return thrown("no std::exception");
    }
  }

  void gone(lsn from, std::string why) {
    break_record broken;
    broken.stream = parts.stream->id();
    broken.first_missing = from;
    auto oldest = ask([this] { return parts.source->oldest_lsn(); });
    broken.oldest_left = oldest.ok() ? *oldest : 0;
    broken.reason = std::move(why);
    parts.on_break(std::move(broken));
  }

  void step() {
    if (parts.intake->gate() != intake_gate::open)
      return again(idle_pause);
    if (!parts.stream->started()) {
      auto start = ask([this] { return parts.source->start_lsn(); });
      if (!start.ok())
        return failed(start.error());
      parts.stream->start_at(*start);
    }
    auto from = parts.stream->expected_lsn();
    auto batch = ask([&] { return parts.source->read(from, batch_bytes); });
    if (batch.code() == errc::entry_not_exist) {
      gone(from, batch.error().message);
      return again(error_pause);
    }
    if (!batch.ok())
      return failed(batch.error());
    if (!parts.stream->started() || parts.stream->expected_lsn() != from)
      return again(idle_pause); // log was given up meanwhile, or another round began: this says nothing of it
    for (auto& entry : batch->entries) {
      auto answer = parts.stream->append(entry);
      switch (answer.outcome) {
      case append_outcome::accepted:
      case append_outcome::repeated:
        continue;
      case append_outcome::full:
        return again(full_pause);
      case append_outcome::error:
        return failed(answer.failed);
      default: // the gate has closed meanwhile
        return again(idle_pause);
      }
    }
    if (batch->nothing_before != 0)
      if (auto told = parts.stream->advance(batch->nothing_before); !told.ok())
        return failed(told.error());
    well();
    again(batch->entries.empty() ? std::chrono::nanoseconds(idle_pause) : std::chrono::nanoseconds(0));
  }

  void watch() {
    if (auto oldest = ask([this] { return parts.source->oldest_lsn(); }); oldest.ok())
      parts.stream->recycled(*oldest);
    self->delayed_send(self, watch_pause, beat_atom::value);
  }

  void failed(const error& why) {
    failing = true;
    parts.on_error(why);
    again(error_pause);
  }

  void well() {
    if (std::exchange(failing, false))
      parts.on_well();
  }
};

} // namespace

source_puller_actor spawn_source_puller(caf::actor_system& system, source_puller_parts parts, threading how) {
  auto body =
      [parts = std::move(parts)](
          source_puller_actor::stateful_pointer<puller_state> self) -> source_puller_actor::behavior_type {
    auto& state = self->state;
    state.parts = parts;
    self->send(self, work_atom::value);
    self->send(self, beat_atom::value);
    return {[&state](work_atom) { state.step(); }, [&state](beat_atom) { state.watch(); },
            [&state](stop_atom) {
              state.well();
              state.self->quit(); // no message is looked at any more
              return true;
            }};
  };
  return how == threading::own_threads ? system.spawn<caf::detached>(body) : system.spawn(body);
}

} // namespace varve
