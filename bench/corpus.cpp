#include "bench/corpus.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace varve::bench {
namespace {

// splitmix64: enough for bytes that only have to look busy, and the same everywhere.
struct random_numbers {
  std::uint64_t state;
  std::uint64_t next() {
    auto z = state += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  std::uint64_t below(std::uint64_t limit) { return next() % limit; }
};

constexpr std::array<std::string_view, 12> tables{"orders",    "order_items", "customers", "payments",
                                                  "stock",     "shipments",   "invoice",   "sessions",
                                                  "audit_log", "prices",      "discounts", "returns"};
constexpr std::array<std::string_view, 16> words{
    "pending",   "paid",     "shipped", "cancelled", "express", "standard", "warehouse", "customer",
    "corrected", "imported", "retry",   "batch",     "north",   "south",    "gift",      "returned"};

class record_writer {
public:
  record_writer(bytes& target, std::size_t limit) : target_(target), limit_(limit) {}
  bool full() const { return target_.size() >= limit_; }
  void text(std::string_view value) { append(target_, as_bytes(value)); }
  void number(std::uint64_t value, int base = 10) {
    std::array<char, 24> digits{};
    auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, base).ptr;
    text({digits.data(), static_cast<std::size_t>(end - digits.data())});
  }

private:
  bytes& target_;
  std::size_t limit_;
};

} // namespace

result<corpus> load_corpus(const std::string& path, std::size_t bytes_max) {
  int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0)
    return system_error(errno, "open", path);
  struct closer {
    int file;
    ~closer() { ::close(file); }
  } closes{file};
  struct stat facts {};
  if (::fstat(file, &facts) != 0)
    return system_error(errno, "stat", path);
  if (!S_ISREG(facts.st_mode) || facts.st_size == 0)
    return fail(errc::invalid_argument, "cannot use '" + path + "' as a corpus: not a file with bytes in it");
  corpus made{path, bytes(std::min(bytes_max, static_cast<std::size_t>(facts.st_size)))};
  for (std::size_t at = 0; at < made.data.size();) {
    auto n = ::read(file, made.data.data() + at, made.data.size() - at);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return system_error(errno, "read", path);
    if (n == 0)
      return fail(errc::io_error, "cannot read '" + path + "': it ended early, is it being written?");
    at += static_cast<std::size_t>(n);
  }
  return made;
}

corpus make_corpus(std::size_t size, std::uint64_t seed) {
  corpus made{"made, log-like, seed " + std::to_string(seed), {}};
  made.data.reserve(size + 4096);
  random_numbers random{seed};
  record_writer out(made.data, size);
  std::uint64_t transaction = 7'000'000, time = 1'700'000'000'000'000;
  while (!out.full()) {
    transaction += 1 + random.below(3);
    time += random.below(900);
    auto changes = 1 + random.below(6);
    for (std::uint64_t i = 0; i < changes; ++i) {
      auto table = tables[random.below(tables.size())];
      out.text("t=");
      out.number(time);
      out.text(" tx=");
      out.number(transaction);
      out.text(random.below(4) == 0 ? " INSERT " : " UPDATE ");
      out.text(table);
      out.text(" id=");
      out.number(random.below(5'000'000));
      out.text(" customer=");
      out.number(random.below(60'000));
      out.text(" state=");
      out.text(words[random.below(words.size())]);
      out.text(" amount=");
      out.number(random.below(90'000));
      out.text(" note='");
      for (auto w = random.below(5); w > 0; --w) {
        out.text(words[random.below(words.size())]);
        out.text(" ");
      }
      out.text("' check=");
      out.number(random.next(), 16);
      out.text("\n");
    }
  }
  made.data.resize(size);
  return made;
}

result<corpus> take_corpus(const std::string& path, std::size_t bytes_max, std::size_t made_bytes) {
  if (!path.empty())
    return load_corpus(path, bytes_max);
  return make_corpus(std::min(made_bytes, bytes_max), 1);
}

bytes deal(bytes_view data, std::size_t streams, std::size_t entry_bytes) {
  bytes dealt;
  dealt.reserve(data.size());
  for (std::size_t stream = 0; stream < streams; ++stream)
    for (std::size_t at = stream * entry_bytes; at < data.size(); at += streams * entry_bytes)
      append(dealt, data.subspan(at, std::min(entry_bytes, data.size() - at)));
  return dealt;
}

} // namespace varve::bench
