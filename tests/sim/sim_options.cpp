#include "tests/sim/sim_options.hpp"

namespace varve::test {

sim_options sim_options::drawn_from(simulation& world) {
  sim_options made;
  made.tenants = static_cast<unsigned>(world.draw(2, 3));
  made.streams = static_cast<unsigned>(world.draw(1, 3));
  made.late_streams = static_cast<unsigned>(world.draw(3));
  made.dropped_streams = static_cast<unsigned>(world.draw(2));
  made.pulled = world.chance(400) ? static_cast<unsigned>(world.draw(1000)) : 0;
  made.destinations = static_cast<unsigned>(world.draw(1, 2));
  made.duration = world.draw(30, 150) * one_second;
  made.incidents = static_cast<unsigned>(world.draw(1, 5));
  made.host_pause = world.draw(200, 3000) * one_ms;
  made.entries_a_turn = static_cast<unsigned>(world.draw(1, 12));
  made.entry_bytes = world.chance(300) ? 12'000 : 800;
  made.one_rests = world.chance(300);
  made.io_latency = world.chance(250) ? 0 : world.draw(1, world.chance(200) ? 20'000 : 200) * one_ms;
  made.early_timers = world.chance(500) ? 0 : static_cast<unsigned>(world.draw(1, 30));
  if (world.chance(700)) {
    made.fails_before = static_cast<unsigned>(world.draw(60));
    made.fails_after = static_cast<unsigned>(world.draw(60));
  }
  made.second_engines = world.chance(600);
  made.dba_pause = world.chance(700) ? world.draw(3, 40) * one_second : 0;
  made.dba_stops_rounds = world.chance(600);
  made.careless = world.chance(300) ? static_cast<unsigned>(world.draw(1, 10)) : 0;
  made.mistakes = world.chance(300) ? static_cast<unsigned>(world.draw(1, 100)) : 0;
  made.patient = world.chance(300);
  made.round_scns = world.chance(300);
  made.watched_to_the_end = world.chance(300);
  made.option.checkpoint_interval = world.draw(5, 30) * one_second;
  made.option.piece_switch_interval = world.chance(400) ? 0 : world.draw(10, 90) * one_second;
  made.how.mode = world.chance(500) ? archive_mode::mandatory : archive_mode::optional;
  made.how.codec = static_cast<codec>(world.draw(3));
  made.block_bytes = static_cast<std::uint32_t>(world.draw(1, 4) * 4096);
  made.budget_bytes = world.draw(1, 4) * (512 << 10);
  made.segment_bytes = world.draw(1, 8) * (32 << 10);
  made.sync_bytes = made.segment_bytes / 2;
  made.workers = static_cast<unsigned>(world.draw(1, 3));
  made.io_threads = static_cast<unsigned>(world.draw(1, 4));
  made.hasty = world.chance(600) ? static_cast<unsigned>(world.draw(100, 1000)) : 0;
  return made;
}

std::string sim_options::to_string() const {
  std::string text;
  auto say = [&](const char* name, const std::string& value) {
    text.append(text.empty() ? "" : ", ").append(name).append(" ").append(value);
  };
  say("tenants", std::to_string(tenants));
  say("streams", std::to_string(streams));
  say("late_streams", std::to_string(late_streams));
  say("dropped_streams", std::to_string(dropped_streams));
  say("pulled", std::to_string(pulled) + "/1000");
  say("destinations", std::to_string(destinations));
  say("duration", format_duration(duration));
  say("incidents", std::to_string(incidents));
  say("host_pause", format_duration(host_pause));
  say("entries_a_turn", std::to_string(entries_a_turn));
  say("entry_bytes", std::to_string(entry_bytes));
  say("one_rests", one_rests ? "yes" : "no");
  say("io_latency", format_duration(io_latency));
  say("early_timers", std::to_string(early_timers) + "/1000");
  say("fails_before", std::to_string(fails_before) + "/1000");
  say("fails_after", std::to_string(fails_after) + "/1000");
  say("second_engines", second_engines ? "yes" : "no");
  say("dba_pause", format_duration(dba_pause));
  say("dba_stops_rounds", dba_stops_rounds ? "yes" : "no");
  say("hasty", std::to_string(hasty) + "/1000");
  say("careless", std::to_string(careless) + "/1000");
  say("mistakes", std::to_string(mistakes) + "/1000");
  say("patient", patient ? "yes" : "no");
  say("round_scns", round_scns ? "yes" : "no");
  say("watched_to_the_end", watched_to_the_end ? "yes" : "no");
  say("interval", format_duration(option.checkpoint_interval));
  say("piece", format_duration(option.piece_switch_interval));
  say("mode", std::string(varve::to_string(how.mode)));
  say("codec", std::string(varve::to_string(how.codec)));
  say("block_bytes", std::to_string(block_bytes));
  say("budget_bytes", std::to_string(budget_bytes));
  say("segment_bytes", std::to_string(segment_bytes));
  say("workers", std::to_string(workers));
  say("io_threads", std::to_string(io_threads));
  return text;
}

} // namespace varve::test
