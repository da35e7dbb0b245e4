#pragma once

#include <nlohmann/json.hpp>

#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

namespace varve::bench {

/// What one run of one workload found: lines for a reader and a JSON object for a script, made from the same
/// figures. Starts with machine and build, and with the reasons to doubt them.
class report {
public:
  explicit report(std::string_view workload);

  /// Facts the figures depend on: corpus, codec, destination …
  void fact(std::string_view key, std::string_view value);
  void fact(std::string_view key, std::uint64_t value);

  /// A figure; `shown` is how a reader sees it ("1.73 GiB/s").
  void figure(std::string_view key, double value, std::string_view shown);
  void figure(std::string_view key, std::uint64_t value, std::string_view shown);

  /// A figure that is not one number.
  void detail(std::string_view key, nlohmann::ordered_json value);

  /// Whether a goal was met, in words and under "goals" in the JSON.
  void goal(std::string_view what, double reached, bool met, std::string_view shown);
  bool all_goals_met() const { return all_met_; }

  /// For this run only: why its figures must be read with care.
  void doubt(std::string reason) { doubts_.push_back(std::move(reason)); }

  void print_text(std::ostream& out) const;
  void print_json(std::ostream& out) const;

private:
  std::vector<std::string> all_doubts() const;

  struct line {
    std::string key, shown;
  };
  nlohmann::ordered_json json_;
  std::vector<line> facts_, figures_, goals_;
  std::vector<std::string> doubts_;
  double began_, others_before_; // seconds: steady, and of other programs' processor time
  bool all_met_ = true;
};

std::string show_speed(double bytes_per_second);   ///< "1.73 GiB/s"
std::string show_bytes(double count);              ///< "256.0 MiB"
std::string show_ns(std::uint64_t ns);             ///< "840 ns", "12.5 us", "3.1 ms"
std::string show_number(double value, int digits); ///< fixed, with so many digits after the point

} // namespace varve::bench
