#include "tests/actors/runtime_fixture.hpp"

#include <catch2/catch.hpp>

using namespace varve;
using namespace varve::test;
using call = fault_medium::call;
using moment = fault_medium::moment;

namespace {

struct cycling : runtime_fixture {
  explicit cycling(duration_ns pieces = 0) : runtime_fixture(with(pieces)) {
    add_tenant();
    open(1);
    REQUIRE(archivelog().ok());
    write(1);
    require_flushed();
  }
  static options with(duration_ns pieces) {
    options given;
    given.option.piece_switch_interval = pieces;
    return given;
  }
  void require_flushed() {
    auto answer = flush();
    REQUIRE(answer);
    INFO((answer->outcome.ok() ? std::string() : answer->outcome.error().to_string()));
    REQUIRE(answer->outcome.ok());
  }
};

} // namespace

TEST_CASE("checkpoint cycle: nothing is acknowledged before its commit, whatever is unanswered") {
  cycling f;
  auto stream = f.runtime->intake(tenant)->find(stream_id{1});
  auto before = stream->committed().next_lsn;
  f.write(1);
  f.medium().plan({.only = call::create, .when = moment::after, .for_good = true});
  auto what = std::make_shared<durable_wait>();
  what->whole_tenant = true;
  auto answer = f.ask(std::move(what));
  f.run_for(one_minute);
  CHECK_FALSE(answer->has_value());
  CHECK(stream->committed().next_lsn == before);
  f.medium().clear_faults();
  REQUIRE(f.run_until([&] { return answer->has_value(); }, one_minute));
  CHECK((*answer)->outcome.ok());
  CHECK(stream->committed().next_lsn == before + 30);
}

TEST_CASE("checkpoint cycle: each kind of call may fail once, or lose its answer, and all is committed") {
  auto when = GENERATE(moment::before, moment::after);
  auto kind = GENERATE(range(0, static_cast<int>(fault_medium::call_kinds)));
  cycling f{one_minute};
  f.medium().plan({.only = static_cast<call>(kind), .when = when});
  for (int i = 0; i < 4; ++i) {
    f.write(1);
    f.require_flushed();
    f.run_for(40 * one_second);
  }
  CHECK(f.row().comment.empty());
  f.medium().clear_faults(); // of a kind that no writer calls
  CHECK(f.committed().streams[0].position.next_lsn == 150);
  CHECK(f.noarchivelog().ok());
  CHECK(f.committed().commit.record.round.status == round_status::stop);
  CHECK(f.committed().open_pieces.empty());
}

TEST_CASE("checkpoint cycle: pieces are sealed when the checkpoint has passed them") {
  cycling f{10 * one_minute};
  auto stream = f.runtime->intake(tenant)->find(stream_id{1});
  for (int i = 0; i < 5; ++i) {
    f.run_for(10 * one_minute);
    f.write(1);
    f.require_flushed();
  }
  f.run_for(5 * one_minute);
  auto record = f.committed().commit.record;
  CHECK(record.frozen_pieces.size() == 5);
  CHECK(record.open_pieces.size() == 1);
  CHECK(f.paths("/seal-").size() == 5);
  for (auto& frozen : record.frozen_pieces)
    CHECK(frozen.bounds.end_scn <= record.round.checkpoint_scn + 1);
  // After an advance past its end the last one is sealed, too, and none is open.
  CHECK(stream->advance(f.now() + 20 * one_minute).ok());
  f.run_for(5 * one_minute);
  CHECK(f.committed().open_pieces.empty());
}

TEST_CASE("checkpoint cycle: the checkpoint is the slowest stream's, and the view names it") {
  cycling f;
  auto slow = f.open(2);
  f.write(2);
  auto stands = f.now();
  for (int i = 0; i < 4; ++i) {
    f.run_for(30 * one_second);
    f.write(1);
  }
  f.require_flushed();
  f.run_for(one_second);
  CHECK(f.row().round.checkpoint_scn < stands + one_second);
  CHECK(f.row().limiting_stream == stream_id{2});
  CHECK(slow->advance(f.now()).ok());
  f.run_for(2 * one_minute);
  CHECK(f.row().round.checkpoint_scn > stands + one_minute);
  CHECK(f.row().limiting_stream == stream_id{1});
}

TEST_CASE("checkpoint cycle: a dropped stream holds nothing back once its log is archived") {
  cycling f;
  auto gone = f.open(2);
  f.write(2);
  gone->drop_at(30);
  gone->detach();
  gone.reset();
  f.run_for(5 * one_minute);
  f.write(1);
  f.require_flushed();
  f.run_for(3 * one_minute);
  CHECK(f.row().limiting_stream == stream_id{1});
  CHECK_FALSE(f.runtime->intake(tenant)->find(stream_id{2}));
  auto state = f.committed();
  REQUIRE(state.streams.size() == 2);
  CHECK(state.streams[1].dropped);
  CHECK(state.streams[1].position.next_lsn == 30);
}
