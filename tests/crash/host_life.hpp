#pragma once

#include "engine/archive_engine.hpp"
#include "tests/crash/accepted_log.hpp"
#include "tests/crash/crash_log.hpp"

#include <array>
#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace varve::test {

/// What a host is told on its command line: `key=value`, all of them needed.
struct host_options {
  std::string data, destination;
  std::uint64_t seed = 0; ///< of the log
  std::uint64_t life = 0; ///< of what this process does
  std::uint64_t host = 0; ///< which of several hosts this is: they write different payloads
  unsigned tenants = 2, streams = 3;
  unsigned statements = 0; ///< of 1000 turns, how many are one
  unsigned closes = 0;     ///< of 1000 turns, how many close the engine and open it again
  std::map<std::pair<std::uint64_t, std::uint64_t>, lsn> first; ///< of (tenant, stream): log below is gone
};

constexpr tenant_id host_tenant(unsigned which) {
  return tenant_id{1001 + which};
}

/// A database with several tenants that embeds the engine and never rests. What it is told about its log it
/// says on stdout before it believes it, a line each, so that a parent knows it whatever happens to it then:
///
///   phase open | streams | work | close            what it does from here on
///   phase statement TEXT                           and `said` when it is answered
///   durable T S LSN    the listener               ack T S LSN         flush() and append_durable()
///   archived T S LSN   archived_position()        recyclable T S LSN  recyclable_lsn(), if it is a limit
///   view T S LSN       a row of the progress view
///   checkpoint T ROUND SCN                         a row of the view, SCN floored to microseconds
///   handed T S LSN     its log ends here           gone T S FROM TO    this log was never handed over
///   recycled T S LSN   log below, which was recyclable, is not kept any more
///   flushed T          all its log is durable      fenced T WHY        another engine has the tenant
///   resend T S LSN     broken TEXT: a claim does not hold               failed TEXT: it cannot go on
class host_life final : public archive_listener {
public:
  explicit host_life(host_options options);
  ~host_life() override;

  /// Opens the engine and works until stdin says `finish` or ends. False: it failed, and has said why.
  bool run();

  void on_round_began(tenant_id tenant, round_id) override {
    accepted_.may_be_gone(tenant, std::nullopt);
    wake();
  }
  void on_room(tenant_id, stream_id, lsn) override { wake(); }
  void on_resend_from(tenant_id tenant, stream_id stream, lsn from, std::string_view why) override;
  void on_interrupted(tenant_id tenant, std::string_view reason) override;
  void on_fenced(tenant_id tenant, std::string_view reason) override;
  void on_durable(tenant_id tenant, stream_id stream, stream_position position) override;
  void on_error(const error& why) override;

private:
  struct tenant_host {
    tenant_id id;
    std::vector<std::unique_ptr<log_stream>> streams;
    std::mt19937_64 random;
    std::thread appender;
    std::atomic<bool> fenced{false};
    unsigned gaps = 0; ///< refused one after the other
  };

  bool open();
  void close(bool last);
  bool work();
  void prepare();
  void statement();
  void next_round();
  bool execute(const std::string& text, bool may_fail = false);
  bool look();

  void append(tenant_host& tenant);
  bool append_one(tenant_host& tenant, log_stream& to);
  bool flush(tenant_host& tenant);
  void finish(tenant_host& tenant);
  void advance(tenant_host& tenant);
  void positions(tenant_host& tenant);
  lsn next_of(const log_stream& stream);
  void let_go(log_stream& stream, lsn upto);
  void refused(tenant_host& tenant, const log_stream& stream, const append_answer& answer);
  void acknowledge(const char* how, tenant_id tenant, stream_id stream, lsn upto);
  void failed_wait(const char* what, const error& why);

  void wake();
  void rest(tenant_host& tenant);
  std::uint64_t draw(std::uint64_t below) { return random_() % below; }

  const host_options options_;
  const crash_log log_;
  std::mt19937_64 random_;
  std::unique_ptr<archive_engine> engine_;
  std::vector<std::unique_ptr<tenant_host>> tenants_;
  accepted_log accepted_;
  std::atomic<bool> stopping_{false}, closing_{false};
  std::mutex mutex_;
  std::condition_variable woken_;
  bool news_ = false;
  std::map<std::pair<std::uint64_t, std::uint64_t>, lsn> first_; // under mutex_
};

/// Writes one line to stdout, whole; ends the process when nobody reads it any more.
void tell(const std::string& line);
template <class... Words>
void tell_words(const Words&... words) {
  std::string line;
  auto add = [&](const auto& word) {
    if (!line.empty())
      line += ' ';
    if constexpr (std::is_convertible_v<decltype(word), std::string_view>)
      line += std::string_view(word);
    else if constexpr (std::is_integral_v<std::decay_t<decltype(word)>>)
      line += std::to_string(word);
    else
      line += to_string(word);
  };
  (add(words), ...);
  tell(line);
}

} // namespace varve::test
