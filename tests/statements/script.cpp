#include "tests/statements/script.hpp"

#include "tests/harness/engine_host.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <sstream>

namespace varve::test {
namespace {

namespace fs = std::filesystem;

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (auto at = text.find(from); at != text.npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

std::string joined(const std::vector<std::optional<std::string>>& cells) {
  std::string text;
  for (std::size_t i = 0; i < cells.size(); ++i)
    text.append(i == 0 ? "" : "|").append(cells[i].value_or("NULL"));
  return text;
}

constexpr std::array outcomes{"accepted",    "repeated", "full", "not_archiving",
                              "interrupted", "fenced",   "error"};

class script_run {
public:
  script_run() {
    host_.options.now = [clock = clock_] { return clock->load(); };
    host_.options.stop_timeout = 200 * one_ms;
    host_.open();
  }

  void run(const script_step& step) {
    INFO("line " << step.line << ": " << step.words[0]);
    clock_->fetch_add(one_us);
    auto& verb = step.words[0];
    auto found = verbs().find(verb);
    if (found == verbs().end())
      FAIL("there is no step " + verb);
    (this->*found->second)(step);
  }

private:
  using verb = void (script_run::*)(const script_step&);
  static constexpr duration_ns one_us = 1000;

  static const std::map<std::string, verb>& verbs() {
    static const std::map<std::string, verb> all{
        {"statement", &script_run::statement}, {"query", &script_run::query},
        {"tenant", &script_run::tenant},       {"stream", &script_run::open_stream},
        {"append", &script_run::append},       {"advance", &script_run::advance},
        {"flush", &script_run::flush},         {"recycled", &script_run::recycled},
        {"close", &script_run::close_stream},  {"clock", &script_run::pass_time},
        {"restart", &script_run::restart},     {"crash", &script_run::crash},
        {"fault", &script_run::fault},         {"restore", &script_run::restore}};
    return all;
  }

  const std::string& word(const script_step& step, std::size_t at) {
    REQUIRE(at < step.words.size());
    return step.words[at];
  }
  std::uint64_t number(const script_step& step, std::size_t at) { return std::stoull(word(step, at)); }
  std::string sql(const script_step& step) {
    return replaced(replaced(step.text, "$DEST2", "file://" + (host_.dir.path() / "second").string()),
                    "$DEST", host_.uri);
  }
  log_stream& stream(const script_step& step) {
    auto found = streams_.find(word(step, 1));
    REQUIRE(found != streams_.end());
    return *found->second;
  }
  static std::pair<tenant_id, stream_id> ids(const std::string& text) {
    auto slash = text.find('/');
    REQUIRE(slash != text.npos);
    return {tenant_id{std::stoull(text.substr(0, slash))}, stream_id{std::stoull(text.substr(slash + 1))}};
  }

  void statement(const script_step& step) {
    auto done = host_.engine->execute(sql(step));
    if (word(step, 1) == "error") {
      INFO(sql(step));
      REQUIRE_FALSE(done.ok());
      auto why = done.error().to_string();
      REQUIRE(step.expects);
      for (auto& part : step.expected) {
        INFO(why);
        CHECK(why.find(part) != std::string::npos);
      }
      return;
    }
    INFO(sql(step) << (done.ok() ? "" : done.error().to_string()));
    REQUIRE(done.ok());
    std::string warnings;
    for (auto& each : *done)
      for (auto& warning : each.warnings)
        warnings.append(warning).append("\n");
    INFO(warnings);
    for (auto& part : step.expected)
      CHECK(warnings.find(part) != std::string::npos);
    if (step.expected.empty())
      CHECK(warnings.empty());
  }

  std::vector<std::string> rows_of(const std::string& text) {
    auto done = host_.engine->execute(text);
    INFO(text << (done.ok() ? "" : done.error().to_string()));
    REQUIRE(done.ok());
    std::vector<std::string> rows;
    for (auto& each : *done)
      for (auto& row : each.rows)
        rows.push_back(replaced(joined(row), host_.uri, "$DEST"));
    return rows;
  }

  void query(const script_step& step) {
    REQUIRE(step.expects);
    auto rows = rows_of(sql(step));
    if (step.words.size() > 1)
      static_cast<void>(
          engine_host::eventually([&] { return (rows = rows_of(sql(step))) == step.expected; }));
    CHECK(rows == step.expected);
  }

  void tenant(const script_step& step) {
    REQUIRE(host_.engine->register_tenant(tenant_id{number(step, 1)}, word(step, 2)).ok());
  }

  void open_stream(const script_step& step) {
    auto [tenant, id] = ids(word(step, 1));
    stream_options how;
    if (step.words.size() > 2)
      how.start_lsn = number(step, 2);
    auto opened = host_.engine->open_stream(tenant, id, how);
    INFO((opened.ok() ? "" : opened.error().to_string()));
    REQUIRE(opened.ok());
    streams_[word(step, 1)] = std::move(*opened);
  }

  void append(const script_step& step) {
    auto& payload = word(step, 3);
    auto at = number(step, 2);
    auto answer = stream(step).append({at, at + payload.size(), clock_->load(), as_bytes(payload)});
    auto expected = step.words.size() > 5 ? word(step, 5) : std::string("accepted");
    INFO((answer.outcome == append_outcome::error ? answer.failed.to_string() : ""));
    CHECK(outcomes.at(static_cast<std::size_t>(answer.outcome)) == expected);
  }

  void advance(const script_step& step) {
    REQUIRE(host_.engine->advance(tenant_id{number(step, 1)}, clock_->load()).ok());
  }

  void flush(const script_step& step) {
    auto done = host_.engine->flush(tenant_id{number(step, 1)}).get_for(std::chrono::seconds(60));
    REQUIRE(done);
    INFO((done->outcome.ok() ? "" : done->outcome.error().to_string()));
    CHECK(done->outcome.ok());
  }

  void recycled(const script_step& step) { REQUIRE(stream(step).log_recycled(number(step, 2)).ok()); }
  void close_stream(const script_step& step) { REQUIRE(streams_.erase(word(step, 1)) == 1); }

  void pass_time(const script_step& step) {
    auto time = parse_duration(std::string_view(word(step, 1)).substr(1));
    REQUIRE(time.ok());
    clock_->fetch_add(*time);
  }

  void restart(const script_step&) {
    streams_.clear();
    host_.reopen();
  }

  /// What a killed process leaves: its files as they are at this moment.
  void crash(const script_step&) {
    auto kept = host_.dir.path() / "kept";
    fs::create_directories(kept);
    fs::copy(host_.data, kept / "data", fs::copy_options::recursive);
    if (fs::exists(host_.archive))
      fs::copy(host_.archive, kept / "archive", fs::copy_options::recursive);
    streams_.clear();
    static_cast<void>(host_.engine->close());
    host_.engine.reset();
    fs::remove_all(host_.data);
    fs::remove_all(host_.archive);
    fs::rename(kept / "data", host_.data);
    if (fs::exists(kept / "archive"))
      fs::rename(kept / "archive", host_.archive);
    host_.open();
  }

  void fault(const script_step& step) {
    REQUIRE(word(step, 1) == "destination");
    if (word(step, 2) == "away")
      host_.take_commits_away();
    else
      host_.bring_commits_back();
  }

  void restore(const script_step& step) {
    REQUIRE(step.expects);
    REQUIRE(number(step, 1) == engine_host::shop.value);
    CHECK(host_.restored() == step.expected);
  }

  std::shared_ptr<std::atomic<unix_ns>> clock_ =
      std::make_shared<std::atomic<unix_ns>>(parse_time("2026-01-01 00:00:00").value());
  engine_host host_;
  std::map<std::string, std::unique_ptr<log_stream>> streams_;
};

} // namespace

std::vector<script_step> parse_script(const std::string& text) {
  std::vector<script_step> steps;
  std::istringstream in(text);
  std::string line;
  bool inside = false;
  for (std::size_t number = 1; std::getline(in, line); ++number) {
    if (line.starts_with("#"))
      continue;
    if (line.empty()) {
      inside = false;
    } else if (!inside) {
      auto& step = steps.emplace_back();
      step.line = number;
      std::istringstream words(line);
      for (std::string word; words >> word;)
        step.words.push_back(word);
      // Only these have lines of their own below them.
      auto& verb = step.words.at(0);
      inside = verb == "statement" || verb == "query" || verb == "restore";
    } else if (auto& step = steps.back(); !step.expects && line == "----") {
      step.expects = true;
    } else if (step.expects) {
      step.expected.push_back(line);
    } else {
      step.text.append(line).append("\n");
    }
  }
  return steps;
}

void run_script(const std::string& text) {
  script_run run;
  auto steps = parse_script(text);
  REQUIRE_FALSE(steps.empty());
  for (auto& step : steps)
    run.run(step);
}

} // namespace varve::test
