// Runs seeds of the simulation, several at a time, until they are done or time is up. tests/simulate calls
// it.
#include "tests/sim/sim_run.hpp"

#include <CLI/CLI.hpp>

#include <atomic>
#include <chrono>
#include <iomanip>
#include <iostream>
#include <mutex>
#include <thread>

namespace varve::test {
namespace {

using steady = std::chrono::steady_clock;

struct request {
  std::uint64_t first = 1, last = 1000;
  double minutes = 0; // 0: no limit
  unsigned jobs = 1;
  bool keep_going = false;
};

/// What all threads have done so far.
class tally {
public:
  explicit tally(const request& asked) : asked_(asked), next_(asked.first) {}

  std::optional<std::uint64_t> take() {
    std::lock_guard guard{mutex_};
    bool late = asked_.minutes > 0 && seconds() > asked_.minutes * 60;
    bool enough = !asked_.keep_going && failures_ > 0;
    if (next_ > asked_.last || late || enough)
      return std::nullopt;
    return next_++;
  }

  void add(const outcome& came) {
    std::lock_guard guard{mutex_};
    sum_.add(came);
    if (came.broken) {
      ++failures_;
      std::cout << (asked_.keep_going ? came.broken->substr(0, came.broken->find('\n')) : *came.broken)
                << std::endl;
    }
    if (seconds() - told_ < 30)
      return;
    told_ = seconds();
    std::cerr << sum_.seeds << " of " << asked_.last - asked_.first + 1 << " seeds, " << failures_
              << " broken, " << static_cast<std::uint64_t>(told_) << " s" << std::endl;
  }

  int close() const {
    auto took = std::max(seconds(), 0.001);
    std::cout << describe(sum_) << '\n'
              << describe_least(sum_) << '\n'
              << std::fixed << std::setprecision(1) << static_cast<double>(sum_.seeds) / took
              << " seeds a second, " << static_cast<double>(sum_.time) / 1e9 / took
              << " simulated seconds a second, " << took << " s\n";
    constexpr std::uint64_t enough_seeds = 100; // of fewer, chance decides what happens in them
    auto quiet = sum_.seeds >= enough_seeds ? too_quiet(sum_) : "";
    if (!quiet.empty())
      std::cout << "too little happened: " << quiet << '\n';
    auto asked = asked_.last - asked_.first + 1;
    bool out_of_time = failures_ == 0 && sum_.seeds < asked;
    std::cout << sum_.seeds << (out_of_time ? " of " + std::to_string(asked) : "") << " seeds, " << failures_
              << " broken" << (out_of_time ? ", then time was up" : "") << '\n';
    return failures_ == 0 && quiet.empty() ? 0 : 1;
  }

private:
  double seconds() const { return std::chrono::duration<double>(steady::now() - began_).count(); }

  const request asked_;
  const steady::time_point began_ = steady::now();
  std::mutex mutex_;
  std::uint64_t next_, failures_ = 0;
  double told_ = 0;
  outcome sum_;
};

int run(const request& asked) {
  tally all{asked};
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < asked.jobs; ++i)
    threads.emplace_back([&] {
      while (auto seed = all.take())
        all.add(run_seed(*seed));
    });
  for (auto& each : threads)
    each.join();
  return all.close();
}

int replay(std::uint64_t seed) {
  auto came = run_seed(seed, true);
  std::cout << describe(came) << '\n' << (came.broken ? *came.broken : "nothing is broken") << '\n';
  return came.broken ? 1 : 0;
}

} // namespace
} // namespace varve::test

int main(int count, char** words) {
  using namespace varve::test;
  CLI::App app{"Runs simulated worlds; exit code 1 if a claim is broken."};
  request asked;
  asked.jobs = std::max(1U, std::thread::hardware_concurrency());
  std::uint64_t one = 0;
  auto* only = app.add_option("--seed", one, "replay this one and print what happens");
  app.add_option("--first", asked.first, "first seed");
  app.add_option("--last", asked.last, "last seed");
  app.add_option("--minutes", asked.minutes, "no new seed after so long");
  app.add_option("--jobs", asked.jobs, "worlds at a time")->check(CLI::Range(1, 256));
  app.add_flag("--keep-going", asked.keep_going,
               "a line for each broken seed instead of ending at the first");
  CLI11_PARSE(app, count, words);
  return only->count() > 0 ? replay(one) : run(asked);
}
