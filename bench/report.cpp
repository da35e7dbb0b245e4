#include "bench/report.hpp"

#include "bench/machine.hpp"
#include "bench/measure.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <iomanip>
#include <ostream>

namespace varve::bench {

report::report(std::string_view workload)
    : doubts_(reasons_to_doubt()), began_(steady_seconds()), others_before_(cpu_seconds_of_others()) {
  auto here = describe_machine();
  json_["workload"] = std::string(workload);
  json_["machine"] = {
      {"cpu", here.cpu}, {"cores", here.cores}, {"kernel", here.kernel}, {"build", here.build}};
  facts_.push_back({"workload", std::string(workload)});
  facts_.push_back({"machine", here.cpu + ", " + std::to_string(here.cores) + " cores, " + here.kernel});
  facts_.push_back({"build", here.build});
}

void report::fact(std::string_view key, std::string_view value) {
  json_[std::string(key)] = std::string(value);
  facts_.push_back({std::string(key), std::string(value)});
}

void report::fact(std::string_view key, std::uint64_t value) {
  json_[std::string(key)] = value;
  facts_.push_back({std::string(key), std::to_string(value)});
}

void report::figure(std::string_view key, double value, std::string_view shown) {
  json_[std::string(key)] = value;
  figures_.push_back({std::string(key), std::string(shown)});
}

void report::figure(std::string_view key, std::uint64_t value, std::string_view shown) {
  json_[std::string(key)] = value;
  figures_.push_back({std::string(key), std::string(shown)});
}

void report::detail(std::string_view key, nlohmann::ordered_json value) {
  json_[std::string(key)] = std::move(value);
}

void report::goal(std::string_view what, double reached, bool met, std::string_view shown) {
  json_["goals"].push_back({{"goal", std::string(what)}, {"reached", reached}, {"met", met}});
  goals_.push_back({met ? "goal met" : "GOAL MISSED", std::string(what) + ": " + std::string(shown)});
  all_met_ = all_met_ && met;
}

std::vector<std::string> report::all_doubts() const {
  auto all = doubts_;
  auto seconds = (steady_seconds() - began_) * describe_machine().cores;
  auto others = cpu_seconds_of_others() - others_before_;
  if (others > 0.1 && others > 0.05 * seconds)
    all.push_back("other programs took " + show_number(100 * others / seconds, 0) + " % of the processors");
  return all;
}

void report::print_text(std::ostream& out) const {
  std::size_t width = 0;
  for (const auto* lines : {&facts_, &figures_, &goals_})
    for (const auto& l : *lines)
      width = std::max(width, l.key.size());
  for (const auto* lines : {&facts_, &figures_, &goals_}) {
    for (const auto& l : *lines)
      out << std::left << std::setw(static_cast<int>(width) + 2) << l.key << l.shown << '\n';
    if (!lines->empty() && lines != &goals_)
      out << '\n';
  }
  for (const auto& reason : all_doubts())
    out << "WARNING: these figures mislead: " << reason << '\n';
  out.flush();
}

void report::print_json(std::ostream& out) const {
  auto all = json_;
  all["doubts"] = all_doubts();
  out << all.dump(2) << std::endl;
}

std::string show_number(double value, int digits) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.*f", digits, value);
  return text.data();
}

std::string show_bytes(double count) {
  static constexpr std::array units{"B", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  for (; count >= 1024 && unit + 1 < units.size(); ++unit)
    count /= 1024;
  return show_number(count, unit == 0 ? 0 : 2) + ' ' + units[unit];
}

std::string show_speed(double bytes_per_second) {
  return show_bytes(bytes_per_second) + "/s";
}

std::string show_ns(std::uint64_t ns) {
  if (ns < 10'000)
    return std::to_string(ns) + " ns";
  if (ns < 10'000'000)
    return show_number(static_cast<double>(ns) / 1e3, 1) + " us";
  return show_number(static_cast<double>(ns) / 1e6, 1) + " ms";
}

} // namespace varve::bench
