#include "engine/shell/demo_load.hpp"

#include "engine/shell/demo_host.hpp"
#include "engine/shell/wal_source.hpp"

#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <random>
#include <set>
#include <unistd.h>

namespace varve::shell {
namespace {
constexpr std::uint64_t keys_per_writer = 3000;
constexpr unsigned burst_max = 40;
constexpr std::chrono::microseconds pause_max{4000};
} // namespace

result<std::unique_ptr<demo_load>> demo_load::open(rocksdb::DB& db, commit_clock& clock,
                                                   const std::string& journal, std::uint64_t seed) {
  auto load = std::unique_ptr<demo_load>(new demo_load(db, clock, seed));
  load->journal_ = ::open(journal.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (load->journal_ < 0)
    return system_error(errno, "open", journal);
  VARVE_TRY(load->settle(journal));
  return load;
}

demo_load::~demo_load() {
  stop();
  if (journal_ >= 0)
    ::close(journal_);
}

status demo_load::settle(const std::string& path) {
  VARVE_TRY_ASSIGN(auto journal, demo_journal::read(path));
  for (const auto& write : journal.open()) {
    std::string last;
    auto status = db_.Get(rocksdb::ReadOptions(), demo_last_key(write.writer), &last);
    if (!status.ok() && !status.IsNotFound())
      return fail(errc::io_error, "reading the database: " + status.ToString());
    bool there = status.ok() && last == std::to_string(write.number);
    note(there ? acknowledged_line(write) : lost_line(write));
    ++(there ? found_ : lost_);
  }
  clock_.raise(journal.last_stamp()); // the wall clock may have been set back since
  for (unsigned writer = 0; writer < demo_writers; ++writer)
    numbers_.push_back(journal.last_number(writer));
  return {};
}

void demo_load::note(const std::string& line) {
  // One write() of a whole line: O_APPEND keeps the lines of several writers apart.
  if (::write(journal_, line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
    std::lock_guard lock{outcome_mutex_};
    if (outcome_.ok())
      outcome_ = system_error(errno, "write", "the journal of the demo");
    stopping_ = true;
  }
}

void demo_load::start(unsigned writers) {
  for (unsigned writer = 0; writer < writers; ++writer)
    threads_.emplace_back([this, writer] { run(writer); });
}

void demo_load::stop() {
  stopping_ = true;
  for (auto& thread : threads_)
    thread.join();
  threads_.clear();
}

scn demo_load::mark() {
  std::unique_lock nobody_writes{gate_};
  return clock_.settled();
}

status demo_load::outcome() {
  std::lock_guard lock{outcome_mutex_};
  return outcome_;
}

status demo_load::write(const demo_write& write) {
  rocksdb::WriteBatch batch;
  stamp_batch(batch, write.stamp);
  for (const auto& change : write.changes) {
    auto key = demo_key(write.writer, change.key);
    auto status =
        change.erase ? batch.Delete(key) : batch.Put(key, demo_value(write.writer, write.number, change));
    if (!status.ok())
      return fail(errc::io_error, "building a write failed: " + status.ToString());
  }
  auto status = batch.Put(demo_last_key(write.writer), std::to_string(write.number));
  if (status.ok())
    status = db_.Write(rocksdb::WriteOptions(), &batch);
  if (!status.ok())
    return fail(errc::io_error, "writing to the database failed: " + status.ToString());
  return {};
}

void demo_load::run(unsigned writer) {
  auto number = numbers_[writer];
  std::mt19937_64 random(seed_ * 1'000'003 + writer * 7919 + number);
  while (!stopping_) {
    for (auto left = 1 + random() % burst_max; left > 0 && !stopping_; --left) {
      std::shared_lock writing{gate_};
      demo_write next{writer, ++number, clock_.begin(), {}};
      std::set<std::uint64_t> keys;
      for (auto n = 1 + random() % 5; n > 0; --n)
        keys.insert(random() % keys_per_writer);
      for (auto key : keys)
        next.changes.push_back({key, static_cast<std::uint32_t>(80 + random() % 400), random() % 6 == 0});
      note(noted_line(next));
      auto outcome = write(next);
      clock_.end(next.stamp);
      if (!outcome.ok()) {
        std::lock_guard lock{outcome_mutex_};
        if (outcome_.ok())
          outcome_ = outcome;
        return;
      }
      note(acknowledged_line(next));
      acknowledged_.fetch_add(1);
    }
    std::this_thread::sleep_for(std::chrono::microseconds(random() % pause_max.count()));
  }
}

} // namespace varve::shell
