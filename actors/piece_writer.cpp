#include "actors/piece_writer.hpp"

#include "engine/base/planted_bug.hpp"

namespace varve {
namespace {

struct writer_actor_state;
using writer_pointer = piece_writer_actor::stateful_pointer<writer_actor_state>;
using report_promise = caf::typed_response_promise<durable_report_ptr>;

struct writer_actor_state {
  static inline const char* name = "piece_writer";
  explicit writer_actor_state(writer_pointer s) : self(s) {}
  ~writer_actor_state() { refuse_all(); }

  writer_pointer self;
  piece_writer_parts parts;
  std::unique_ptr<segment_writer> writer; // of this epoch; null: none
  std::uint64_t epoch = 0;
  std::uint64_t generation = 0; // of `writer`, or of none: late answers of an older one are ignored
  bool busy = false;            // an operation is at the pool
  bool pausing = false;         // after a failure
  bool troubled = false;
  backoff pause;
  struct asked {
    std::uint64_t ticket = 0;
    bool finish = false;
    report_promise promise;
  };
  std::vector<asked> waiting;
  std::uint64_t counted_syncs = 0, counted_bytes = 0;

  void refuse_all() {
    for (auto& each : waiting)
      each.promise.deliver(caf::make_error(caf::sec::request_receiver_down));
    waiting.clear();
  }

  void begin(const writer_start_ptr& start) {
    refuse_all();
    ++generation;
    epoch = start->epoch.value;
    writer = std::make_unique<segment_writer>(*start);
    busy = pausing = troubled = false;
    pause.reset();
    counted_syncs = counted_bytes = 0;
  }

  void end() {
    refuse_all();
    ++generation;
    writer.reset();
    busy = pausing = troubled = false;
  }

  void answer_waiting() {
    for (auto i = waiting.begin(); i != waiting.end();) {
      bool ready = i->finish ? writer->finished() : writer->is_durable(i->ticket);
      if (!ready) {
        ++i;
        continue;
      }
      i->promise.deliver(std::make_shared<const durable_report>(writer->take_report()));
      i = waiting.erase(i);
    }
    *parts.syncs += writer->syncs() - std::exchange(counted_syncs, writer->syncs());
    *parts.stored_bytes += writer->stored_bytes() - std::exchange(counted_bytes, writer->stored_bytes());
  }

  /// Requires a writer.
  void pump() {
    if (busy || pausing)
      return;
    auto op = writer->next(parts.now());
    if (writer->broken()) {
      trouble(std::make_shared<const error>(*writer->broken()));
      return;
    }
    if (op.none()) {
      answer_waiting();
      if (writer->quiet() && std::exchange(troubled, false))
        parts.on_trouble(nullptr); // it was a footer, and nothing needs it
      return;
    }
    busy = true;
    std::visit([this](auto& what) { run(what); }, op.what);
  }

  void run(std::monostate) {}

  void run(writer_operation::create& what) {
    auto path = what.path;
    auto content = std::make_shared<bytes>(std::move(what.content));
    run_io<bool>(
        self, parts.pool, "create " + path,
        [path, content](destination& where) -> result<bool> {
          VARVE_TRY(create_same(where, path, *content));
          return true;
        },
        [this, g = generation](result<bool> made) { finished(g, made.ok() ? status{} : made.error()); });
  }

  void run(writer_operation::open& what) {
    auto path = what.path;
    run_io<std::shared_ptr<segment_file>>(
        self, parts.pool, "open " + path,
        [path](destination& where) -> result<std::shared_ptr<segment_file>> {
          auto opened = where.open_segment(path);
          if (!opened.ok())
            return opened.error();
          return std::shared_ptr<segment_file>(std::move(*opened));
        },
        [this, g = generation](result<std::shared_ptr<segment_file>> opened) {
          if (opened.ok())
            finished(g, {}, *opened);
          else
            finished(g, opened.error());
        });
  }

  void run(writer_operation::append& what) {
    auto op = std::make_shared<writer_operation::append>(std::move(what));
    run_io<bool>(
        self, parts.pool, "append",
        [op](destination&) -> result<bool> {
          VARVE_TRY(op->file->append(op->parts));
          return true;
        },
        [this, g = generation](result<bool> done) { written(g, done.ok() ? status{} : done.error()); });
  }

  void run(writer_operation::sync& what) {
    auto file = what.file;
    run_io<bool>(
        self, parts.pool, "sync",
        [file](destination&) -> result<bool> {
          VARVE_PLANT(acknowledged_before_sync, return true);
          VARVE_PLANT(failed_sync_ignored, static_cast<void>(file->sync()); return true);
          VARVE_TRY(file->sync());
          return true;
        },
        [this, g = generation](result<bool> done) { written(g, done.ok() ? status{} : done.error()); });
  }

  void run(writer_operation::remove& what) {
    run_io<bool>(
        self, parts.pool, "remove " + what.path,
        [path = what.path](destination& where) -> result<bool> {
          static_cast<void>(where.remove(path));
          return true;
        },
        [this, g = generation](result<bool> done) { finished(g, done.ok() ? status{} : done.error()); });
  }

  /// Bytes got there: the trouble is over. That a file could be opened on a full medium says nothing.
  void written(std::uint64_t of, const status& outcome) {
    if (of == generation && outcome.ok()) {
      pause.reset();
      if (std::exchange(troubled, false))
        parts.on_trouble(nullptr);
    }
    finished(of, outcome);
  }

  void finished(std::uint64_t of, const status& outcome, std::shared_ptr<segment_file> opened = nullptr) {
    VARVE_PLANT(old_answer_believed, of = generation);
    if (of != generation)
      return;
    busy = false;
    if (outcome.ok()) {
      writer->done(std::move(opened));
      answer_waiting();
      pump();
      return;
    }
    writer->failed(outcome.error());
    trouble(std::make_shared<const error>(outcome.error()));
    // A name that is taken is a leftover of our own attempt whose answer was lost: the next number is free.
    if (outcome.code() == errc::already_exists)
      return pump();
    pausing = true;
    self->delayed_send(self, std::chrono::nanoseconds(pause.next()), retry_atom::value, generation);
  }

  void trouble(error_ptr what) {
    troubled = true;
    parts.on_trouble(std::move(what));
  }

  caf::result<durable_report_ptr> ask(std::uint64_t ticket, bool finish) {
    if (!writer)
      return caf::make_error(caf::sec::request_receiver_down);
    auto promise = self->make_response_promise<durable_report_ptr>();
    waiting.push_back({ticket, finish, promise});
    pump();
    answer_waiting();
    return promise;
  }
};

} // namespace

piece_writer_actor spawn_piece_writer(caf::actor_system& system, piece_writer_parts parts) {
  return system.spawn([parts = std::move(parts)](writer_pointer self) -> piece_writer_actor::behavior_type {
    auto& state = self->state;
    state.parts = parts;
    return {[&state](begin_atom, const writer_start_ptr& start) { state.begin(start); },
            [&state](end_atom) { state.end(); },
            [&state](packed_atom, std::uint64_t epoch, const cut_block_ptr& block) {
              VARVE_PLANT(old_block_taken, epoch = state.epoch);
              if (!state.writer || epoch != state.epoch)
                return; // of an epoch that is over
              state.writer->add(block);
              state.pump();
            },
            [&state](durable_atom, std::uint64_t ticket) -> caf::result<durable_report_ptr> {
              if (state.writer)
                state.writer->want_durable(ticket);
              return state.ask(ticket, false);
            },
            [&state](finish_atom, scn upto) -> caf::result<durable_report_ptr> {
              if (state.writer)
                state.writer->finish(upto);
              return state.ask(0, true);
            },
            [&state](pressure_atom) {
              if (!state.writer)
                return;
              state.writer->want_memory();
              state.pump();
            },
            [&state](rest_atom) {
              if (!state.writer)
                return;
              state.writer->rest();
              state.pump();
            },
            [&state](retry_atom, std::uint64_t generation) {
              if (generation != state.generation)
                return;
              state.pausing = false;
              state.pump();
            }};
  });
}

} // namespace varve
