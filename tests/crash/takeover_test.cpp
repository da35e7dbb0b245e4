// Real processes that believe to own the same tenants: one that stood still for longer than everybody's
// interval, and two that start at once.
#include "tests/crash/crash_run.hpp"
#include "tests/engine/shell/program.hpp"
#include "tests/harness/engine_host.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <iostream>
#include <set>
#include <sstream>

namespace varve::test {
namespace {

constexpr std::array tenants = {tenant_id{1001}, tenant_id{1002}};
constexpr auto shortly = std::chrono::milliseconds(5);

/// A process of a run, and what it has said that these tests look at.
struct racer {
  racer(crash_run& of, std::uint64_t life, std::uint64_t which)
      : run(of), host(which), process(of.start(life, which)) {}

  void take(const std::string& line) {
    std::istringstream words(line);
    std::string kind;
    std::uint64_t tenant = 0;
    words >> kind >> tenant;
    if (kind == "fenced") {
      fenced.insert(tenant);
      INFO(line);
      CHECK(line.find("was taken over") != std::string::npos);
    }
    if (kind == "flushed")
      flushed.insert(tenant);
    if (kind == "ack")
      ++acks[tenant];
    if (kind == "closed")
      closed = line;
    run.book.take(line, host);
  }
  /// Takes what it says in a moment, or what it has said by now if that is much.
  void listen() {
    constexpr int much = 1000;
    for (int lines = 0; lines < much; ++lines) {
      auto line = process->line(shortly);
      if (!line)
        return;
      take(*line);
    }
  }
  void finish() {
    process->say_finish();
    auto last = process->lines_until([](auto& line) { return line.starts_with("closed"); },
                                     [this](auto& line) { take(line); });
    INFO("host " << host << ": " << process->errors());
    REQUIRE(last);
    CHECK(*last == "closed ok");
    CHECK(process->wait() == 0);
  }

  crash_run& run;
  const std::uint64_t host;
  std::unique_ptr<host_process> process;
  std::set<std::uint64_t> fenced, flushed;
  std::map<std::uint64_t, unsigned> acks;
  std::string closed;
};

/// Hears them until it is so; false: it was not within a generous time.
template <class So>
bool listen_until(std::initializer_list<racer*> racers, So so) {
  return engine_host::eventually([&] {
    for (auto* one : racers)
      one->listen();
    return so();
  });
}

std::set<std::filesystem::path> commits_of(const crash_run& run) {
  const std::filesystem::path mark = std::string(20, '0'); // which stays
  std::set<std::filesystem::path> all;
  for (auto tenant : tenants)
    for (auto& each :
         std::filesystem::directory_iterator(run.archive / ("t" + to_string(tenant)) / "commits"))
      if (each.path().filename() > mark) // and is not a file without a name yet
        all.insert(each.path());
  return all;
}

void rebuild(const crash_run& run, std::uint64_t host) {
  auto rebuilt = run_varve({"rebuild-catalog", "--data", run.data(host).string(), "--from", run.uri});
  INFO(rebuilt.errors);
  REQUIRE(rebuilt.exit_code == 0);
}

void copy_data(const crash_run& run, std::uint64_t from, std::uint64_t to) {
  std::filesystem::copy(run.data(from), run.data(to), std::filesystem::copy_options::recursive);
}

/// The host works until it was told of so many commits of each tenant.
void work(racer& one, unsigned acks) {
  bool worked = listen_until({&one}, [&] { return one.acks[1001] >= acks && one.acks[1002] >= acks; });
  INFO("host " << one.host << ": " << one.process->errors());
  REQUIRE(worked);
}

void verify(const crash_run& run) {
  auto verified = run_varve({"verify", run.archive.string()});
  INFO(verified.output << verified.errors);
  CHECK(verified.exit_code == 0);
}

} // namespace

TEST_CASE(
    "a process that stood still while another took its tenants over is fenced and has changed nothing") {
  crash_run run(from_environment("VARVE_CRASH_SEED", 1));
  racer stale(run, 1, 0);
  try {
    work(stale, 20);
    stale.process->stop();
    stale.process->drain([&](auto& line) { stale.take(line); });
    run.book.check(run.uri, true);
    auto its_commits = commits_of(run);
    bool copied = GENERATE(false, true);
    if (copied)
      copy_data(run, 0, 1);
    else
      rebuild(run, 1);
    racer taker(run, 2, 1);
    // Until no commit is left that the other one knows: its next one then falls into a hole of deleted
    // numbers.
    bool gone = listen_until({&taker}, [&] {
      return std::none_of(its_commits.begin(), its_commits.end(), [](auto& each) { return exists(each); });
    });
    INFO(taker.process->errors());
    REQUIRE(gone);
    CHECK(taker.fenced.empty());
    stale.process->go_on();
    bool fenced = listen_until({&stale, &taker}, [&] { return stale.fenced.size() == tenants.size(); });
    INFO(stale.process->errors());
    REQUIRE(fenced);
    run.book.check(run.uri, true);
    stale.finish();
    CHECK(stale.flushed.empty());
    auto before = taker.acks;
    REQUIRE(listen_until({&taker},
                         [&] { return taker.acks[1001] > before[1001] && taker.acks[1002] > before[1002]; }));
    taker.finish();
    CHECK(taker.fenced.empty());
    run.book.check_complete(run.uri);
    run.book.check_owners();
    verify(run);
  } catch (const broken_claim& claim) {
    FAIL(claim.what());
  }
}

TEST_CASE("of two processes that race for an archive each tenant has one owner, and their logs do not mix") {
  auto races = from_environment("VARVE_CRASH_RACES", sanitized ? 3 : 10);
  unsigned first_won = 0;
  for (std::uint64_t race = 0; race < races; ++race) {
    crash_run run(1000 * from_environment("VARVE_CRASH_SEED", 1) + race);
    INFO("race " << race);
    try {
      auto kind = race % 3;
      if (kind == 0) { // nothing is archived yet
        auto named = run_varve({"shell", "--data", run.data(0).string(), "-e",
                                "ALTER SYSTEM SET backup_dest = '" + run.uri + "'"});
        INFO(named.errors);
        REQUIRE(named.exit_code == 0);
      } else { // a process was killed
        racer before(run, 100, 0);
        work(before, 5);
        before.process->kill();
        before.process->drain([&](auto& line) { before.take(line); });
      }
      for (std::uint64_t host : {1U, 2U})
        if (kind == 2)
          rebuild(run, host);
        else
          copy_data(run, 0, host);
      racer one(run, 1 + race, 1), other(run, 5001 + race, 2);
      bool decided = listen_until({&one, &other},
                                  [&] { return one.fenced.size() + other.fenced.size() >= tenants.size(); });
      INFO(one.process->errors() << other.process->errors());
      REQUIRE(decided);
      for (auto tenant : tenants) {
        auto& owner = one.fenced.contains(tenant.value) ? other : one;
        auto before = owner.acks[tenant.value];
        REQUIRE(listen_until({&one, &other}, [&] { return owner.acks[tenant.value] > before + 2; }));
      }
      run.book.check(run.uri, true);
      one.finish();
      other.finish();
      for (auto tenant : tenants) {
        INFO("tenant " << to_string(tenant));
        CHECK(one.fenced.contains(tenant.value) != other.fenced.contains(tenant.value));
        CHECK(one.flushed.contains(tenant.value) != other.flushed.contains(tenant.value));
        CHECK(one.flushed.contains(tenant.value) != one.fenced.contains(tenant.value));
        first_won += one.flushed.contains(tenant.value) ? 1U : 0U;
      }
      run.book.check_complete(run.uri);
      run.book.check_owners();
      verify(run);
    } catch (const broken_claim& claim) {
      FAIL("race " << race << ": " << claim.what());
    }
  }
  std::cout << races << " races for " << tenants.size() << " tenants each: the first process won "
            << first_won << " of " << races * tenants.size() << '\n';
}

TEST_CASE(
    "of two archives that race for an empty destination one gets it, and the other is refused by name") {
  for (std::uint64_t race = 0; race < (sanitized ? 2 : 5); ++race) {
    crash_run run(2000 * from_environment("VARVE_CRASH_SEED", 1) + race);
    std::array<std::unique_ptr<host_process>, 2> hosts = {run.start(1 + race, 0), run.start(1001 + race, 1)};
    std::array<bool, 2> refused{}, archives{};
    auto decided = [&] { return (refused[0] || archives[0]) && (refused[1] || archives[1]); };
    bool came = engine_host::eventually([&] {
      for (std::size_t i : {std::size_t{0}, std::size_t{1}})
        if (auto line = hosts[i]->line(shortly)) {
          refused[i] |= line->starts_with("failed") && line->find("FOREIGN_DESTINATION") != std::string::npos;
          archives[i] |= line->starts_with("ack");
        }
      return decided();
    });
    CHECK(came);
    CHECK(refused[0] != refused[1]);
    CHECK(archives[0] != archives[1]);
    auto winner = archives[0] ? std::size_t{0} : std::size_t{1};
    hosts[1 - winner]->kill();
    hosts[winner]->kill();
    hosts[winner]->drain([&](auto& line) { run.book.take(line, winner); });
    try {
      run.book.check(run.uri, true);
    } catch (const broken_claim& claim) {
      FAIL(claim.what());
    }
    verify(run);
  }
}

TEST_CASE("a second process on a data directory is refused with the pid of the first, which goes on") {
  crash_run run(1);
  racer owner(run, 1, 0);
  try {
    work(owner, 1);
    auto second = run.start(2);
    auto refused = second->lines_until([](auto& line) { return line.starts_with("failed"); }, [](auto&) {});
    REQUIRE(refused);
    CHECK(refused->find("VARVE_ALREADY_OPEN") != std::string::npos);
    CHECK(refused->find("process " + std::to_string(owner.process->pid()) + ".") != std::string::npos);
    CHECK(second->wait() == 1);
    owner.acks.clear();
    work(owner, 1);
    owner.finish();
    run.book.check_complete(run.uri);
  } catch (const broken_claim& claim) {
    FAIL(claim.what());
  }
}

} // namespace varve::test
