#pragma once

#include "engine/base/bytes.hpp"
#include "engine/base/result.hpp"

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <vector>

namespace varve::test {

/// A storage medium in memory that knows what it would still hold after a power failure, and fails as told.
///
/// What it may do, and nothing beyond it, because an archive must survive exactly this:
/// * a power failure (crash) keeps of a segment all synced bytes and any part of the others, torn by sectors;
/// keeps
///   or loses a name whose folder was never synced; brings back or not what a failed remove had removed;
/// * any call fails before it took effect, or after (a lost reply); a failed append leaves any prefix;
/// * a call finds no space (set_quota), or everything fails until it is mended (set_dead).
/// What create() or sync() acknowledged, or what create() reported as taken, stays. Every choice comes from
/// the seed.
///
/// Handles are made by fault_destination; several may share one medium. Thread-safe.
class fault_medium {
public:
  /// Kinds of calls, for counting and for choosing what fails.
  enum class call { create, open_segment, append, sync, read, read_all, size, list, list_folder, remove };
  static constexpr std::size_t call_kinds = 10;
  static const char* name_of(call kind);

  /// When a failing call fails.
  enum class moment {
    before, ///< nothing happened
    after   ///< it happened, and the answer was lost; of an append any prefix happened
  };

  /// A failure asked for by count.
  struct planned_fault {
    std::optional<call> only = std::nullopt; ///< counts and hits this kind of call; empty: every kind
    std::uint64_t let_through = 0;           ///< so many matching calls succeed first
    moment when = moment::before;
    bool for_good = false; ///< fails every matching call from then on, until clear_faults()
    errc code = errc::io_error;
  };

  /// Failures by chance, in calls per thousand.
  struct fault_rates {
    unsigned before_permille = 0;
    unsigned after_permille = 0;
  };

  /// What the hook gets told: which call, on which object or folder, which handle (by its name), and the
  /// number of the call on this medium, from 0.
  struct call_info {
    call kind;
    std::string path;
    std::string writer;
    std::uint64_t number;
  };

  /// Draws its own generator's seed from `seeds`, so that equal seeds give equal faults.
  explicit fault_medium(std::mt19937_64& seeds, std::string name = "simulated");

  const std::string& name() const { return name_; }

  /// A power failure: what was not durable is torn or forgotten, every handle and segment open now is dead.
  void crash();
  /// What it holds now on a medium of its own, without faults, hook and handles: to look at what a reader
  /// would find or, after its crash(), what a power failure would leave.
  std::shared_ptr<fault_medium> copy(std::mt19937_64& seeds) const;

  void set_rates(fault_rates rates);
  void set_quota(std::optional<std::uint64_t> bytes_max); ///< of all objects together
  void set_dead(bool dead);                               ///< every call fails with io_error while it is
  void plan(planned_fault fault);
  void clear_faults(); ///< rates, plans, quota and death
  /// Called before each call takes effect, without a lock: it may use the medium, even crash it. Not during
  /// calls.
  void on_call(std::function<void(const call_info&)> hook);

  std::uint64_t calls() const; ///< made so far by all handles, failed ones included
  std::uint64_t calls(call kind) const;
  std::uint64_t faults() const;       ///< of them, how many were made to fail, but for those of a dead medium
  std::uint64_t lost_replies() const; ///< of those, how many had changed something
  std::uint64_t times_full() const;   ///< calls that found no space
  std::uint64_t crashes() const;

  // Looks and touches that are no calls: nothing counts them, nothing makes them fail.
  std::optional<bytes> peek(const std::string& path) const;
  std::vector<std::string> paths() const;
  std::uint64_t used_bytes() const;
  bool is_durable(const std::string& path) const;        ///< name and every byte
  void put(const std::string& path, bytes_view content); ///< places or replaces, durable: damage from outside
  bool erase(const std::string& path);                   ///< false: was not there

private:
  friend class fault_destination;
  friend class fault_segment;

  struct object {
    bytes content;
    std::size_t durable_bytes = 0;
    bool name_durable = false;
    std::uint64_t number = 0; ///< tells a segment whether its name still means it
  };
  struct verdict {
    std::optional<moment> fails;
    errc code = errc::io_error;
  };

  std::uint64_t generation() const;
  void announce(call kind, const std::string& path, const std::string& writer);
  // The rest needs mutex_ held.
  verdict judge(call kind);
  std::uint64_t draw(std::uint64_t below); ///< 0 … below - 1
  error refused(const verdict& how, call kind, const std::string& path) const;
  error full(call kind, const std::string& path);
  error explained(errc code, call kind, const std::string& path, const char* cause) const;
  std::uint64_t used() const;
  std::uint64_t room() const;
  status check_free(call kind, const std::string& path) const;
  object& add(const std::string& path, bytes_view content);
  void sync_folder_of(const std::string& path);
  void tear(object& torn);

  const std::string name_;
  mutable std::mutex mutex_;
  std::mt19937_64 random_;
  std::map<std::string, object, std::less<>> objects_;
  std::map<std::string, object, std::less<>> removed_; ///< gone, but may be back after a crash
  std::uint64_t generation_ = 0, next_number_ = 0;

  fault_rates rates_;
  std::vector<planned_fault> planned_;
  std::optional<std::uint64_t> quota_;
  bool dead_ = false;
  std::function<void(const call_info&)> hook_;

  std::array<std::uint64_t, call_kinds> counts_{};
  std::uint64_t announced_ = 0, fault_count_ = 0, lost_replies_ = 0, times_full_ = 0;
};

} // namespace varve::test
