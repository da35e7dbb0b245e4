#include "engine/shell/wal_source.hpp"
#include "tests/harness/temp_dir.hpp"

#include <catch2/catch.hpp>
#include <rocksdb/utilities/stackable_db.h>
#include <rocksdb/write_batch.h>

namespace varve::shell {
namespace {

struct database {
  test::temp_dir dir{"wal"};
  std::unique_ptr<rocksdb::DB> db;
  commit_clock clock;
  stream_position archived;

  database() { open(); }
  void open() {
    db.reset();
    rocksdb::Options options;
    options.create_if_missing = true;
    options.WAL_ttl_seconds = 3600;
    rocksdb::DB* opened = nullptr;
    REQUIRE(rocksdb::DB::Open(options, (dir / "db").string(), &opened).ok());
    db.reset(opened);
  }
  /// A write of `keys` keys with this commit time; 0: without one.
  void write(scn stamp, int keys = 1) {
    rocksdb::WriteBatch batch;
    if (stamp != 0)
      stamp_batch(batch, stamp);
    for (int i = 0; i < keys; ++i)
      REQUIRE(batch.Put("key" + std::to_string(i), std::to_string(stamp)).ok());
    REQUIRE(db->Write({}, &batch).ok());
  }
  wal_source source() {
    return {*db, clock, [this] { return archived; }};
  }
};

struct seen {
  lsn first, next;
  varve::scn scn;
  friend bool operator==(const seen&, const seen&) = default;
};
std::vector<seen> read_all(wal_source& source, lsn from, std::size_t bytes_max = 1 << 20) {
  std::vector<seen> all;
  while (true) {
    auto batch = source.read(from, bytes_max);
    REQUIRE(batch.ok());
    if (batch->entries.empty())
      return all;
    for (const auto& entry : batch->entries)
      all.push_back({entry.lsn, entry.next_lsn, entry.scn});
    from = all.back().next;
  }
}

} // namespace

TEST_CASE("an entry is a WAL record, from its first sequence number to the one after it") {
  database host;
  host.write(100, 3);
  host.write(200, 1);
  auto source = host.source();
  CHECK(source.start_lsn().value() == 1);
  CHECK(read_all(source, 1) == std::vector<seen>{{1, 4, 100}, {4, 5, 200}});
}

/// Somebody writes right after the WAL files were listed.
struct written_after_listing : rocksdb::StackableDB {
  using StackableDB::StackableDB;
  rocksdb::Status GetSortedWalFiles(rocksdb::VectorLogPtr& files) override {
    auto listed = StackableDB::GetSortedWalFiles(files);
    return listed.ok() && !std::exchange(written, true) ? Put({}, "key", "value") : listed;
  }
  bool written = false;
};

TEST_CASE("the log of an empty database begins with its first write, though that comes while it is asked") {
  database host;
  host.db = std::make_unique<written_after_listing>(host.db.release());
  auto source = host.source();
  CHECK(source.start_lsn().value() == 1);
  CHECK(read_all(source, 1) == std::vector<seen>{{1, 2, 1}});
}

TEST_CASE("the SCN is the largest commit time so far, whatever the order of writes") {
  database host;
  for (scn stamp : {100u, 300u, 200u, 400u})
    host.write(stamp);
  auto source = host.source();
  auto all = read_all(source, 1);
  CHECK(all == std::vector<seen>{{1, 2, 100}, {2, 3, 300}, {3, 4, 300}, {4, 5, 400}});

  SECTION("and the same on every reading, from every place that was handed over") {
    CHECK(read_all(source, 3) == std::vector<seen>{{3, 4, 300}, {4, 5, 400}});
    CHECK(read_all(source, 1) == all);
    CHECK(read_all(source, 4) == std::vector<seen>{{4, 5, 400}});
  }
  SECTION("also after a restart, seeded from what is archived") {
    host.open();
    host.archived = {3, 300};
    auto again = host.source();
    CHECK(read_all(again, 3) == std::vector<seen>{{3, 4, 300}, {4, 5, 400}});
  }
}

TEST_CASE("batches without writes take no sequence number and are no entries") {
  database host;
  host.write(100);
  host.write(150, 0);
  host.write(200);
  auto source = host.source();
  CHECK(read_all(source, 1) == std::vector<seen>{{1, 2, 100}, {2, 3, 200}});
}

TEST_CASE("a log that grows is read on from where it ended") {
  database host;
  auto source = host.source();
  CHECK(read_all(source, 1).empty());
  host.write(100);
  CHECK(read_all(source, 1) == std::vector<seen>{{1, 2, 100}});
  CHECK(read_all(source, 2).empty());
  host.write(200);
  REQUIRE(host.db->Flush({}).ok()); // the log goes on in another file
  host.write(300);
  CHECK(read_all(source, 2) == std::vector<seen>{{2, 3, 200}, {3, 4, 300}});
}

TEST_CASE("one reading takes about as many bytes as asked for, at least one entry") {
  database host;
  for (scn stamp : {100u, 200u, 300u})
    host.write(stamp);
  auto source = host.source();
  CHECK(source.read(1, 1)->entries.size() == 1);
  CHECK(read_all(source, 1, 1).size() == 3);
}

TEST_CASE("nothing older is promised only when the end was reached, and up to what has settled") {
  database host;
  host.write(100);
  host.write(200);
  auto source = host.source();
  CHECK(source.read(1, 1)->nothing_before == 0);
  auto on_its_way = host.clock.begin();
  auto at_end = source.read(2, 1 << 20);
  CHECK(at_end->entries.size() == 1);
  CHECK(at_end->nothing_before == on_its_way - 1);
}

TEST_CASE("a place in the middle of a record, or before the log, is refused") {
  database host;
  host.write(100, 5);
  auto source = host.source();
  CHECK(source.read(3, 1 << 20).code() == errc::invalid_argument);
  CHECK_FALSE(source.read(0, 1 << 20).ok());
}

TEST_CASE("archived entries make the same database again") {
  database host;
  host.write(100, 3);
  host.write(200, 2);
  auto source = host.source();
  auto batch = source.read(1, 1 << 20);
  database copy;
  for (const auto& entry : batch->entries)
    REQUIRE(apply_entry(*copy.db, entry).ok());
  for (auto [key, value] : {std::pair{"key0", "200"}, {"key1", "200"}, {"key2", "100"}}) {
    std::string found;
    REQUIRE(copy.db->Get({}, key, &found).ok());
    CHECK(found == value);
  }
}

} // namespace varve::shell
