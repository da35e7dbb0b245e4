#pragma once

#include <string>
#include <vector>

/// What the tidy rules go by. An entry that ends in '/' means the folder and all below it, else that one
/// file.
namespace varve::tidy {

/// One layer of the project: sources in `path` may include their own layer and those in `may_include`, where
/// a name that ends in .hpp is that one header.
struct layer {
  std::string path;
  std::vector<std::string> may_include;
};

/// Lowest first, as in README.md's picture.
inline const std::vector<layer> layers = {
    {"engine/base", {}},
    {"engine/model", {"engine/base"}},
    {"engine/format", {"engine/base", "engine/model"}},
    {"engine/statement", {"engine/base", "engine/model"}},
    {"engine/policy", {"engine/base", "engine/model"}},
    {"engine/destination", {"engine/base", "engine/model"}},
    {"catalog", {"engine/base", "engine/model"}},
    {"catalog/views", {"engine/base", "engine/model", "catalog"}},
    {"engine/reader", {"engine/base", "engine/model", "engine/format", "engine/destination"}},
    // The door's header shows nothing but interfaces and base and model; the actors stand behind its
    // log_stream.
    {"actors",
     {"engine/base", "engine/model", "engine/format", "engine/policy", "engine/destination", "catalog",
      "engine/reader", "engine/archive_engine.hpp"}},
    {"engine",
     {"engine/base", "engine/model", "engine/format", "engine/statement", "engine/policy",
      "engine/destination", "catalog", "catalog/views", "engine/reader", "actors"}},
    // Programs. The shell lives on the door, and on what works without an engine: reader and format.
    {"engine/shell",
     {"engine/base", "engine/model", "engine/format", "engine/destination", "engine/reader", "engine",
      "bench"}},
    {"bench",
     {"engine/base", "engine/model", "engine/format", "engine/statement", "engine/policy",
      "engine/destination", "catalog", "catalog/views", "engine/reader", "actors", "engine"}},
    {"tests",
     {"engine/base", "engine/model", "engine/format", "engine/statement", "engine/policy",
      "engine/destination", "catalog", "catalog/views", "engine/reader", "actors", "engine", "engine/shell",
      "bench"}},
};

/// A header of a library, or a family of them, and the only sources that may include it.
struct library {
  std::string header; ///< what the include begins with
  std::vector<std::string> homes;
};

inline const std::vector<library> libraries = {
    {"caf/", {"actors/", "engine/archive_engine_impl.hpp", "tests/"}},
    {"rocksdb/",
     {"catalog/rocksdb_catalog.cpp", "engine/shell/demo_*", "engine/shell/wal_source.*", "tests/"}},
    {"sqlite3.h", {"catalog/views/", "tests/"}},
    {"zstd", {"engine/format/codec.cpp", "bench/", "tests/"}},
    {"lz4", {"engine/format/codec.cpp", "bench/", "tests/"}},
    {"tao/pegtl", {"engine/statement/"}},
    {"xxhash.h", {"engine/base/"}},
    {"immintrin.h", {"engine/base/"}},
    {"nlohmann/", {"engine/shell/", "bench/", "tests/"}},
    {"CLI/", {"engine/shell/", "bench/", "tests/sim/simulate.cpp"}},
    {"prometheus/", {"engine/metrics.cpp"}},
    {"readline/", {"engine/shell/line_editor.cpp"}},
    {"catch2/", {"tests/"}},
    {"varve/", {"tests/install/"}}, // this project as a host sees it
};

/// Headers of the operating system: only where the project meets it.
inline const std::vector<std::string> system_headers = {
    "dirent.h", "fcntl.h", "linux/", "poll.h",    "pthread.h", "sched.h",
    "signal.h", "spawn.h", "sys/",   "termios.h", "unistd.h",
};
inline const std::vector<std::string> system_homes = {
    "engine/destination/",           "engine/shell/", "bench/", "tests/",
    "actors/slab_arena.cpp",         // its memory is mapped, not allocated: it must go back to the system
    "catalog/rocksdb_catalog.cpp",   // syncs the directory it makes
    "engine/directory_lock.cpp",     // one process owns a data directory
    "engine/engine_environment.cpp", // draws the random ids
};

/// Words with a home. A word is matched as the end of a qualified name: "clock::now" not, "system_clock::now"
/// and "thread" of "std::thread" yes. One that ends in '(' counts only where it is called, and not as a
/// member of something.
struct banned_words {
  std::vector<std::string> words;
  std::string why;
  std::vector<std::string> homes;
};

inline const std::vector<banned_words> banned = {
    {{"system_clock::now", "steady_clock::now", "high_resolution_clock::now", "utc_clock::now",
      "gettimeofday", "clock_gettime", "localtime", "localtime_r", "gmtime", "time("},
     "time comes in through archive_options::now or the actor clock",
     {"engine/engine_environment.cpp", "engine/shell/", "bench/", "tests/harness/engine_host.hpp",
      "tests/crash/host_life.cpp"}}, // a host has a clock, if a fast one
    {{"random_device", "rand(", "srand(", "rand_r", "drand48", "getrandom", "getentropy"},
     "randomness comes in through the door, so that a simulation replays",
     {"engine/engine_environment.cpp", "engine/shell/"}},
    {{"getenv", "secure_getenv", "environ"},
     "the environment is for programs, not for the library",
     {"engine/shell/", "bench/", "tests/"}},
    {{"sleep_for", "sleep_until", "usleep", "nanosleep", "sleep("},
     "wait for the event, not for time to pass",
     {"engine/engine_environment.cpp", "engine/shell/", "bench/"}},
    {{"std::thread", "std::jthread", "std::async", "pthread_create"},
     "threads belong to the actor system; only the reader has its own",
     {"engine/reader/", "engine/shell/", "bench/", "tests/"}},
    {{"printf(", "fprintf(", "vprintf(", "vfprintf(", "puts(", "fputs(", "putchar(", "std::cout", "std::cerr",
      "std::clog"},
     "a library prints nothing: return an error, or tell the listener",
     {"engine/shell/", "bench/", "tests/"}},
    {{"abort(", "exit(", "_exit(", "quick_exit(", "terminate("},
     "the host's process is not ours to end",
     {"engine/shell/", "bench/", "tests/"}},
};

/// Sources without a mirror test, each with where it is tested instead.
struct untested {
  std::string path;
  std::string reason;
};

inline const std::vector<untested> without_mirror = {
    {"catalog/views/archivelog_row.cpp", "the rows of cdb_ob_backup_archivelog: its test"},
    {"engine/base/checksum_avx2.cpp", "one of two kernels: checksum_test.cpp compares them"},
    {"engine/base/checksum_baseline.cpp", "one of two kernels: checksum_test.cpp compares them"},
    {"engine/destination/file_listing.cpp", "a part of file_destination: its test and the contract"},
    {"engine/destination/file_root.cpp", "a part of file_destination: its test and the contract"},
    {"engine/destination/file_segment.cpp", "a part of file_destination: its test and the contract"},
    {"engine/shell/archive_run.cpp", "the work of archive_command: its test"},
    {"engine/shell/archived_tail.cpp", "a part of archive_command: its test"},
    {"engine/shell/demo_host.cpp", "the process that demo_command kills: its test"},
    {"engine/shell/demo_load.cpp", "the load of demo_host: demo_command_test.cpp"},
    {"engine/shell/demo_process.cpp", "starts and kills demo_host: demo_command_test.cpp"},
    {"engine/shell/demo_restore.cpp", "the last act of demo_command: its test"},
    {"engine/shell/line_editor.cpp", "readline on a terminal; without one shell_command_test.cpp"},
    {"engine/shell/main.cpp", "the program itself: every *_command_test.cpp runs it"},
    {"engine/shell/sql_session.cpp", "what shell_command talks to: its test"},
    {"engine/shell/stop_signals.cpp", "ends archive_command in good order: its test"},
};

inline constexpr std::size_t columns_max = 110;
inline constexpr std::size_t lines_max = 500;

} // namespace varve::tidy
