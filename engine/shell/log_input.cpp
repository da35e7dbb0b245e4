#include "engine/shell/log_input.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace varve::shell {
namespace {

struct input_file {
  std::string path;
  int descriptor = -1;
  std::uint64_t begin = 0; // offset of its first byte in the stream
  std::uint64_t size = 0;  // of a regular file
};

constexpr std::size_t pipe_read_bytes = 64 << 10;
constexpr std::size_t compact_bytes = 4 << 20;

} // namespace

struct log_input::state {
  std::vector<input_file> files;  // regular
  std::optional<input_file> pipe; // behind them
  bool pipe_ended = false;
  bytes kept;                    // of the pipe, from kept_from on
  std::uint64_t kept_from = 0;   // in the stream
  std::size_t kept_begin = 0;    // released bytes at the front of `kept`
  std::uint64_t released_to = 0; // bytes of the pipe below are not needed, also those yet to be read
  bytes buffer;                  // what read() returned of a regular file

  ~state() {
    for (auto& file : files)
      ::close(file.descriptor);
    if (pipe && pipe->descriptor > STDERR_FILENO)
      ::close(pipe->descriptor);
  }
  std::uint64_t kept_end() const { return kept_from + (kept.size() - kept_begin); }

  // More bytes of the pipe behind kept_end(); none: it ended.
  status read_pipe() {
    auto before = kept.size();
    kept.resize(before + pipe_read_bytes);
    ssize_t n = 0;
    do
      n = ::read(pipe->descriptor, kept.data() + before, pipe_read_bytes);
    while (n < 0 && errno == EINTR);
    kept.resize(before + static_cast<std::size_t>(std::max<ssize_t>(n, 0)));
    if (n < 0)
      return system_error(errno, "read", pipe->path);
    pipe_ended = n == 0;
    return {};
  }

  void drop_released() {
    if (released_to <= kept_from)
      return;
    auto count = std::min(released_to, kept_end()) - kept_from;
    kept_from += count;
    kept_begin += static_cast<std::size_t>(count);
    if (kept_begin < compact_bytes && kept_begin < kept.size())
      return;
    kept.erase(kept.begin(), kept.begin() + static_cast<std::ptrdiff_t>(kept_begin));
    kept_begin = 0;
  }

  result<bytes_view> read_file(const input_file& file, std::uint64_t offset, std::size_t bytes_max) {
    auto at = offset - file.begin;
    buffer.resize(static_cast<std::size_t>(std::min<std::uint64_t>(bytes_max, file.size - at)));
    for (std::size_t got = 0; got < buffer.size();) {
      auto n =
          ::pread(file.descriptor, buffer.data() + got, buffer.size() - got, static_cast<off_t>(at + got));
      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return system_error(errno, "read", file.path);
      if (n == 0)
        return fail(errc::io_error,
                    "cannot read '" + file.path + "' at " + std::to_string(at + got) + ": it had " +
                        std::to_string(file.size) + " bytes when it was opened and has become shorter",
                    "log that is being archived must not be truncated");
      got += static_cast<std::size_t>(n);
    }
    return bytes_view(buffer);
  }
};

log_input::log_input(std::unique_ptr<state> opened) : state_(std::move(opened)) {}
log_input::log_input(log_input&&) noexcept = default;
log_input& log_input::operator=(log_input&&) noexcept = default;
log_input::~log_input() = default;

result<log_input> log_input::open(const std::vector<std::string>& paths) {
  auto opened = std::make_unique<state>();
  std::uint64_t begin = 0;
  for (const auto& path : paths) {
    if (opened->pipe)
      return fail(errc::invalid_argument,
                  "'" + opened->pipe->path +
                      "' is a pipe, so nothing can follow it: it must be the last input");
    input_file file{path == "-" ? "stdin" : path, STDIN_FILENO, begin, 0};
    if (path != "-")
      file.descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file.descriptor < 0)
      return system_error(errno, "open", path);
    struct stat facts {};
    if (::fstat(file.descriptor, &facts) != 0)
      return system_error(errno, "stat", path);
    if (path != "-" && S_ISREG(facts.st_mode)) {
      file.size = static_cast<std::uint64_t>(facts.st_size);
      begin += file.size;
      opened->files.push_back(std::move(file));
    } else if (S_ISDIR(facts.st_mode)) {
      return fail(errc::invalid_argument, "'" + path + "' is a directory, not a file of log");
    } else {
      opened->pipe = std::move(file);
      opened->kept_from = begin;
    }
  }
  return log_input(std::move(opened));
}

std::optional<std::uint64_t> log_input::total() const {
  if (state_->pipe)
    return state_->pipe_ended ? std::optional(state_->kept_end()) : std::nullopt;
  return state_->files.empty() ? 0 : state_->files.back().begin + state_->files.back().size;
}

result<bytes_view> log_input::read(std::uint64_t offset, std::size_t bytes_max) {
  for (const auto& file : state_->files)
    if (offset >= file.begin && offset < file.begin + file.size)
      return state_->read_file(file, offset, bytes_max);
  if (!state_->pipe)
    return bytes_view();
  if (offset < state_->kept_from)
    return fail(errc::io_error,
                "cannot read " + state_->pipe->path + " again from " + std::to_string(offset) +
                    ": a pipe can be read only once",
                "run the command again with the input from its beginning: what is archived is skipped");
  while (state_->kept_end() <= offset && !state_->pipe_ended) {
    VARVE_TRY(state_->read_pipe());
    state_->drop_released();
  }
  if (offset >= state_->kept_end())
    return bytes_view();
  auto there = bytes_view(state_->kept)
                   .subspan(state_->kept_begin + static_cast<std::size_t>(offset - state_->kept_from));
  return there.first(std::min(bytes_max, there.size()));
}

int log_input::waits_at(std::uint64_t offset) const {
  if (!state_->pipe || state_->pipe_ended || offset < state_->kept_end())
    return -1;
  if (!state_->files.empty() && offset < state_->files.back().begin + state_->files.back().size)
    return -1;
  return state_->pipe->descriptor;
}

void log_input::release_below(std::uint64_t offset) {
  state_->released_to = std::max(state_->released_to, offset);
  if (state_->pipe)
    state_->drop_released();
}

std::string log_input::name_at(std::uint64_t offset) const {
  for (const auto& file : state_->files)
    if (offset < file.begin + file.size)
      return file.path;
  if (state_->pipe)
    return state_->pipe->path;
  return state_->files.empty() ? "nothing" : state_->files.back().path;
}

} // namespace varve::shell
