#include "engine/engine_environment.hpp"

#include <chrono>
#include <sys/random.h>
#include <thread>

namespace varve {
namespace {

random_id draw_random_id() {
  random_id drawn;
  std::size_t have = 0;
  while (have < drawn.size()) {
    auto got = ::getrandom(drawn.data() + have, drawn.size() - have, 0);
    if (got > 0)
      have += static_cast<std::size_t>(got);
  }
  return drawn;
}

unix_ns system_time() {
  auto since = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<unix_ns>(std::chrono::duration_cast<std::chrono::nanoseconds>(since).count());
}

pace_clock system_pace() {
  return {[] {
            auto since = std::chrono::steady_clock::now().time_since_epoch();
            return static_cast<duration_ns>(std::chrono::nanoseconds(since).count());
          },
          [](duration_ns wait) { std::this_thread::sleep_for(std::chrono::nanoseconds(wait)); }};
}

} // namespace

engine_environment system_environment(const archive_options& options) {
  engine_environment made;
  made.now = options.now ? options.now : system_time;
  made.draw = draw_random_id;
  made.open = open_destination;
  made.pace = system_pace();
  made.wait = [](std::unique_lock<std::mutex>& lock, std::condition_variable& changed, duration_ns limit,
                 const std::function<bool()>& ready) {
    return changed.wait_for(lock, std::chrono::nanoseconds(limit), ready);
  };
  return made;
}

} // namespace varve
