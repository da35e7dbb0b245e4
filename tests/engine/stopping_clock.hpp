#pragma once

#include "engine/base/time.hpp"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace varve::test {

/// A wall clock that stops one thread until it is let go. A statement that reads a destination reads the
/// clock when it begins to: its thread stands where it would stand over a mount that hangs.
class stopping_clock {
public:
  static constexpr auto generous = std::chrono::seconds(60);

  unix_ns read() {
    std::unique_lock lock{mutex_};
    if (stops_ == std::this_thread::get_id()) {
      stands_ = true;
      changed_.notify_all();
      changed_.wait(lock, [&] { return let_go_; });
    }
    return *parse_time("2021-05-03 08:00:00");
  }
  void stop_this_thread() {
    std::lock_guard lock{mutex_};
    stops_ = std::this_thread::get_id();
  }
  bool wait_until_it_stands() {
    std::unique_lock lock{mutex_};
    return changed_.wait_for(lock, generous, [&] { return stands_; });
  }
  void let_go() {
    std::lock_guard lock{mutex_};
    let_go_ = true;
    changed_.notify_all();
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::thread::id stops_;
  bool stands_ = false, let_go_ = false;
};

} // namespace varve::test
