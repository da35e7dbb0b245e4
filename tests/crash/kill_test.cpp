// kill -9 of a real process with a real catalog and real files, at drawn moments, again and again on the same
// directories. VARVE_CRASH_ROUNDS: how many kills; VARVE_CRASH_SEED: of the hosts' log, of what they do, and
// of the moments; real processes do not hit the same moments again, so a seed replays the rounds and not
// their timing; VARVE_CRASH_KEEP: the directory stays. tests/crash/run sets them.
#include "tests/crash/crash_run.hpp"
#include "tests/engine/shell/program.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <iostream>
#include <map>
#include <sstream>

namespace varve::test {
namespace {

using std::chrono::microseconds;

/// One archive that is killed, checked and gone on with.
class kill_rounds {
public:
  explicit kill_rounds(std::uint64_t seed) : run_(seed) {}
  ~kill_rounds() {
    std::error_code ignored;
    if (std::getenv("VARVE_CRASH_KEEP") != nullptr)
      std::filesystem::copy(run_.dir.path(), run_.dir.string() + ".kept",
                            std::filesystem::copy_options::recursive, ignored);
  }

  void round(std::uint64_t number);
  void finish(std::uint64_t life);
  void report(std::uint64_t rounds) const;

  /// So many rounds have every kind of moment in them, and everything that befalls a catalog.
  static constexpr std::uint64_t enough = 20;
  void check_variety() const;

private:
  void before(std::uint64_t number);
  bool work_until_moment(host_process& host, std::uint64_t number);
  void copy_catalog(host_process& host);
  void check(bool all);
  void check_beside();
  void check_program();
  void verify();
  void take(const std::string& line) {
    journal_ << line << '\n' << std::flush;
    run_.book.take(line);
  }

  crash_run run_;
  std::ofstream journal_{run_.dir / "journal"}; ///< for whoever looks at a kept directory
  std::map<std::string, unsigned> kills_;       ///< in which phase
  std::map<std::string, unsigned> moments_;     ///< the same when the kill was decided upon
  unsigned lost_ = 0, set_back_ = 0, beside_ = 0;
};

/// Now and then the catalog is lost, or an older one is put in its place.
void kill_rounds::before(std::uint64_t number) {
  auto data = run_.data(), older = run_.dir / "older";
  auto what = run_.draw(12);
  if (number % enough == 13)
    what = 0;
  if (number % enough == 17)
    what = 1;
  if (number == 0 || what > 1 || !std::filesystem::exists(run_.archive / "format"))
    return;
  if (what == 1 && std::filesystem::exists(older)) {
    std::filesystem::remove_all(data);
    std::filesystem::rename(older, data);
    ++set_back_;
  } else if (what == 0) {
    std::filesystem::remove_all(data);
    auto rebuilt = run_varve({"rebuild-catalog", "--data", data.string(), "--from", run_.uri});
    INFO(rebuilt.errors);
    REQUIRE(rebuilt.exit_code == 0);
    ++lost_;
  } else {
    return;
  }
  run_.book.catalog_was_set_back();
}

/// Lets it work until the moment it is to be killed at. False: it ended before, or fell silent.
bool kill_rounds::work_until_moment(host_process& host, std::uint64_t number) {
  auto each = [this](const std::string& line) { take(line); };
  auto begins = [](const char* what) {
    return [what](const std::string& line) { return line.starts_with(what); };
  };
  auto after = [&](std::uint64_t lines) {
    return [lines](const std::string&) mutable { return lines-- <= 1; };
  };
  auto linger = [&](std::uint64_t most) { host.linger(microseconds(run_.draw(most))); };
  // Every other moment is drawn, the others take turns.
  bool drawn = number % 2 == 1;
  switch (drawn ? run_.draw(10) : number / 2 % 10) {
  case 0: { // while it is opened: catalog, streams, takeover
    constexpr std::array phases = {"phase open", "phase streams", "phase work"};
    auto which = drawn ? run_.draw(phases.size()) : number / enough % phases.size();
    if (!host.lines_until(begins(phases[which]), each))
      return false;
    linger(30'000);
    return true;
  }
  case 1:
  case 2: // in a statement, that of which life ever
    for (auto left = 1 + run_.draw(6); left > 0; --left)
      if (!host.lines_until(begins("phase statement"), each))
        return false;
    linger(10'000);
    return true;
  case 3:
  case 4: // while it is closed, or opened after that
    if (!host.lines_until(begins("phase close"), each))
      return false;
    linger(run_.draw(2) == 0 ? 5'000 : 60'000);
    return true;
  default:
    if (!host.lines_until(begins("phase work"), each) ||
        !host.lines_until(after(1 + run_.draw(std::uint64_t{1} << run_.draw(11))), each))
      return false;
    linger(2'000);
    return true;
  }
}

/// As a kill now would leave it; it stands still meanwhile.
void kill_rounds::copy_catalog(host_process& host) {
  host.stop();
  std::filesystem::remove_all(run_.dir / "older");
  std::filesystem::copy(run_.data(), run_.dir / "older", std::filesystem::copy_options::recursive);
  host.go_on();
}

void kill_rounds::round(std::uint64_t number) {
  journal_ << "round " << number << '\n';
  before(number);
  auto host = run_.start(
      number, 0,
      {"statements=" + std::to_string(run_.draw(150)), "closes=" + std::to_string(20 + run_.draw(60))});
  bool came = work_until_moment(*host, number);
  INFO("round " << number << ", in phase " << run_.book.phase() << ": " << host->errors());
  REQUIRE(came);
  ++moments_[run_.book.phase()];
  bool begun = std::filesystem::exists(run_.archive / "format");
  if ((run_.draw(4) == 0 || number % enough == 15) && begun)
    copy_catalog(*host);
  if ((run_.draw(4) == 0 || number % enough == 11) && begun)
    check_beside();
  host->kill();
  host->drain([this](const std::string& line) { take(line); });
  ++kills_[run_.book.phase()];
  if (std::filesystem::exists(run_.archive / "format"))
    check(number % 20 == 19);
}

void kill_rounds::check(bool all) {
  run_.book.check(run_.uri, all);
  check_program();
}

/// While the host goes on.
void kill_rounds::check_beside() {
  run_.book.check_beside(run_.uri);
  verify();
  ++beside_;
}

void kill_rounds::verify() {
  auto verified = run_varve({"verify", run_.archive.string()});
  INFO(verified.output << verified.errors);
  REQUIRE(verified.exit_code == 0);
}

/// What somebody at a prompt gets.
void kill_rounds::check_program() {
  verify();
  // The catalog of the dead: it was read by the one who said this, or may know more, but no more than there
  // is.
  auto views =
      run_varve({"shell", "--data", run_.data().string(), "--format", "csv", "-e",
                 "SELECT 'view', TENANT_ID, TABLE_ID, NEXT_LSN FROM CDB_OB_BACKUP_ARCHIVELOG_PROGRESS"});
  if (std::filesystem::exists(run_.data() / "catalog" / "CURRENT")) {
    INFO(views.output << views.errors);
    REQUIRE(views.exit_code == 0);
  }
  std::istringstream rows(views.output);
  for (std::string row; std::getline(rows, row);) {
    std::replace(row.begin(), row.end(), ',', ' ');
    if (row.starts_with("view "))
      take(row);
  }
  auto tenant = tenant_id{1001 + run_.draw(2)};
  auto stream = stream_id{1 + run_.draw(3)};
  if (run_.book.end_of(tenant, stream) == 0)
    return;
  // Its log since it was last not archived for a while.
  std::string wanted;
  auto [first, next] = run_.book.last_run_of(tenant, stream);
  for (auto number = *run_.book.log().find(tenant, stream, first);
       run_.book.log().at(tenant, stream, number).lsn < next; ++number)
    wanted += as_text(run_.book.log().payload(tenant, stream, number, 0));
  auto restored = run_varve({"restore", "--from", run_.archive.string(), "--tenant", to_string(tenant),
                             "--stream", to_string(stream), "--to", "-", "--quiet"});
  INFO("tenant " << to_string(tenant) << " stream " << to_string(stream) << ": " << restored.output.size()
                 << " bytes, " << wanted.size() << " wanted: " << restored.errors);
  REQUIRE(restored.exit_code == 0);
  bool equal = restored.output == wanted;
  REQUIRE(equal);
}

/// The last life ends in good order, and nothing that was handed over is missing then.
void kill_rounds::finish(std::uint64_t life) {
  auto host = run_.start(life, 0, {"statements=0"});
  auto each = [this](const std::string& line) { take(line); };
  host->say_finish();
  auto closed = host->lines_until([](auto& line) { return line.starts_with("closed"); }, each);
  INFO(host->errors());
  REQUIRE(closed);
  CHECK(*closed == "closed ok");
  CHECK(host->wait() == 0);
  run_.book.check_complete(run_.uri);
  check_program();
}

/// A run in which nothing happens proves nothing.
void kill_rounds::check_variety() const {
  auto decided = [&](std::string_view phase) {
    unsigned sum = 0;
    for (auto& [each, times] : moments_)
      if (each.starts_with(phase))
        sum += times;
    return sum;
  };
  CHECK(decided("open") > 0);
  CHECK(decided("takeover") + decided("work") > 0);
  CHECK(decided("statement") > 0);
  CHECK(decided("close") > 0);
  CHECK(lost_ > 0);
  CHECK(set_back_ > 0);
  CHECK(beside_ > 0);
  auto& counted = run_.book.counted();
  CHECK(counted.acknowledgements > 0);
  CHECK(counted.checkpoints > 0);
  CHECK(counted.entries > 0);
}

void kill_rounds::report(std::uint64_t rounds) const {
  auto& counted = run_.book.counted();
  std::cout << rounds << " kills:";
  for (auto& [phase, times] : kills_)
    std::cout << ' ' << times << " in " << phase << ',';
  std::cout << " with seed " << run_.seed << "; catalog lost " << lost_
            << " times, an older one in its place " << set_back_ << " times; read beside the living host "
            << beside_ << " times; " << counted.acknowledgements << " acknowledgements and "
            << counted.checkpoints << " published checkpoints kept; " << counted.entries << " entries with "
            << counted.bytes << " bytes compared\n";
}

} // namespace

TEST_CASE("whenever a host is killed, what it was told is durable comes back, in order, once, and equal") {
  auto seed = from_environment("VARVE_CRASH_SEED", 1);
  auto rounds = from_environment("VARVE_CRASH_ROUNDS", sanitized ? 6 : 20);
  kill_rounds all(seed);
  INFO("VARVE_CRASH_SEED=" << seed);
  for (std::uint64_t number = 0; number < rounds; ++number)
    try {
      all.round(number);
    } catch (const broken_claim& claim) {
      FAIL("round " << number << ": " << claim.what());
    }
  if (rounds >= kill_rounds::enough)
    all.check_variety();
  try {
    all.finish(rounds);
  } catch (const broken_claim& claim) {
    FAIL("at the end: " << claim.what());
  }
  all.report(rounds);
}

} // namespace varve::test
