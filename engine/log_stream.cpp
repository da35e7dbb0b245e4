// The handle of one stream, as archive_engine::open_stream gives it.
#include "engine/log_stream.hpp"

namespace varve {
namespace {

/// Does a round in force want what the host has, though perhaps not now?
bool wants_log(intake_gate gate) {
  return gate == intake_gate::open || gate == intake_gate::fenced || gate == intake_gate::stopped;
}

} // namespace

engine_stream::engine_stream(archive_engine_impl& engine, std::shared_ptr<tenant_intake> intake,
                             std::shared_ptr<stream_buffer> buffer, bool pulled)
    : engine_(engine), intake_(std::move(intake)), buffer_(std::move(buffer)), pulled_(pulled) {}

engine_stream::~engine_stream() {
  if (pulled_) // also of an engine that is closed, or being closed: the host may free its source now
    engine_.stop_pulling(intake_->id(), buffer_->id());
  buffer_->detach();
}

append_answer engine_stream::closed_answer() const {
  return {append_outcome::error, 0, fail(errc::closed, "the engine is closed", "open it again")};
}

append_answer engine_stream::append(const log_entry& entry) {
  if (engine_.closed())
    return closed_answer();
  return buffer_->append(entry);
}

append_answer engine_stream::append_wait(const log_entry& entry) {
  for (;;) {
    auto answer = append(entry);
    if (answer.outcome != append_outcome::full || intake_->mode() != archive_mode::mandatory)
      return answer;
    // Woken by room; the limit only bounds how long a close() goes unnoticed.
    buffer_->wait_for_room(std::chrono::milliseconds(100));
  }
}

append_answer engine_stream::append_durable(const log_entry& entry,
                                            std::function<void(const durable_answer&)> done) {
  auto answer = append(entry);
  if (auto why = refusal(answer))
    done({*why, archived_position()});
  else
    wait_until(entry.next_lsn, engine_.runtime().in_turn(tenant(), std::move(done)));
  return answer;
}

std::pair<append_answer, durable_future> engine_stream::append_durable(const log_entry& entry) {
  auto state = std::make_shared<durable_future::shared_state>();
  engine_.hold(state);
  auto answer = append(entry);
  if (auto why = refusal(answer))
    state->fulfil({*why, archived_position()});
  else
    wait_until(entry.next_lsn, [state](const durable_answer& durable) { state->fulfil(durable); });
  return {answer, durable_future{state}};
}

std::optional<error> engine_stream::refusal(const append_answer& answer) const {
  if (answer.outcome == append_outcome::accepted || answer.outcome == append_outcome::repeated)
    return std::nullopt;
  auto who = "tenant " + to_string(tenant()) + " stream " + to_string(stream());
  switch (answer.outcome) {
  case append_outcome::error:
    return answer.failed;
  case append_outcome::full:
    return fail(errc::full, who + ": no memory in the budget now", "wait for on_room");
  case append_outcome::interrupted:
    return fail(errc::interrupted, who + ": archiving was interrupted");
  case append_outcome::fenced:
    return fail(errc::fenced, who + ": another engine has taken the tenant over");
  default:
    return fail(errc::not_archiving, who + ": no round takes its log", "ALTER SYSTEM ARCHIVELOG");
  }
}

void engine_stream::wait_until(lsn upto, std::function<void(const durable_answer&)> done) {
  auto position = buffer_->committed();
  if (position.next_lsn >= upto && intake_->left_out() == intake_->left_out_told())
    return done({{}, position});
  auto wait = std::make_shared<durable_wait>();
  wait->stream = buffer_->id();
  wait->upto = upto;
  wait->done = std::move(done);
  engine_.runtime().wait(intake_->id(), std::move(wait));
}

durable_future engine_stream::flush() {
  auto state = std::make_shared<durable_future::shared_state>();
  engine_.hold(state);
  if (engine_.closed())
    state->fulfil({fail(errc::closed, "the engine is closed"), {}});
  else
    wait_until(buffer_->accepted_upto(), [state](const durable_answer& durable) { state->fulfil(durable); });
  return durable_future{state};
}

status engine_stream::advance(scn upto) {
  if (engine_.closed())
    return fail(errc::closed, "the engine is closed");
  return buffer_->advance(upto);
}

status engine_stream::log_recycled(lsn oldest) {
  if (engine_.closed())
    return fail(errc::closed, "the engine is closed");
  auto expected = buffer_->recycled(oldest);
  // What was accepted and is not durable yet lies in our memory: log below it may go. Only log that was never
  // handed over is lost.
  auto gate = intake_->gate();
  if (!wants_log(gate) || oldest <= expected)
    return {};
  tenant_order broken;
  broken.what = tenant_order::kind::interrupt;
  broken.broken.stream = buffer_->id();
  broken.broken.first_missing = expected;
  broken.broken.oldest_left = oldest;
  broken.broken.reason = "the host has recycled it";
  auto told = engine_.order({{intake_->id(), broken}}, engine_limits::statement);
  // Of a tenant that is stopped nobody may be there to hear it; the next engine is told again.
  return gate == intake_gate::stopped ? status{} : told;
}

lsn engine_stream::expected_lsn() const {
  return buffer_->expected_lsn();
}
stream_position engine_stream::archived_position() const {
  return buffer_->committed();
}
stream_position engine_stream::resume_lsn() const {
  return buffer_->resume();
}

lsn engine_stream::recyclable_lsn() const {
  return wants_log(intake_->gate()) && intake_->mode() == archive_mode::mandatory
             ? buffer_->committed().next_lsn
             : lsn_max;
}

tenant_id engine_stream::tenant() const {
  return intake_->id();
}
stream_id engine_stream::stream() const {
  return buffer_->id();
}

} // namespace varve
