#include "actors/log_stream_actor.hpp"

#include <unordered_map>

namespace varve {
namespace {

struct stream_actor_state {
  static inline const char* name = "log_stream";
  explicit stream_actor_state(log_stream_actor::stateful_pointer<stream_actor_state> s) : self(s) {}

  log_stream_actor::stateful_pointer<stream_actor_state> self;
  log_stream_parts parts;
  std::function<void()> on_quiet_work;
  bool owns = false; // taken over: blocks may be numbered
  std::uint64_t epoch = 0;
  std::uint64_t ticket = 0; // of the last block numbered
  std::unordered_map<stream_id, std::uint64_t> numbers;
  std::size_t next_compressor = 0;

  /// Numbers what is queued and sends it to the compressors.
  void forward() {
    if (!owns)
      return;
    auto& intake = *parts.intake;
    auto wanted = intake.wanted_codec();
    for (auto& block : intake.take_all()) {
      if (block->header.entries == 0)
        continue; // replaced after the takeover
      block->header.epoch = varve::epoch{epoch};
      block->header.number = ++numbers[block->header.stream];
      block->wanted = wanted;
      block->ticket = ++ticket;
      intake.blocks.fetch_add(1, std::memory_order_relaxed);
      intake.block_input_bytes.fetch_add(block->header.input_bytes, std::memory_order_relaxed);
      auto& to = parts.compressors[next_compressor++ % parts.compressors.size()];
      self->send(to, pack_atom::value, epoch, block, parts.writer);
    }
  }

  void tell(std::function<void(archive_listener&)> what) {
    parts.notify(std::make_shared<std::function<void(archive_listener&)>>(std::move(what)));
  }

  /// The archive knows the stream, and the round does not wait for it.
  void set_aside(stream_row row, bool new_round) {
    if (new_round)
      row.start_lsn = row.position.next_lsn; // of the round before it only says where that left it
    row.dropped = true;
    parts.intake->remember(row);
  }

  void begin(std::uint64_t new_epoch, const std::vector<stream_row>& rows, bool new_round, bool begun) {
    auto& intake = *parts.intake;
    epoch = new_epoch;
    ticket = 0;
    numbers.clear();
    std::unordered_map<stream_id, stream_row> known;
    for (auto& row : rows)
      known.emplace(row.stream, row);
    auto has_log = [&](const stream_row& row) { return !new_round && row.position.next_lsn > row.start_lsn; };
    auto reconcile = [&](stream_buffer& stream, const std::optional<stream_row>& row) {
      auto resend = stream.reconcile(row, new_round, begun);
      if (resend)
        tell([of = parts.intake, id = stream.id(), from = *resend,
              left_out = intake.left_out()](archive_listener& listener) {
          listener.on_resend_from(of->id(), id, from,
                                  "the destination holds another position than was assumed");
          of->tell_left_out(left_out);
        });
    };
    for (auto& stream : intake.streams()) {
      auto row = known.find(stream->id());
      reconcile(*stream, row == known.end() ? std::nullopt : std::optional<stream_row>{row->second});
      if (row == known.end()) {
        if (!stream->opened()) // only the catalog knows it, of another round or destination
          set_aside({stream->id(), 0, stream->committed(), true}, true);
        continue;
      }
      // A round that has not begun waits for what was open when it was ordered, also if it was closed since.
      bool waited_for = !begun && stream->opened() && !has_log(row->second);
      if ((row->second.dropped || new_round) && !waited_for)
        set_aside(row->second, new_round); // the catalog may not have heard of it
      known.erase(row);
    }
    // Streams of this round that nobody has opened yet in this process still hold the checkpoint.
    for (auto& [id, row] : known)
      if (!row.dropped && !new_round) {
        auto stream = intake.find_or_add(id);
        if (begun || has_log(row))
          stream->estimate(row);
        reconcile(*stream, row); // it may have been opened a moment ago
      } else {
        if (auto opened = intake.find(id))
          reconcile(*opened, row);
        set_aside(row, new_round);
      }
    owns = true;
    forward();
  }

  void end(const std::string& why) {
    owns = false;
    auto& intake = *parts.intake;
    auto dropped = intake.take_all();
    dropped.clear();
    for (auto& stream : intake.streams()) {
      bool held = stream->holds_beyond(stream->committed().next_lsn);
      auto from = stream->give_up();
      if (held)
        tell([tenant = intake.id(), id = stream->id(), from, why](archive_listener& listener) {
          listener.on_resend_from(tenant, id, from, why);
        });
    }
    intake.take_all();
    intake.rearm();
  }
};

} // namespace

log_stream_actor spawn_log_stream(caf::actor_system& system, log_stream_parts parts,
                                  std::function<void()> on_quiet_work) {
  return system.spawn(
      [parts = std::move(parts), on_quiet_work = std::move(on_quiet_work)](
          log_stream_actor::stateful_pointer<stream_actor_state> self) -> log_stream_actor::behavior_type {
        auto& state = self->state;
        state.parts = parts;
        state.on_quiet_work = on_quiet_work;
        return {[&state](work_atom) {
                  state.forward();
                  if (state.on_quiet_work)
                    state.on_quiet_work();
                },
                [&state](begin_atom, std::uint64_t epoch,
                         const std::shared_ptr<const std::vector<stream_row>>& rows, bool new_round,
                         bool begun) { state.begin(epoch, *rows, new_round, begun); },
                [&state](end_atom, const std::string& why) { state.end(why); },
                [&state](cut_atom) -> std::uint64_t {
                  auto& intake = *state.parts.intake;
                  intake.rearm(); // before the cut: an entry that comes now wakes the tenant again
                  if (state.owns)
                    intake.cut_all();
                  state.forward();
                  return state.ticket;
                },
                [&state](room_atom, std::uint64_t id) {
                  auto stream = state.parts.intake->find(stream_id{id});
                  if (!stream)
                    return;
                  stream->on_room();
                  // The host may be busy until the tenant is gone, and its memory with it.
                  state.tell([intake = std::weak_ptr<tenant_intake>(state.parts.intake),
                              id = stream->id()](archive_listener& listener) {
                    auto of = intake.lock();
                    if (auto found = of ? of->find(id) : nullptr)
                      listener.on_room(of->id(), id, found->expected_lsn());
                  });
                },
                [&state](pressure_atom) {
                  auto& intake = *state.parts.intake;
                  intake.pressure_handled();
                  if (state.owns)
                    intake.cut_oldest(state.parts.press_bytes);
                  state.forward();
                  state.self->send(state.parts.writer, pressure_atom::value);
                  if (state.on_quiet_work)
                    state.on_quiet_work();
                },
                [&state](notify_atom, const notice& what) { state.parts.notify(what); }};
      });
}

} // namespace varve
