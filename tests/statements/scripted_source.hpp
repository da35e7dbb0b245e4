#pragma once

#include "engine/archive_engine.hpp"

#include <algorithm>
#include <mutex>
#include <string>
#include <vector>

namespace varve::test {

/// The log of one stream at a host that the engine asks for it. Thread-safe.
class scripted_source : public log_source {
public:
  explicit scripted_source(lsn start) : start_(start), oldest_(start) {}

  result<lsn> start_lsn() override {
    std::lock_guard lock{mutex_};
    return std::max(start_, oldest_);
  }
  result<lsn> oldest_lsn() override {
    std::lock_guard lock{mutex_};
    return oldest_;
  }
  result<batch> read(lsn from, std::size_t bytes_max) override {
    std::lock_guard lock{mutex_};
    if (from < oldest_)
      return fail(errc::entry_not_exist,
                  "the host has recycled its log below LSN " + std::to_string(oldest_));
    given_.clear();
    std::size_t bytes = 0;
    for (auto& each : log_)
      if (each.at >= from && (given_.empty() || bytes < bytes_max)) {
        given_.push_back(each);
        bytes += each.text.size();
      }
    batch made;
    for (auto& each : given_)
      made.entries.push_back({each.at, each.at + each.text.size(), each.when, as_bytes(each.text)});
    if (given_.empty() || given_.back().at == log_.back().at)
      made.nothing_before = quiet_until_;
    return made;
  }

  void write(lsn at, scn when, std::string text) {
    std::lock_guard lock{mutex_};
    log_.push_back({at, when, std::move(text)});
  }
  void recycle_below(lsn oldest) {
    std::lock_guard lock{mutex_};
    oldest_ = oldest;
    std::erase_if(log_, [&](auto& each) { return each.at < oldest; });
  }
  void say_quiet_until(scn upto) {
    std::lock_guard lock{mutex_};
    quiet_until_ = upto;
  }

private:
  struct entry {
    lsn at;
    scn when;
    std::string text;
  };
  std::mutex mutex_;
  std::vector<entry> log_, given_;
  lsn start_, oldest_;
  scn quiet_until_ = 0;
};

} // namespace varve::test
