#pragma once

#include "actors/segment_writer.hpp"
#include "tests/actors/block_samples.hpp"
#include "tests/harness/fault_destination.hpp"

#include <functional>
#include <map>
#include <random>

namespace varve::test {

const piece_key first_piece{round_id{1}, piece_id{1}};

/// What reports have said so far: what a checkpoint would know and commit.
struct reported {
  std::map<piece_key, made_piece> made;
  std::map<piece_key, std::vector<indexed_segment>> ended;
  std::map<piece_key, indexed_segment> open;
  std::vector<piece_key> finished;
  std::map<stream_id, stream_position> positions;

  void absorb(const durable_report& report);
};

/// A segment writer over a medium that fails as told. Blocks are made here, so the fixture knows what must be
/// there.
class writer_fixture {
public:
  struct options {
    std::uint64_t seed = 1;
    std::uint64_t segment_bytes = 1 << 20, sync_bytes = 1 << 30;
    bool no_split = false;
    std::uint64_t interval = 0; ///< of the pieces, in SCN; blocks must not cross cells
  };
  explicit writer_fixture(options options);
  writer_fixture() : writer_fixture(options{}) {}

  /// Begins anew under the next epoch on what reports have said, as after a takeover; or with `start`.
  void take_over(std::optional<writer_start> start = {});

  /// The next block of a stream: `count` entries from `scn` on, one SCN apart. Packed, numbered, not added.
  cut_block_ptr block(std::uint64_t stream, scn from, std::size_t count = 3, std::size_t payload_bytes = 20);
  void add(const cut_block_ptr& block) { writer->add(block); }
  /// block() and add().
  cut_block_ptr put(std::uint64_t stream, scn from, std::size_t count = 3, std::size_t payload_bytes = 20);

  /// Runs the operation the writer wants; false: it wants none. The outcome of a failed one is in `failures`.
  bool step();
  void run(); ///< until it wants none
  /// Wants everything that was numbered durable, runs, and takes the report.
  void settle();
  void report() { said.absorb(writer->take_report()); }

  /// Every entry of every segment that reports named, per stream in order, read through a new handle.
  std::map<stream_id, std::vector<log_record>> read_back();
  /// Fails the test unless what reports named reads back as exactly the entries up to their positions.
  void require_readable();
  /// Entries of a stream up to `position`.
  std::vector<log_record> written(stream_id stream, lsn upto) const;
  std::vector<object_path> paths(std::string_view part) const;

  options given;
  std::mt19937_64 random;
  std::shared_ptr<fault_medium> medium;
  std::shared_ptr<fault_destination> where;
  memory_budget budget{{.budget_bytes = std::uint64_t{256} << 20,
                        .reserve_bytes = std::uint64_t{32} << 20,
                        .room_bytes = 8192}};
  std::shared_ptr<memory_budget::account> account = budget.open_account(tenant, "d");
  block_packer packer;
  std::unique_ptr<segment_writer> writer;
  reported said;
  std::map<stream_id, std::vector<log_record>> all; ///< entries of blocks made, in order
  std::uint64_t tickets = 0;
  std::vector<std::string> operations; ///< "append", "sync" …, with a '!' if it failed
  unsigned failures = 0;
  epoch current{1};

private:
  std::map<stream_id, std::uint64_t> numbers_;
  bytes raw_, packed_;
};

} // namespace varve::test
