#include "actors/tenant_intake.hpp"
#include "tests/actors/intake_fixture.hpp"

#include <catch2/catch.hpp>

using namespace varve;
using namespace varve::test;

TEST_CASE("tenant intake: streams are found by number and listed ascending") {
  intake_fixture f;
  CHECK_FALSE(f.intake->find(stream_id{5}));
  auto five = f.open(5);
  auto two = f.stream(2);
  CHECK(f.intake->find(stream_id{5}) == five);
  CHECK(f.intake->find_or_add(stream_id{2}) == two);
  auto all = f.intake->streams();
  REQUIRE(all.size() == 2);
  CHECK(all[0] == two);
  CHECK(all[1] == five);
}

TEST_CASE(
    "tenant intake: a stream that was dropped is let go of, and goes on where it ended if opened again") {
  intake_fixture f;
  auto stream = f.open(1);
  auto all = records(2, 100, 10);
  for (auto& entry : all)
    hand_over(*stream, entry);
  stream->cut();
  f.queued();
  stream->on_committed(position_after(all[1]));
  stream->drop_at(120);
  f.intake->forget(stream_id{1});
  CHECK(f.intake->find(stream_id{1})); // it has its appender still
  stream->detach();
  f.intake->forget(stream_id{1});
  CHECK_FALSE(f.intake->find(stream_id{1}));
  stream.reset();
  auto again = f.open(1);
  CHECK(again->expected_lsn() == 120);
  hand_over(*again, {130, 140, 20, "x"}, append_outcome::error);
  hand_over(*again, {120, 130, 20, "x"});
}

TEST_CASE(
    "tenant intake: what the archive knows of a stream that nobody holds here is known once it is opened") {
  intake_fixture f;
  f.intake->remember({stream_id{3}, 50, {80, 9}, false});
  CHECK(f.intake->streams().empty());
  auto stream = f.open(3);
  CHECK(stream->expected_lsn() == 80);
  CHECK(stream->committed() == stream_position{80, 9});
  CHECK(hand_over(*stream, {80, 90, 8, "x"}, append_outcome::error).failed.code == errc::scn_goes_back);
  hand_over(*stream, {80, 90, 9, "x"});
}

TEST_CASE("tenant intake: an option holds at once, a change of mode wakes those who wait") {
  intake_fixture f;
  CHECK(f.intake->mode() == archive_mode::optional);
  CHECK(f.intake->wanted_codec() == codec::lz4);
  f.intake->set_option({archive_mode::mandatory, codec::zstd});
  CHECK(f.intake->mode() == archive_mode::mandatory);
  CHECK(f.intake->wanted_codec() == codec::zstd);
}

TEST_CASE("tenant intake: an advance of the tenant never goes back") {
  intake_fixture f;
  CHECK(f.intake->advance(50).ok());
  CHECK(f.intake->advance(40).ok());
  CHECK(f.intake->advanced() == 50);
  CHECK(f.works == 1);
}

TEST_CASE("tenant intake: while no log is taken an advance says nothing of what is archived") {
  intake_fixture f;
  auto stream = f.open(1);
  hand_over(*stream, {0, 10, 5, "x"});
  stream->cut();
  f.queued();
  stream->on_committed({10, 5});
  for (auto gate :
       {intake_gate::closed, intake_gate::interrupted, intake_gate::fenced, intake_gate::stopped}) {
    f.intake->set_gate(gate);
    CHECK(f.intake->advance(90).ok());
    CHECK(stream->advance(80).ok());
    CHECK(stream->support(nullptr).supports == 4);
  }
  f.intake->set_gate(intake_gate::open);
  CHECK(stream->advance(80).ok());
  CHECK(stream->support(nullptr).supports == 80);
  CHECK(f.intake->advance(90).ok());
  CHECK(stream->support(nullptr).supports == 90);
}

TEST_CASE("tenant intake: what was advanced before a round says nothing of where the round begins") {
  intake_fixture f;
  CHECK(f.intake->advance(50).ok());
  CHECK(f.intake->round_advance() == 50);
  f.intake->set_checkpoint(45);
  f.intake->begin_round();
  CHECK(f.intake->round_advance() == 0);
  CHECK(f.intake->advanced() == 50); // no entry may come at or below, all the same
  CHECK(f.intake->checkpoint() == 0);
  CHECK(f.intake->advance(51).ok());
  CHECK(f.intake->round_advance() == 51);
}

TEST_CASE(
    "tenant intake: what was advanced before the gate opened again says nothing of where a round begins") {
  intake_fixture f;
  auto stream = f.open(1);
  CHECK(stream->advance(40).ok());
  CHECK_FALSE(stream->support(nullptr).waits_for_start);
  CHECK(f.intake->advance(50).ok());
  // Another engine has the tenant for a while, and may end its round and begin another.
  f.intake->set_gate(intake_gate::fenced);
  f.intake->set_gate(intake_gate::open);
  CHECK(f.intake->round_advance() == 0);
  CHECK(stream->support(nullptr).waits_for_start);
  CHECK(f.intake->advanced() == 50);
  CHECK(stream->advance(60).ok());
  CHECK(stream->support(nullptr).start_scn == 60);
}

TEST_CASE("tenant intake: blocks wait in the order they were cut, and are taken all at once") {
  intake_fixture f;
  auto a = f.open(1), b = f.open(2);
  hand_over(*a, {0, 10, 5, "x"});
  hand_over(*b, {0, 10, 5, "x"});
  b->cut();
  a->cut();
  auto blocks = f.queued();
  REQUIRE(blocks.size() == 2);
  CHECK(blocks[0]->header.stream == stream_id{2});
  CHECK(f.queued().empty());
  hand_over(*a, {10, 20, 6, "x"});
  hand_over(*b, {10, 20, 6, "x"});
  f.intake->cut_all();
  CHECK(f.queued().size() == 2);
}

TEST_CASE("tenant intake: the partial blocks that were begun first are cut first, as many as are wanted") {
  intake_fixture f;
  for (std::uint64_t id : {3U, 1U, 2U, 4U}) // in this order
    hand_over(*f.open(id), {0, 10, 5, std::string(100, 'x')});
  f.intake->cut_oldest(2 * slab_arena::slab_bytes);
  auto blocks = f.queued();
  REQUIRE(blocks.size() == 2);
  CHECK(blocks[0]->header.stream == stream_id{3});
  CHECK(blocks[1]->header.stream == stream_id{1});
  f.intake->cut_oldest(1);
  CHECK(f.queued().empty()); // the two that are on their way will give their memory back
  for (auto& block : blocks)
    block->release();
  f.intake->cut_oldest(1);
  CHECK(f.queued().at(0)->header.stream == stream_id{2});
}

TEST_CASE("tenant intake: once it is retired no stream is opened, and it is not while one is open") {
  intake_fixture f;
  auto stream = f.open(1), other = f.open(2);
  other->detach();
  CHECK(f.intake->retire() == std::vector{stream_id{1}});
  CHECK(f.intake->open(stream_id{2}, {}).ok()); // nothing has changed
  stream->detach();
  other->detach();
  CHECK(f.intake->retire().empty());
  CHECK(f.intake->open(stream_id{1}, {}).code() == errc::invalid_argument);
  CHECK(f.intake->open(stream_id{3}, {}).code() == errc::invalid_argument);
  CHECK_FALSE(f.intake->find(stream_id{3}));
  f.intake->reinstate();
  CHECK(f.intake->open(stream_id{1}, {}).ok());
}

TEST_CASE("tenant intake: signals reach nobody once the actors have ended") {
  intake_fixture f;
  auto stream = f.open(1);
  f.intake->disconnect();
  hand_over(*stream, {0, 10, 5, "x"});
  f.intake->signal_repeat(stream_id{1});
  f.intake->signal_room(stream_id{1});
  f.intake->signal_pressure();
  stream->cut();
  CHECK(f.works == 0);
  CHECK(f.pressures == 0);
  CHECK(f.repeats.empty());
  CHECK(f.rooms.empty());
}

TEST_CASE("tenant intake: pressure is signalled once until it was handled") {
  intake_fixture f;
  f.intake->signal_pressure();
  f.intake->signal_pressure();
  CHECK(f.pressures == 1);
  f.intake->pressure_handled();
  f.intake->signal_pressure();
  CHECK(f.pressures == 2);
}

// One that was signalled to nobody, or to an actor that ended before it heard, was never signalled again.
TEST_CASE("tenant intake: new actors are told of pressure whatever those before them were told") {
  intake_fixture f;
  bool told = GENERATE(true, false);
  if (!told)
    f.intake->disconnect();
  f.intake->signal_pressure();
  f.intake->disconnect();
  unsigned pressures = 0;
  tenant_intake::signals to;
  to.on_pressure = [&] { ++pressures; };
  f.intake->connect(to);
  f.intake->signal_pressure();
  CHECK(pressures == 1);
}

TEST_CASE(
    "tenant intake: an advance to the last SCN there is would leave none for any entry, and is refused") {
  intake_fixture f;
  auto stream = f.open(1);
  CHECK(f.intake->advance(scn_max).code() == errc::invalid_argument);
  CHECK(stream->advance(scn_max).code() == errc::invalid_argument);
  hand_over(*stream, {0, 10, scn_max - 1, "x"});
}

TEST_CASE("tenant intake: the gate keeps the reason why it is stopped until it opens") {
  intake_fixture f;
  f.intake->set_gate(intake_gate::stopped, fail(errc::bytes_missing, "gone"));
  CHECK(f.intake->gate() == intake_gate::stopped);
  CHECK(f.intake->stopped_by().code == errc::bytes_missing);
  f.intake->set_gate(intake_gate::open);
  CHECK(f.intake->stopped_by().code == errc::ok);
}
