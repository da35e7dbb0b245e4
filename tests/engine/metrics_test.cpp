#include "engine/data_directory.hpp"
#include "engine/metrics.hpp"
#include "tests/harness/engine_host.hpp"

#include <sstream>

namespace varve {
namespace {

using test::engine_host;

/// The value of a line that starts like this; "" if there is none.
std::string value_of(const std::string& text, const std::string& start) {
  auto at = ("\n" + text).find("\n" + start);
  if (at == std::string::npos)
    return {};
  auto line = text.substr(at, text.find('\n', at) - at);
  return line.substr(line.rfind(' ') + 1);
}

} // namespace

TEST_CASE("metrics say of every tenant where its round stands, and how far the checkpoint is behind") {
  auto kept = make_memory_catalog();
  round_status_record round;
  round.tenant = tenant_id{1001};
  round.round.id = round_id{3};
  round.round.status = round_status::interrupted;
  round.round.checkpoint_scn = 1'000 * one_second;
  round.counts = {1000, 250, 10};
  round.comment = "log is gone";
  round.comment_since = 1'020 * one_second;
  change_set changes;
  changes.put(round);
  changes.put(tenant_record{tenant_id{1001}, "a \"shop\"", true});
  changes.put(stream_record{tenant_id{1001}, stream_id{1}, 0, {5, 6}, false});
  changes.put(stream_record{tenant_id{1001}, stream_id{2}, 0, {5, 6}, true});
  changes.put(lag_sample{tenant_id{1001}, 1, 1'004 * one_second, 1'000 * one_second, {}, one_second / 2});
  changes.put(alarm_record{tenant_id{1001}, stream_id{1}, 3, 4, 2, 5, 6, 7});
  changes.put(break_history_record{tenant_id{1001}, round_id{3}, stream_id{1}, 1, 2, 3, "gone"});
  REQUIRE(kept->apply(changes, durability::synced).ok());
  auto text = metrics_text(*kept->snapshot(), nullptr, 1'030 * one_second);
  REQUIRE(text.ok());
  auto of = [&](const std::string& name) {
    return value_of(*text, name + "{tenant=\"1001\",name=\"a \\\"shop\\\"\"");
  };
  CHECK(value_of(*text,
                 "varve_round_status{tenant=\"1001\",name=\"a \\\"shop\\\"\",status=\"INTERRUPTED\"") == "1");
  CHECK(value_of(*text, "varve_round_status{tenant=\"1001\",name=\"a \\\"shop\\\"\",status=\"DOING\"") ==
        "0");
  CHECK(of("varve_round_id") == "3");
  CHECK(of("varve_round_input_bytes") == "1000");
  CHECK(of("varve_round_output_bytes") == "250");
  CHECK(of("varve_checkpoint_age_seconds") == "30");
  CHECK(of("varve_trouble_seconds") == "10");
  CHECK(of("varve_log_streams") == "1");
  CHECK(of("varve_checkpoint_lag_seconds") == "4");
  CHECK(of("varve_commit_seconds") == "0.5");
  CHECK(of("varve_breaks") == "1");
  CHECK(of("varve_alarm_streams") == "5");
  CHECK(text->find("varve_memory") == std::string::npos);
  CHECK(text->find("# TYPE varve_checkpoint_age_seconds gauge\n") != std::string::npos);
}

TEST_CASE("the engine's metrics count what it took and wrote, and are there beside it without its memory") {
  engine_host h;
  h.begin();
  auto s = h.stream(1);
  REQUIRE(s->append({0, 5, 100, as_bytes("hello")}).outcome == append_outcome::accepted);
  h.flush();
  auto text = h.engine->metrics();
  REQUIRE(text.ok());
  CHECK(value_of(*text, "varve_accepted_bytes_total") == "5");
  CHECK(value_of(*text, "varve_accepted_entries_total") == "1");
  CHECK(std::stod(value_of(*text, "varve_commits_total")) >= 1);
  CHECK(std::stod(value_of(*text, "varve_syncs_total")) >= 1);
  CHECK(value_of(*text, "varve_memory_budget_bytes") == "268435456");
  CHECK(engine_host::eventually([&] {
    return value_of(h.engine->metrics().value(), "varve_round_input_bytes{tenant=\"1001\"") ==
           "5"; // written after the commit
  }));
  auto beside = metrics_of_data_directory(h.data, 200);
  REQUIRE(beside.ok());
  CHECK(value_of(*beside, "varve_round_input_bytes{tenant=\"1001\"") == "5");
  CHECK(beside->find("varve_memory_budget_bytes") == std::string::npos);
}

TEST_CASE(
    "the view of the metrics has what a monitoring system gets, with the engine's and beside it without") {
  engine_host h;
  h.begin();
  auto s = h.stream(1);
  REQUIRE(s->append({0, 5, 100, as_bytes("hello")}).outcome == append_outcome::accepted);
  h.flush();
  CHECK(h.rows("SELECT VALUE, TYPE FROM VARVE_METRICS WHERE NAME = 'varve_accepted_bytes_total'") ==
        std::vector<std::string>{"5.0 counter"});
  auto bytes = "SELECT VALUE FROM VARVE_METRICS WHERE NAME = 'varve_round_input_bytes' AND TENANT_ID = 1001";
  CHECK(engine_host::eventually([&] { return h.rows(bytes) == std::vector<std::string>{"5.0"}; }));
  auto select = "SELECT NAME || CASE LABELS WHEN '' THEN '' ELSE '{' || LABELS || '}' END FROM VARVE_METRICS";
  auto lines = [](const std::string& text) {
    std::vector<std::string> names;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);)
      if (!line.starts_with("#"))
        names.push_back(line.substr(0, line.rfind(' ')));
    return names;
  };
  CHECK(h.rows(select) == lines(h.engine->metrics().value()));

  auto beside = query_data_directory(h.data, select, 200);
  REQUIRE(beside.ok());
  std::vector<std::string> names;
  for (auto& row : beside->rows)
    names.push_back(row.at(0).value());
  CHECK(names == lines(metrics_of_data_directory(h.data, 200).value()));
  CHECK(names.size() > 10);
  CHECK(std::none_of(names.begin(), names.end(), [](auto& x) { return x.starts_with("varve_memory"); }));
}

} // namespace varve
