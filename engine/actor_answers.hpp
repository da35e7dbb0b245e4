#pragma once

#include "engine/engine_environment.hpp"

namespace varve {

/// What actors answer to a call of the host's, which waits for all of it. Thread-safe; shared by the one who
/// waits and those who answer, so that an answer that comes too late finds its place.
class actor_answers {
public:
  explicit actor_answers(std::size_t expected) : left_(expected) {}

  void add(const status& answer);

  /// The first failure among all answers. closed: `given_up` said so before they were there, or the actors'
  /// system has ended. try_again: they were not there within `limit`.
  status wait(const engine_environment& environment, duration_ns limit,
              const std::function<bool()>& given_up);
  /// The same, as long as it takes.
  status wait(const engine_environment& environment);

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t left_; // to come
  status first_failure_;
};

} // namespace varve
