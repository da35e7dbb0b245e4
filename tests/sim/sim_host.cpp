#include "tests/sim/sim_host.hpp"

#include "tests/sim/sim_engine.hpp"
#include "tests/sim/sim_stream.hpp"

#include <algorithm>

namespace varve::test {

sim_host::sim_host(sim_engine& engine, tenant_id tenant)
    : engine_(engine), world_(engine.world()), tenant_(tenant), alive_(engine.life()) {}

sim_host::~sim_host() = default;

void sim_host::turn_later() {
  auto pause = world_.options().host_pause;
  world_.world().after(world_.world().draw(pause / 2, pause * 3 / 2), [this, alive = alive_] {
    if (!*alive)
      return;
    if (!engine_.stands_still() && !engine_.silent())
      turn();
    if (*alive)
      turn_later();
  });
}

void sim_host::open_new_streams() {
  if (world_.is_gone(tenant_))
    return;
  for (auto& [id, log] : world_.log().streams(tenant_)) {
    if (streams_.contains(id))
      continue;
    auto made = std::make_unique<stream>(*this, id);
    stream_options how;
    if (log.pulled)
      how.source = made.get();
    else if (log.late || (log.entries.empty() && world_.world().chance(300)))
      how.start_lsn = 0; // all log begins there
    made->said_start = how.start_lsn.has_value();
    // A round in force may speak already, and then wants all log also of a stream that it has not heard of.
    if (auto status = engine_.row(tenant_))
      made->fresh = status->round.status == round_status::stop;
    auto opened = engine_.door().open_stream(tenant_, id, how);
    if (opened.code() == errc::closed || (!opened.ok() && engine_.catalog()->may_fail()))
      return; // its tenant could not be registered, perhaps
    if (!opened.ok())
      return world_.broken(name(*made) + " cannot be opened: " + opened.error().to_string());
    made->handle = std::move(*opened);
    streams_[id] = std::move(made);
  }
}

/// Closing a pulled stream waits, so the world goes on meanwhile.
void sim_host::let_go() {
  auto alive = alive_;
  for (auto& [id, each] : streams_) {
    each->handle.reset();
    if (!*alive)
      return;
  }
}

void sim_host::forget() {
  no_round();
  streams_.clear();
}

std::string sim_host::name(const stream& of) const {
  return engine_.name() + ": tenant " + to_string(tenant_) + " stream " + to_string(of.id);
}

void sim_host::turn() {
  auto& draw = world_.world();
  auto& options = world_.options();
  auto alive = alive_;
  open_new_streams();
  if (streams_.empty())
    return;
  look_at_waits();
  engine_.watch_checkpoint(tenant_);
  // While the age of checkpoints is watched no host writes more than storage carries.
  if (engine_.writing() &&
      (world_.faults_on() ||
       2 * world_.time_to_archive(engine_.owed_bytes()) < options.option.checkpoint_interval) &&
      world_.engines().size() <= 1 + draw.draw(2))
    write_some();
  for (auto& [id, each] : streams_) {
    if (draw.chance(options.mistakes))
      err(*each);
    hand_over(*each);
    if (!*alive)
      return;
    end_dropped(*each);
    if (!*alive)
      return;
  }
  if (!engine_.writing() || !world_.faults_on() || draw.chance(300))
    advance();
  if (engine_.writing() && draw.chance(150))
    ask_for_durable();
  for (auto& [id, each] : streams_) {
    if (draw.chance(100) || draw.chance(options.careless))
      recycle(*each);
    if (!*alive)
      return;
  }
}

void sim_host::write_some() {
  auto& log = world_.log();
  auto count = world_.world().draw(world_.options().entries_a_turn + std::uint64_t{1});
  for (std::uint64_t i = 0; i < count; ++i) {
    auto& all = log.streams(tenant_);
    auto which = std::next(all.begin(), static_cast<std::ptrdiff_t>(world_.world().draw(all.size())));
    if (!which->second.dropped && which->first != world_.resting(tenant_))
      log.write(tenant_, which->first, world_.options().entry_bytes);
  }
}

/// The replay point moves on: behind what is recycled, and now and then as far as it pleases.
void sim_host::move_replay_point() {
  auto& draw = world_.world();
  scn point = 0;
  for (auto& [id, log] : world_.log().streams(tenant_)) {
    auto oldest = host_log::find(log, log.oldest);
    if (oldest > 0)
      point = std::max(point, log.entries[oldest - 1].scn);
    if (!has_promised_ && !log.entries.empty() && draw.chance(100))
      point = std::max(point, log.entries[draw.draw(log.entries.size())].scn);
  }
  world_.log().recover_from(tenant_, point);
}

/// The next round begins behind the replay point.
void sim_host::no_round() {
  has_promised_ = false;
  for (auto& [id, each] : streams_) {
    each->fresh = true;
    each->told_lost = false;
    each->first.reset();
    each->accepted = 0;
  }
}

/// Only what has been handed over, or is gone and was said to be, is behind the host. `above`: what is gone
/// is not; nullopt: nothing can be said.
std::optional<sim_host::promise> sim_host::may_promise(const stream& of) const {
  auto& log = of.log();
  auto& entries = log.entries;
  if (!of.handle && !log.dropped)
    return std::nullopt; // it is being closed
  auto at = of.handle ? host_log::find(log, of.handle->expected_lsn()) : entries.size();
  if (at < of.oldest() && of.told_oldest < log.oldest)
    return std::nullopt;
  at = std::max(at, of.oldest());
  auto upto = at < entries.size() ? entries[at].scn - 1 : world_.log().now();
  auto begin = of.first.value_or(at); // what lies before is not handed over in this round
  return promise{begin == 0 ? 0 : entries[begin - 1].scn, upto};
}

void sim_host::advance() {
  if (streams_.size() < world_.log().streams(tenant_).size())
    return; // nothing can be said of one that it could not open
  has_promised_ = true;
  promise all{0, world_.log().now()};
  for (auto& [id, each] : streams_) {
    auto one = may_promise(*each).value_or(promise{scn_max, 0});
    all = {std::max(all.above, one.above), std::min(all.upto, one.upto)};
    if (one.above <= one.upto && each->handle && !each->log().pulled && world_.world().chance(100)) {
      world_.note(name(*each) + " promises SCN " + std::to_string(one.upto));
      world_.log().promise(tenant_, one.upto);
      static_cast<void>(each->handle->advance(one.upto));
    }
  }
  if (all.above > all.upto)
    return;
  world_.note(engine_.name() + ": tenant " + to_string(tenant_) + " promises SCN " +
              std::to_string(all.upto));
  world_.log().promise(tenant_, all.upto);
  static_cast<void>(engine_.door().advance(tenant_, all.upto));
}

void sim_host::ask_for_durable() {
  ++world_.counts().waits;
  std::vector<wait::claim> wanted;
  auto want = [&](stream& of) {
    if (of.first)
      wanted.push_back({of.id, *of.first, of.handle->expected_lsn()});
  };
  auto& draw = world_.world();
  bool archives = !engine_.needs_dba(tenant_);
  if (draw.chance(300)) {
    for (auto& [id, each] : streams_)
      if (each->handle)
        want(*each);
    waits_.push_back({engine_.door().flush(tenant_), std::move(wanted), archives});
    return;
  }
  auto& which = *std::next(streams_.begin(), static_cast<std::ptrdiff_t>(draw.draw(streams_.size())))->second;
  if (which.handle) {
    want(which);
    waits_.push_back({which.handle->flush(), std::move(wanted), archives});
  }
}

void sim_host::look_at_waits() {
  std::erase_if(waits_, [this](const wait& each) {
    auto answer = each.answer.get_for(std::chrono::nanoseconds(0));
    if (!answer)
      return false;
    if (answer->outcome.ok())
      for (auto& claim : each.wanted) // whatever befell the tenant since it was asked for
        world_.acknowledged(engine_, tenant_, claim.stream, claim.first, claim.upto);
    if (!may_fail(each, answer->outcome.code()))
      world_.broken(engine_.name() + ": a flush of tenant " + to_string(tenant_) +
                    " fails: " + answer->outcome.error().to_string());
    return true;
  });
}

/// A flush fails for a reason.
bool sim_host::may_fail(const wait& asked, errc code) const {
  auto& of = world_.befell(tenant_);
  switch (code) {
  case errc::ok:
  case errc::closed:
    return true;
  case errc::fenced:
    return world_.had_company(engine_.name());
  case errc::canceled:
    return of.stopped || of.resent;
  case errc::not_archiving:
    return of.stopped || !asked.archives;
  case errc::interrupted:
    return of.broke;
  default:
    return false;
  }
}

void sim_host::acknowledge(stream_id id, lsn upto) {
  auto& of = *streams_.at(id);
  if (of.first && upto > 0)
    world_.acknowledged(engine_, tenant_, id, *of.first, upto);
}

void sim_host::durable(stream_id id, const stream_position& position) {
  auto found = streams_.find(id);
  if (found == streams_.end())
    return;
  auto& of = *found->second;
  // ARCHIVELOG may have come before this host heard that it is fenced.
  if (fenced_ && engine_.needs_dba(tenant_))
    world_.broken(name(of) + ": LSN " + std::to_string(position.next_lsn) +
                  " is called durable by an engine that is fenced");
  if (position.next_lsn < of.durable && engine_.row(tenant_) && !engine_.needs_dba(tenant_))
    world_.broken(name(of) + ": the durable position goes back from LSN " + std::to_string(of.durable) +
                  " to " + std::to_string(position.next_lsn));
  of.durable = std::max(of.durable, position.next_lsn);
  acknowledge(id, position.next_lsn);
}

void sim_host::round_began() {
  move_replay_point();
  for (auto& [id, each] : streams_) {
    each->fresh = !each->first && !each->said_start; // it may have begun before this was told
    if (each->log().pulled)
      each->first.reset();
    each->idle = false;
    each->durable = each->accepted = 0;
  }
}

/// What was handed over is claimed no more: meanwhile another engine may have begun a round behind it.
void sim_host::must_resend(stream_id id) {
  if (auto found = streams_.find(id); found != streams_.end()) {
    found->second->first.reset();
    found->second->accepted = 0;
  }
}

void sim_host::lost_the_tenant() {
  fenced_ = true;
  for (auto& [id, each] : streams_) {
    each->first.reset();
    each->fresh = false; // the round that it comes back to may speak of all streams already
    each->accepted = 0;
  }
}

void sim_host::interrupted() {
  for (auto& [id, each] : streams_)
    each->accepted = 0;
}

void sim_host::room(stream_id id) {
  ++world_.counts().rooms;
  auto found = streams_.find(id);
  if (found == streams_.end())
    return;
  found->second->waits_for_room = false;
  open_new_streams();
  hand_over(*found->second);
}

bool sim_host::has_lost_log() const {
  return std::ranges::any_of(streams_, [](auto& each) {
    auto& of = *each.second;
    return of.told_lost || (of.handle && of.handle->expected_lsn() < of.log().oldest);
  });
}

lsn sim_host::archived(stream_id id) const {
  auto found = streams_.find(id);
  if (found == streams_.end())
    return 0;
  auto& of = *found->second;
  return of.handle ? of.handle->archived_position().next_lsn : host_log::end_of(of.log());
}

/// Frees log that its own recovery does not need: a careful host only what is archived, where log is
/// archived.
void sim_host::recycle(stream& of) {
  if (!of.handle)
    return;
  auto& log = of.log();
  auto limit = of.handle->recyclable_lsn();
  bool careless =
      world_.faults_on() && of.first && world_.options().careless > 0 && world_.world().chance(200);
  if (!careless && !of.idle)
    limit = std::min(limit, of.handle->archived_position().next_lsn);
  auto upto = std::min(host_log::find(log, limit), log.entries.size());
  if (upto <= of.oldest())
    return;
  auto first = of.oldest() + world_.world().draw(upto - of.oldest() + 1);
  world_.log().recycle(tenant_, of.id, first);
  if (of.idle && first > 0)
    world_.log().recover_from(tenant_, log.entries[first - 1].scn);
  if (!log.pulled && world_.world().chance(700))
    tell_recycled(of);
}

/// A host with a bug: whatever it hands over must be refused.
void sim_host::err(stream& in) {
  auto& log = in.log();
  if (!in.handle || log.pulled || !in.first || log.entries.empty())
    return;
  auto& draw = world_.world();
  auto next = host_log::find(log, in.handle->expected_lsn());
  auto archived = host_log::find(log, in.handle->archived_position().next_lsn);
  // Another round may begin behind a gap, and the host hears of it later.
  auto& of = world_.options();
  bool one_round = !of.dba_stops_rounds && of.careless == 0 && of.dba_pause == 0;
  std::size_t which = 0;
  std::string what;
  host_log::entry wrong;
  bytes payload;
  if (draw.chance(500) && archived < next) {
    what = "another payload";
    which = archived + draw.draw(next - archived);
    wrong = log.entries[which];
    payload = host_log::payload(tenant_, in.id, wrong);
    if (payload.empty())
      return;
    payload[draw.draw(payload.size())] ^= std::byte{1};
  } else if (next + 1 < log.entries.size() && one_round) {
    what = "an entry behind a gap";
    which = next + 1;
    wrong = log.entries[which];
    payload = host_log::payload(tenant_, in.id, wrong);
    if (in.fresh)
      return; // it may begin there
  } else {
    return;
  }
  ++world_.counts().mistakes;
  auto uncompared = engine_.door().memory_usage().repeats_uncompared;
  auto answer = in.handle->append({wrong.lsn, wrong.next_lsn, wrong.scn, payload});
  // What has left the memory cannot be compared, and is counted.
  bool counted = engine_.door().memory_usage().repeats_uncompared == uncompared + 1;
  if (answer.outcome == append_outcome::accepted || (answer.outcome == append_outcome::repeated && !counted))
    world_.broken(name(in) + ": " + what + " for entry " + std::to_string(which) + " is taken (" +
                  (answer.outcome == append_outcome::accepted ? "accepted" : "repeated") + ")");
}

/// The stream counts until its last entry is archived; then the host lets go of it.
void sim_host::end_dropped(stream& of) {
  if (!of.handle || !of.log().dropped)
    return;
  auto end = host_log::end_of(of.log());
  if (of.handle->expected_lsn() < end)
    return;
  auto dropped = engine_.door().drop_stream(tenant_, of.id, end);
  if (!dropped.ok())
    return world_.broken(name(of) + " cannot be dropped: " + dropped.error().to_string());
  if (of.handle->archived_position().next_lsn >= end && !engine_.needs_dba(tenant_))
    of.handle.reset();
}

std::string sim_host::standing() const {
  std::string text;
  for (auto& [id, each] : streams_) {
    auto& log = each->log();
    text += "; stream " + to_string(id) + (log.pulled ? " pulled" : "") + (log.dropped ? " dropped" : "");
    if (each->handle)
      text += " archived " + std::to_string(each->handle->archived_position().next_lsn) + " expected " +
              std::to_string(each->handle->expected_lsn());
    text += " oldest " + std::to_string(log.oldest) + " of " + std::to_string(host_log::end_of(log)) +
            (each->waits_for_room ? " waits for room" : "");
  }
  return text;
}

} // namespace varve::test
