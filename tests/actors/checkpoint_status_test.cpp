#include "tests/actors/runtime_fixture.hpp"

#include <catch2/catch.hpp>

using namespace varve;
using namespace varve::test;

TEST_CASE(
    "checkpoint status: why it does not move is in COMMENT with its age, and goes when it moves again") {
  runtime_fixture f;
  f.add_tenant();
  f.open(1);
  REQUIRE(f.archivelog().ok());
  f.write(1);
  REQUIRE(f.flush());
  f.medium().set_quota(0);
  auto since = f.now();
  f.write(1);
  f.run_for(3 * one_minute);
  auto row = f.row();
  CHECK(row.round.status == round_status::doing); // trouble with storage is no interruption
  CHECK(row.comment.find("VARVE_NO_SPACE") != std::string::npos);
  CHECK(row.comment_since >= since);
  CHECK(row.comment_since < since + 2 * one_minute);
  f.medium().set_quota(std::nullopt);
  auto answer = f.flush();
  REQUIRE(answer);
  CHECK(answer->outcome.ok());
  f.run_for(one_second);
  CHECK(f.row().comment.empty());
  CHECK(f.row().comment_since == 0);
}

TEST_CASE(
    "checkpoint status: the catalog shows of a commit what it made true: streams, pieces, counts, lag") {
  runtime_fixture::options given;
  given.option.piece_switch_interval = 10 * one_minute;
  runtime_fixture f{given};
  f.add_tenant();
  f.open(1);
  f.open(2);
  REQUIRE(f.archivelog().ok());
  f.write(1, 4);
  f.write(2, 2);
  REQUIRE(f.flush());
  f.run_for(11 * one_minute);
  f.write(1, 3);
  REQUIRE(f.flush());
  f.run_for(one_second);
  auto from = f.catalog->snapshot();
  auto streams = from->streams(tenant).value();
  REQUIRE(streams.size() == 2);
  CHECK(streams[0].position.next_lsn == 70);
  CHECK(streams[1].position.next_lsn == 20);
  auto pieces = from->pieces().value();
  REQUIRE(pieces.size() == 2);
  CHECK(pieces[0].status == piece_status::freezing); // it waits for the second stream
  CHECK(pieces[0].counts.entries == 6);
  CHECK(pieces[1].status == piece_status::active);
  CHECK(pieces[1].counts.entries == 3);
  CHECK(f.row().counts.entries == 9);
  CHECK(f.row().seq == f.committed().commit.record.seq);
  f.write(2, 1);
  f.run_for(5 * one_minute);
  pieces = f.catalog->snapshot()->pieces().value();
  CHECK(pieces[0].status == piece_status::frozen);
  CHECK(pieces[0].bounds.end_scn <= f.row().round.checkpoint_scn + 1);
  auto lags = f.catalog->snapshot()->lag_samples(tenant).value();
  REQUIRE(lags.size() >= 2);
  CHECK(lags.back().checkpoint_scn == f.row().round.checkpoint_scn);
  for (std::size_t i = 1; i < lags.size(); ++i)
    CHECK(lags[i].checkpoint_scn > lags[i - 1].checkpoint_scn);
}
