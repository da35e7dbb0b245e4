#include "engine/shell/progress.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <unistd.h>

namespace varve::shell {
namespace {

std::uint64_t steady_ns() {
  auto since = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(since).count());
}

constexpr std::uint64_t redraw_ns = 100'000'000, line_ns = 5'000'000'000;
constexpr std::size_t bar_width = 30;

std::string show_seconds(double seconds) {
  auto whole = static_cast<std::uint64_t>(seconds);
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%llu:%02llu", static_cast<unsigned long long>(whole / 60),
                static_cast<unsigned long long>(whole % 60));
  return text.data();
}

} // namespace

std::string show_bytes(std::uint64_t count) {
  static constexpr std::array units{"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  auto value = static_cast<double>(count);
  std::size_t unit = 0;
  for (; value >= 1024 && unit + 1 < units.size(); ++unit)
    value /= 1024;
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), unit == 0 ? "%.0f %s" : "%.1f %s", value, units[unit]);
  return text.data();
}

progress::progress(std::string what, std::optional<std::uint64_t> total, style how)
    : what_(std::move(what)), total_(total), quiet_(how == style::quiet),
      terminal_(::isatty(STDERR_FILENO) == 1), begin_ns_(steady_ns()),
      next_ns_(begin_ns_ + (terminal_ ? redraw_ns : line_ns)) {}

progress::~progress() {
  finish();
}

double progress::seconds() const {
  return static_cast<double>(steady_ns() - begin_ns_) * 1e-9;
}

void progress::update(std::uint64_t done, std::string_view note) {
  if (!started_)
    first_done_ = done;
  started_ = true;
  done_ = done;
  if (quiet_)
    return;
  auto now = steady_ns();
  if (now < next_ns_)
    return;
  next_ns_ = now + (terminal_ ? redraw_ns : line_ns);
  if (terminal_)
    draw(note);
  else
    tell(note);
}

void progress::draw(std::string_view note) {
  auto speed = static_cast<double>(done_ - std::min(done_, first_done_)) / std::max(seconds(), 1e-9);
  std::string line = "\r\x1b[K";
  if (total_ && *total_ > 0) {
    auto share = std::min(1.0, static_cast<double>(done_) / static_cast<double>(*total_));
    auto filled = static_cast<std::size_t>(share * static_cast<double>(bar_width));
    line += '[' + std::string(filled, '#') + std::string(bar_width - filled, '.') + "] ";
    line += std::to_string(static_cast<int>(share * 100)) + "%  ";
  }
  line += show_bytes(done_) + ' ' + what_ + "  " + show_bytes(static_cast<std::uint64_t>(speed)) + "/s";
  if (total_ && speed > 0 && *total_ > done_)
    line += "  " + show_seconds(static_cast<double>(*total_ - done_) / speed) + " left";
  if (!note.empty())
    line += "  " + std::string(note);
  std::cerr << line << std::flush;
  drawn_ = true;
}

void progress::tell(std::string_view note) {
  std::cerr << what_ << ' ' << show_bytes(done_);
  if (total_)
    std::cerr << " of " << show_bytes(*total_);
  std::cerr << " after " << show_seconds(seconds());
  if (!note.empty())
    std::cerr << ", " << note;
  std::cerr << std::endl;
}

void progress::finish() {
  if (drawn_)
    std::cerr << "\r\x1b[K" << std::flush;
  drawn_ = false;
}

} // namespace varve::shell
