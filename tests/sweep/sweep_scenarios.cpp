#include "tests/sweep/sweep_scenarios.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace varve::test {
namespace {

constexpr auto tenant = sweep_run::tenant;
constexpr stream_id first_stream{1};

/// Two streams whose log fills a few small segments.
sim_options small_world() {
  sim_options made;
  made.streams = 2;
  made.host_pause = 700 * one_ms;
  made.entries_a_turn = 4;
  made.entry_bytes = 4000;
  made.io_latency = 30 * one_ms;
  made.option.checkpoint_interval = 5 * one_second;
  made.block_bytes = 4096;
  made.budget_bytes = 1 << 20;
  made.segment_bytes = 32 << 10;
  made.sync_bytes = 16 << 10;
  return made;
}

sim_options with_pieces() {
  auto made = small_world();
  made.option.piece_switch_interval = 10 * one_second;
  return made;
}

sim_options with_two_destinations() {
  auto made = small_world();
  made.destinations = 2;
  return made;
}

sim_options with_sources() {
  auto made = small_world();
  made.pulled = 1000;
  return made;
}

/// Nobody has said anything yet.
sim_options without_orders() {
  auto made = small_world();
  made.set_up = false;
  return made;
}

/// Hosts wait for room, and do nothing else, when there is none.
sim_options mandatory_world() {
  auto made = small_world();
  made.how = {archive_mode::mandatory, codec::lz4};
  made.patient = true;
  made.budget_bytes = 512 << 10;
  made.block_bytes = 16 << 10;
  made.segment_bytes = 256 << 10;
  made.sync_bytes = 128 << 10;
  return made;
}

/// Log that nobody has handed over yet.
void write_burst(sweep_run& run, unsigned entries) {
  auto& world = run.world();
  for (unsigned i = 0; i < entries; ++i)
    world.log().write(tenant, first_stream, world.options().entry_bytes);
}

void first_round(sweep_run& run) {
  run.go_on(18 * one_second);
  run.until_archived();
}

void first_orders(sweep_run& run) {
  run.type("ALTER SYSTEM SET backup_dest = '" + run.world().uri(0) + "'");
  run.type("ALTER SYSTEM SET backup_dest_option = 'log_archive_checkpoint_interval=5s'");
  run.type("ALTER SYSTEM SET backup_log_archive_option = 'OPTIONAL COMPRESSION=LZ4_1.0'");
  run.begin_round();
  run.until_archived();
}

void held_host(sweep_run& run) {
  run.go_on(6 * one_second);
  write_burst(run, 400);
  run.go_on(6 * one_second);
  run.until_archived();
}

void piece_switch(sweep_run& run) {
  run.go_on(33 * one_second);
  run.until_archived();
}

/// A round with log that is only half on its way.
void begin_and_hurry(sweep_run& run) {
  run.go_on(8 * one_second);
  write_burst(run, 12);
  run.go_on(one_second);
}

void noarchivelog(sweep_run& run) {
  begin_and_hurry(run);
  run.stop_round();
  run.go_on(3 * one_second);
}

void dropped_tenant(sweep_run& run) {
  begin_and_hurry(run);
  run.drop_tenant();
  run.go_on(2 * one_second);
  run.register_tenant();
  run.until_archived();
}

void clean_reopen(sweep_run& run) {
  run.go_on(8 * one_second);
  run.close_and_reopen();
  run.go_on(9 * one_second);
}

void kill_and_reopen(sweep_run& run) {
  begin_and_hurry(run);
  run.kill();
  run.reopen();
  run.go_on(9 * one_second);
}

void second_round(sweep_run& run) {
  run.go_on(8 * one_second);
  run.stop_round();
  run.go_on(2 * one_second);
  run.begin_round();
  run.until_archived();
}

/// The host recycles log that the engine has not seen, of a stream that the archive knows.
void broken_round(sweep_run& run) {
  write_burst(run, 2);
  run.until_archived();
  write_burst(run, 6);
  auto& of = run.world().log().at(tenant, first_stream);
  run.world().log().recycle(tenant, first_stream, of.entries.size() - 1);
  run.go_on(8 * one_second);
  run.engine().dba().mend();
  run.go_on(9 * one_second);
}

void another_destination(sweep_run& run) {
  run.go_on(8 * one_second);
  run.stop_round();
  run.type("ALTER SYSTEM SET backup_dest = '" + run.world().uri(0) + "' TENANT_ID = " + to_string(tenant));
  run.type("ALTER SYSTEM SET backup_dest_option = 'log_archive_checkpoint_interval=6s"
           "&log_archive_piece_switch_interval=8s'");
  run.type("ALTER SYSTEM SET backup_log_archive_option = 'OPTIONAL COMPRESSION=ZSTD_1.3.8'");
  run.begin_round();
  run.until_archived();
}

void takeover(sweep_run& run) {
  run.go_on(8 * one_second);
  static_cast<void>(run.engine());
  run.world().start_second_engine();
  run.go_on(16 * one_second);
}

void rebuilt_catalog(sweep_run& run) {
  run.until_archived();
  run.kill();
  run.world().lose_catalog();
  run.reopen();
  run.type("ALTER SYSTEM SET backup_dest_option = 'log_archive_checkpoint_interval=5s'");
  run.go_on(12 * one_second);
}

void streams_come_and_go(sweep_run& run) {
  run.go_on(7 * one_second);
  run.world().log().drop_stream(tenant, first_stream);
  run.go_on(3 * one_second);
  run.world().log().add_stream(tenant, stream_id{3}, false, true);
  run.go_on(10 * one_second);
}

void pulled_source(sweep_run& run) {
  run.go_on(10 * one_second);
  run.close_and_reopen();
  run.go_on(8 * one_second);
}

bool has_new_round(const sweep_run& run) {
  return run.world().counts().rounds > 0;
}

} // namespace

const std::vector<sweep_scenario>& sweep_scenarios() {
  static const std::vector<sweep_scenario> all{
      {"first_round", small_world(), first_round, 60, 5, {}},
      {"first_orders", without_orders(), first_orders, 40, 8, {}},
      {"held_host", mandatory_world(), held_host, 60, 5,
       [](auto& run) { return run.world().counts().refused_full > 0 && run.world().counts().rooms > 0; }},
      {"piece_switch", with_pieces(), piece_switch, 60, 5,
       [](auto& run) { return run.world().counts().pieces >= 3; }},
      {"noarchivelog", small_world(), noarchivelog, 50, 5, has_new_round},
      {"dropped_tenant", small_world(), dropped_tenant, 60, 8, has_new_round},
      {"clean_reopen", small_world(), clean_reopen, 60, 5,
       [](auto& run) { return run.world().counts().engines == 2; }},
      {"kill_and_reopen", small_world(), kill_and_reopen, 60, 5,
       [](auto& run) { return run.world().counts().kills == 1 && run.world().counts().engines == 2; }},
      {"second_round", small_world(), second_round, 60, 5, has_new_round},
      {"broken_round", small_world(), broken_round, 60, 5,
       [](auto& run) { return run.world().counts().breaks == 1; }},
      {"another_destination", with_two_destinations(), another_destination, 60, 5, has_new_round},
      {"takeover", small_world(), takeover, 60, 5,
       [](auto& run) { return run.world().counts().fenced == 1; }},
      {"rebuilt_catalog", small_world(), rebuilt_catalog, 60, 5,
       [](auto& run) { return run.world().counts().lost_directories == 1; }},
      {"streams_come_and_go", small_world(), streams_come_and_go, 60, 5, {}},
      {"pulled_source", with_sources(), pulled_source, 60, 5, {}},
  };
  return all;
}

const sweep_scenario& sweep_scenario_of(const std::string& name) {
  for (auto& each : sweep_scenarios())
    if (each.name == name)
      return each;
  throw std::runtime_error("no scenario " + name);
}

sweep_outcome tell(const sweep_scenario& scenario, std::optional<failure_at> failure, bool print) {
  sweep_outcome came;
  sweep_run run{scenario.options, failure, print};
  try {
    scenario.script(run);
    run.end();
  } catch (const broken_claim& claim) {
    came.broken = std::string(claim.what()) + "\nlast of the story:\n" + run.world().story();
  }
  came.calls = run.calls();
  came.writes = run.writes();
  came.reads = run.reads();
  came.failed = run.failed();
  came.happened = !scenario.happened || scenario.happened(run);
  return came;
}

std::string to_string(const sweep_scenario& scenario, const failure_at& failure) {
  return scenario.name + ":" + std::string(to_string(failure.what)) + ":" + std::to_string(failure.number) +
         ":" + std::to_string(failure.luck);
}

std::optional<sweep_replay> parse_replay(const std::string& text) {
  std::vector<std::string> parts{""};
  for (auto c : text)
    if (c == ':')
      parts.emplace_back();
    else
      parts.back().push_back(c);
  if (parts.size() != 4)
    return std::nullopt;
  sweep_replay made{parts[0], {}};
  auto what = std::ranges::find_if(all_failures, [&](auto each) { return to_string(each) == parts[1]; });
  if (what == std::end(all_failures))
    return std::nullopt;
  made.failure.what = *what;
  auto number = [](const std::string& of, auto& into) {
    auto end = of.data() + of.size();
    return std::from_chars(of.data(), end, into).ptr == end && !of.empty();
  };
  if (!number(parts[2], made.failure.number) || !number(parts[3], made.failure.luck))
    return std::nullopt;
  return made;
}

} // namespace varve::test
