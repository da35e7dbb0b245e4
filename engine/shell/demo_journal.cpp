#include "engine/shell/demo_journal.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <fstream>
#include <sstream>

namespace varve::shell {
namespace {

std::string name_line(char kind, const demo_write& write) {
  return std::string(1, kind) + ' ' + std::to_string(write.writer) + ' ' + std::to_string(write.number);
}

error bad_line(const std::string& path, const std::string& line) {
  return fail(errc::invalid_argument, "'" + path + "' is not a journal of the demo: line '" + line + "'");
}

} // namespace

std::string demo_key(unsigned writer, std::uint64_t key) {
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "account/%u/%06llu", writer, static_cast<unsigned long long>(key));
  return text.data();
}

std::string demo_last_key(unsigned writer) {
  return "last/" + std::to_string(writer);
}

std::string demo_value(unsigned writer, std::uint64_t number, const demo_change& change) {
  auto unit = "balance " + std::to_string(number * 7919 % 1'000'003) + " set by write " +
              std::to_string(number) + " of writer " + std::to_string(writer) + " on key " +
              std::to_string(change.key) + "; ";
  std::string value;
  while (value.size() < change.value_bytes)
    value += unit;
  value.resize(std::max<std::size_t>(change.value_bytes, unit.size()));
  return value;
}

std::string noted_line(const demo_write& write) {
  auto line = name_line('W', write) + ' ' + std::to_string(write.stamp);
  for (const auto& change : write.changes)
    line += change.erase ? " d" + std::to_string(change.key)
                         : " p" + std::to_string(change.key) + ':' + std::to_string(change.value_bytes);
  return line + '\n';
}
std::string acknowledged_line(const demo_write& write) {
  return name_line('A', write) + '\n';
}
std::string lost_line(const demo_write& write) {
  return name_line('L', write) + '\n';
}

result<demo_journal> demo_journal::read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file)
    return system_error(errno, "open", path);
  demo_journal journal;
  std::map<unsigned, demo_write> open;
  for (std::string line; std::getline(file, line);) {
    if (file.eof())
      break; // without its end: cut short
    std::istringstream words(line);
    char kind = 0;
    demo_write write;
    if (!(words >> kind >> write.writer >> write.number))
      return bad_line(path, line);
    if (kind == 'W') {
      if (!(words >> write.stamp))
        return bad_line(path, line);
      for (char what = 0; words >> what;) {
        demo_change change;
        char colon = 0;
        change.erase = what == 'd';
        if (!(words >> change.key))
          return bad_line(path, line);
        if (!change.erase && !(words >> colon >> change.value_bytes))
          return bad_line(path, line);
        write.changes.push_back(change);
      }
      auto& last = journal.last_numbers_[write.writer];
      last = std::max(last, write.number);
      journal.last_stamp_ = std::max(journal.last_stamp_, write.stamp);
      open[write.writer] = std::move(write);
      continue;
    }
    auto noted = open.find(write.writer);
    if ((kind != 'A' && kind != 'L') || noted == open.end() || noted->second.number != write.number)
      return bad_line(path, line);
    if (kind == 'A')
      journal.acknowledged_.push_back(std::move(noted->second));
    open.erase(noted);
  }
  for (auto& [writer, write] : open)
    journal.open_.push_back(std::move(write));
  return journal;
}

std::map<std::string, std::string> demo_journal::contents(scn until) const {
  std::map<std::string, std::string> contents;
  for (const auto& write : acknowledged_) {
    if (write.stamp > until)
      continue;
    for (const auto& change : write.changes) {
      if (change.erase)
        contents.erase(demo_key(write.writer, change.key));
      else
        contents[demo_key(write.writer, change.key)] = demo_value(write.writer, write.number, change);
    }
    contents[demo_last_key(write.writer)] = std::to_string(write.number);
  }
  return contents;
}

std::size_t demo_journal::acknowledged(scn until) const {
  return static_cast<std::size_t>(
      std::count_if(acknowledged_.begin(), acknowledged_.end(),
                    [&](const demo_write& write) { return write.stamp <= until; }));
}

std::uint64_t demo_journal::last_number(unsigned writer) const {
  auto found = last_numbers_.find(writer);
  return found == last_numbers_.end() ? 0 : found->second;
}

} // namespace varve::shell
