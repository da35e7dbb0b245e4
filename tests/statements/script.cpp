#include "tests/statements/script.hpp"

#include "tests/harness/engine_host.hpp"
#include "tests/harness/moment_copy.hpp"
#include "tests/statements/scripted_source.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <set>
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

/// What an append came to, in the words of a script.
std::string answer_of(const append_answer& answer) {
  if (answer.outcome == append_outcome::error)
    return std::string(name_of(answer.failed.code));
  return outcomes.at(static_cast<std::size_t>(answer.outcome));
}

std::string answer_of(const status& outcome) {
  return outcome.ok() ? "done" : std::string(name_of(outcome.code()));
}

/// What the engine told the host, one line each: "room 1001/1", "resend 1001/1 4", "round 1001 2".
class scripted_listener : public archive_listener {
public:
  void on_round_began(tenant_id tenant, round_id round) override {
    note("round " + to_string(tenant) + " " + to_string(round));
  }
  void on_room(tenant_id tenant, stream_id stream, lsn) override { note("room " + name(tenant, stream)); }
  void on_resend_from(tenant_id tenant, stream_id stream, lsn from, std::string_view) override {
    note("resend " + name(tenant, stream) + " " + std::to_string(from));
  }
  void on_interrupted(tenant_id tenant, std::string_view) override {
    note("interrupted " + to_string(tenant));
  }
  void on_fenced(tenant_id tenant, std::string_view) override { note("fenced " + to_string(tenant)); }

  /// False: it was not told within a generous time. Is forgotten, so that it can be told and heard again.
  bool heard(const std::string& what) {
    std::unique_lock lock{mutex_};
    return told_.wait_for(lock, std::chrono::seconds(60), [&] { return all_.count(what) != 0; }) &&
           all_.erase(what) != 0;
  }

private:
  static std::string name(tenant_id tenant, stream_id stream) {
    return to_string(tenant) + "/" + to_string(stream);
  }
  void note(std::string what) {
    std::lock_guard lock{mutex_};
    all_.insert(std::move(what));
    told_.notify_all();
  }
  std::mutex mutex_;
  std::condition_variable told_;
  std::set<std::string> all_;
};

class script_run {
public:
  using verb = void (script_run::*)(const script_step&);
  script_run() {
    host_.options.now = [clock = clock_] { return clock->load(); };
    host_.options.stop_timeout = 200 * one_ms;
    host_.options.budget_bytes = 16 << 20;
    open();
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

  static const std::map<std::string, verb>& verbs() {
    static const std::map<std::string, verb> all{
        {"statement", &script_run::statement}, {"query", &script_run::query},
        {"tenant", &script_run::tenant},       {"stream", &script_run::open_stream},
        {"pulled", &script_run::open_stream},  {"append", &script_run::append},
        {"append_wait", &script_run::append},  {"fill", &script_run::fill},
        {"expects", &script_run::expects},     {"recyclable", &script_run::recyclable},
        {"recycled", &script_run::recycled},   {"advance", &script_run::advance},
        {"flush", &script_run::flush},         {"drop", &script_run::drop},
        {"close", &script_run::close_stream},  {"heard", &script_run::heard},
        {"clock", &script_run::pass_time},     {"restart", &script_run::restart},
        {"crash", &script_run::crash},         {"elsewhere", &script_run::elsewhere},
        {"fault", &script_run::fault},         {"restore", &script_run::restore},
        {"verify", &script_run::verify}};
    return all;
  }

private:
  static constexpr duration_ns one_us = 1000;

  // ---- what a step says
  const std::string& word(const script_step& step, std::size_t at) {
    REQUIRE(at < step.words.size());
    return step.words[at];
  }
  std::uint64_t number(const script_step& step, std::size_t at) { return std::stoull(word(step, at)); }
  lsn position(const script_step& step, std::size_t at) {
    return word(step, at) == "next" ? stream(step).expected_lsn() : number(step, at);
  }
  /// What stands behind "->", else what a step comes to that says nothing.
  static std::string wanted(const script_step& step, const std::string& usual) {
    auto arrow = std::find(step.words.begin(), step.words.end(), "->");
    return arrow == step.words.end() || arrow + 1 == step.words.end() ? usual : arrow[1];
  }
  /// "hello", or "x*1000" for a thousand of them.
  std::string payload(const script_step& step) {
    auto& text = word(step, 3);
    auto star = text.find('*');
    if (star == text.npos)
      return text;
    std::string all;
    for (auto left = std::stoull(text.substr(star + 1)); left > 0; --left)
      all.append(text, 0, star);
    return all;
  }
  /// The SCN belongs to the entry: the same entry again has that of the first time.
  scn committed_at(const script_step& step, lsn at) {
    auto entry = word(step, 1) + " " + std::to_string(at) + " " + word(step, 3);
    return scns_.emplace(entry, clock_->load()).first->second;
  }
  std::string second_uri() const { return "file://" + (host_.dir.path() / "second").string(); }
  std::string with_paths(const std::string& text) const {
    return replaced(replaced(text, "$DEST2", second_uri()), "$DEST", host_.uri);
  }
  std::string without_paths(const std::string& text) const {
    return replaced(replaced(text, second_uri(), "$DEST2"), host_.uri, "$DEST");
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
  void check(const status& outcome, const std::string& wanted) {
    INFO((outcome.ok() ? "" : outcome.error().to_string()));
    CHECK(answer_of(outcome) == wanted);
  }

  // ---- what a DBA types
  void statement(const script_step& step) {
    auto text = with_paths(step.text);
    auto done = host_.engine->execute(text);
    if (word(step, 1) == "error") {
      INFO(text);
      REQUIRE_FALSE(done.ok());
      auto why = without_paths(done.error().to_string());
      REQUIRE(step.expects);
      for (auto& part : step.expected) {
        INFO(why);
        bool banned = part.starts_with("!");
        CHECK((why.find(banned ? part.substr(1) : part) == std::string::npos) == banned);
      }
      return;
    }
    INFO(text << (done.ok() ? "" : done.error().to_string()));
    REQUIRE(done.ok());
    std::string warnings;
    for (auto& each : *done)
      for (auto& warning : each.warnings)
        warnings.append(without_paths(warning)).append("\n");
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
        rows.push_back(without_paths(joined(row)));
    return rows;
  }

  void query(const script_step& step) {
    REQUIRE(step.expects);
    auto text = with_paths(step.text);
    auto rows = rows_of(text);
    if (step.words.size() > 1)
      static_cast<void>(engine_host::eventually([&] { return (rows = rows_of(text)) == step.expected; }));
    CHECK(rows == step.expected);
  }

  // ---- what a host does
  void tenant(const script_step& step) {
    check(host_.engine->register_tenant(tenant_id{number(step, 1)}, word(step, 2)), wanted(step, "done"));
  }

  void open_stream(const script_step& step) {
    auto [tenant, id] = ids(word(step, 1));
    stream_options how;
    if (step.words.size() > 2)
      how.start_lsn = number(step, 2);
    if (step.words[0] == "pulled") {
      auto& source = sources_[word(step, 1)];
      if (!source)
        source = std::make_unique<scripted_source>(std::exchange(how.start_lsn, {}).value_or(0));
      how.source = source.get();
      pulled_.insert(word(step, 1));
    } else {
      pulled_.erase(word(step, 1));
    }
    auto opened = host_.engine->open_stream(tenant, id, how);
    INFO((opened.ok() ? "" : opened.error().to_string()));
    REQUIRE(opened.ok());
    streams_[word(step, 1)] = std::move(*opened);
  }

  void append(const script_step& step) {
    auto text = payload(step);
    auto at = position(step, 2);
    if (pulled_.count(word(step, 1)) != 0)
      return sources_.at(word(step, 1))->write(at, committed_at(step, at), text);
    log_entry entry{at, at + text.size(), committed_at(step, at), as_bytes(text)};
    auto answer = step.words[0] == "append" ? stream(step).append(entry) : stream(step).append_wait(entry);
    INFO(answer.failed.to_string());
    CHECK(answer_of(answer) == wanted(step, "accepted"));
  }

  void fill(const script_step& step) {
    auto text = payload(step);
    append_answer answer;
    for (auto at = position(step, 2); answer.outcome == append_outcome::accepted; at = answer.expected_lsn)
      answer = stream(step).append({at, at + text.size(), clock_->load(), as_bytes(text)});
    CHECK(answer_of(answer) == wanted(step, "full"));
  }

  void expects(const script_step& step) {
    auto& of = stream(step);
    auto at = number(step, 2);
    static_cast<void>(engine_host::eventually([&] { return of.expected_lsn() == at; }));
    CHECK(of.expected_lsn() == at);
  }
  void recyclable(const script_step& step) {
    CHECK(stream(step).recyclable_lsn() == (word(step, 2) == "all" ? lsn_max : number(step, 2)));
  }
  void recycled(const script_step& step) {
    if (pulled_.count(word(step, 1)) != 0)
      sources_.at(word(step, 1))->recycle_below(number(step, 2));
    else
      REQUIRE(stream(step).log_recycled(number(step, 2)).ok());
  }

  void advance(const script_step& step) {
    if (word(step, 1).find('/') == std::string::npos)
      REQUIRE(host_.engine->advance(tenant_id{number(step, 1)}, clock_->load()).ok());
    else if (pulled_.count(word(step, 1)) != 0)
      sources_.at(word(step, 1))->say_quiet_until(clock_->load());
    else
      REQUIRE(stream(step).advance(clock_->load()).ok());
  }

  void flush(const script_step& step) {
    auto done = host_.engine->flush(tenant_id{number(step, 1)}).get_for(std::chrono::seconds(60));
    REQUIRE(done);
    check(done->outcome, wanted(step, "done"));
  }

  void drop(const script_step& step) {
    if (word(step, 1).find('/') == std::string::npos)
      return check(host_.engine->drop_tenant(tenant_id{number(step, 1)}), "done");
    auto [tenant, id] = ids(word(step, 1));
    REQUIRE(host_.engine->drop_stream(tenant, id, number(step, 2)).ok());
  }
  void close_stream(const script_step& step) { REQUIRE(streams_.erase(word(step, 1)) == 1); }

  void heard(const script_step& step) {
    std::string what;
    for (std::size_t i = 1; i < step.words.size(); ++i)
      what.append(i == 1 ? "" : " ").append(step.words[i]);
    CHECK(listener_.heard(what));
  }

  // ---- what befalls them
  void open() {
    host_.open();
    host_.engine->set_listener(&listener_);
  }

  void pass_time(const script_step& step) {
    auto& by = word(step, 1);
    auto time = parse_duration(std::string_view(by).substr(1));
    REQUIRE(time.ok());
    if (by[0] == '-')
      clock_->fetch_sub(*time);
    else
      clock_->fetch_add(*time);
  }

  void restart(const script_step&) {
    streams_.clear();
    static_cast<void>(host_.engine->close());
    host_.engine.reset();
    open();
  }

  /// What a killed process leaves: its files as they are at this moment.
  void crash(const script_step&) {
    REQUIRE_FALSE(fs::exists(mounted()));
    auto kept = host_.dir.path() / "kept";
    fs::create_directories(kept);
    moment_copy({{host_.data, kept / "data"}, {host_.archive, kept / "archive"}});
    streams_.clear();
    static_cast<void>(host_.engine->close());
    host_.engine.reset();
    fs::remove_all(host_.data);
    fs::remove_all(host_.archive);
    fs::rename(kept / "data", host_.data);
    if (fs::exists(kept / "archive"))
      fs::rename(kept / "archive", host_.archive);
    open();
  }

  void elsewhere(const script_step& step) {
    auto [tenant, id] = ids(word(step, 1));
    auto options = host_.options;
    options.data_directory = host_.dir.path() / "elsewhere";
    fs::remove_all(options.data_directory);
    moment_copy({{host_.data, options.data_directory}});
    auto other = archive_engine::open(options);
    REQUIRE(other.ok());
    auto opened = (*other)->open_stream(tenant, id, {});
    REQUIRE(opened.ok());
    // The catalog that was copied may be behind: the takeover knows what is archived.
    REQUIRE((*other)->flush(tenant).get_for(std::chrono::seconds(60)));
    auto text = payload(step);
    auto at = number(step, 2);
    CHECK(answer_of((*opened)->append({at, at + text.size(), committed_at(step, at), as_bytes(text)})) ==
          "accepted");
    auto durable = (*opened)->flush().get_for(std::chrono::seconds(60));
    REQUIRE(durable);
    check(durable->outcome, "done");
    opened->reset();
  }

  fs::path mounted() const { return host_.archive.string() + ".mounted"; }

  void fault(const script_step& step) {
    REQUIRE(word(step, 1) == "destination");
    auto& what = word(step, 2);
    if (what == "away") {
      host_.take_commits_away();
    } else if (what == "back") {
      host_.bring_commits_back();
    } else if (what == "unmounted") {
      fs::rename(host_.archive, mounted());
      fs::create_directory(host_.archive);
    } else if (what == "mounted") {
      CHECK(fs::is_empty(host_.archive));
      fs::remove_all(host_.archive);
      fs::rename(mounted(), host_.archive);
    } else {
      FAIL("there is no fault " + what);
    }
  }

  // ---- what is left
  void restore(const script_step& step) {
    REQUIRE(step.expects);
    restore_options how;
    how.tenant = tenant_id{number(step, 1)};
    if (step.words.size() > 3)
      how.round = round_id{number(step, 3)};
    CHECK(host_.restored(how) == step.expected);
  }
  void verify(const script_step&) { host_.verify(); }

  std::shared_ptr<std::atomic<unix_ns>> clock_ =
      std::make_shared<std::atomic<unix_ns>>(parse_time("2026-01-01 00:00:00").value());
  scripted_listener listener_;
  engine_host host_;
  std::map<std::string, scn> scns_;
  std::set<std::string> pulled_; // streams that are open so now
  std::map<std::string, std::unique_ptr<scripted_source>> sources_;
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

std::vector<std::string> script_verbs() {
  std::vector<std::string> all;
  for (auto& [verb, step] : script_run::verbs())
    all.push_back(verb);
  return all;
}

void run_script(const std::string& text) {
  script_run run;
  auto steps = parse_script(text);
  REQUIRE_FALSE(steps.empty());
  for (auto& step : steps)
    run.run(step);
}

} // namespace varve::test
