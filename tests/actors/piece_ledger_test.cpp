#include "actors/io_pool.hpp"
#include "actors/piece_ledger.hpp"
#include "tests/actors/segment_writer_fixture.hpp"

#include <catch2/catch.hpp>

using namespace varve;
using namespace varve::test;

namespace {

/// A ledger fed by a real segment writer; what it wants made is made, and its records are committed.
struct ledger_fixture {
  explicit ledger_fixture(writer_fixture::options options) : writing(options) {
    commit_record first;
    ledger->adopt_nothing(first);
    ledger->begin_round(options.no_split ? 0 : options.interval, round_id{1}, piece_id{1});
    begin_writing();
  }

  writer_fixture writing;
  std::unique_ptr<piece_ledger> ledger = std::make_unique<piece_ledger>(tenant, archive);
  commit_seq seq{1};
  digest newest;
  epoch current{1};
  unix_ns now = 5'000;
  std::vector<object_path> objects; ///< made since the last commit

  void begin_writing() {
    writing.take_over(
        ledger->start_of_writer(current, writing.given.segment_bytes, writing.given.sync_bytes));
  }
  /// A block, durable and in the ledger.
  void write(std::uint64_t stream, scn at, std::size_t count = 1) {
    writing.put(stream, at, count);
    settle();
  }
  void settle() {
    writing.writer->want_durable(writing.tickets);
    writing.run();
    absorb();
  }
  void absorb() {
    auto report = writing.writer->take_report();
    writing.said.absorb(report);
    ledger->absorb(report);
    for (auto& [stream, position] : report.moved)
      if (auto* row = ledger->stream(stream); row->start_lsn == 0 || row->dropped)
        ledger->note_stream({stream, 1'000 * stream.value, position, false});
  }
  void finish(scn upto) {
    writing.writer->finish(upto);
    writing.run();
    absorb();
  }
  /// Makes what the ledger wants made first.
  void make(scn checkpoint = 0, bool round_over = false) {
    objects.clear();
    while (auto object = ledger->next_object(current, checkpoint, round_over, now)) {
      REQUIRE(create_same(*writing.where, object->path, object->content).ok());
      objects.push_back(object->path);
      ledger->object_made();
    }
  }
  commit_record commit(std::optional<stream_id> limiting = {}) {
    auto record = ledger->record(limiting);
    record.tenant = tenant;
    record.seq = seq;
    record.epoch = current;
    record.predecessor = newest;
    auto content = encode(archive, record);
    REQUIRE(writing.where->create(to_path(commit_name{tenant, seq}), content).ok());
    newest = digest_of(content);
    seq = commit_seq{seq.value + 1};
    return record;
  }
  committed_state read() {
    auto state = read_committed_state(*writing.where, tenant, &archive);
    REQUIRE(state.ok());
    REQUIRE(*state);
    CHECK((*state)->damages.empty());
    return **state;
  }
  /// A takeover: only what was committed counts from here.
  void take_over() {
    auto state = read();
    auto record = state.commit.record;
    current = epoch{seq.value};
    record.seq = seq;
    record.epoch = current;
    record.predecessor = newest;
    auto content = encode(archive, record);
    REQUIRE(writing.where->create(to_path(commit_name{tenant, seq}), content).ok());
    newest = digest_of(content);
    seq = commit_seq{seq.value + 1};
    ledger = std::make_unique<piece_ledger>(tenant, archive);
    ledger->adopt(read());
    begin_writing();
  }
  /// The commit that lies there says the same as a ledger that adopts it would say.
  void require_adopted_equals_recorded() {
    auto limiting = std::optional{stream_id{2}};
    auto made = commit(limiting);
    piece_ledger adopted{tenant, archive};
    auto state = read();
    adopted.adopt(state);
    auto again = adopted.record(limiting);
    CHECK(state.commit.record == made);
    CHECK(again == made);
    CHECK(adopted.streams() == ledger->streams());
    CHECK(adopted.open_ends() == ledger->open_ends());
    CHECK(adopted.last_end() == ledger->last_end());
    auto content = encode(archive, again);
    auto decoded = decode_commit(content, &archive, "commit");
    REQUIRE(decoded.ok());
    CHECK(*decoded == made);
  }
  const open_piece& only_piece() {
    record = ledger->record({});
    REQUIRE(record.open_pieces.size() == 1);
    return record.open_pieces[0];
  }
  bytes object(const object_path& path) {
    auto content = writing.medium->peek(path);
    REQUIRE(content);
    return *content;
  }
  commit_record record;
};

piece_key piece(std::uint64_t number) {
  return {round_id{1}, piece_id{number}};
}

constexpr std::uint64_t one_block_a_segment = 1;

} // namespace

TEST_CASE("piece ledger: a round begins with its own number, without pieces and without counts") {
  ledger_fixture f{{.interval = 100}};
  auto& round = f.ledger->round();
  CHECK(round.id == round_id{1});
  CHECK(round.status == round_status::beginning);
  CHECK(round.start_piece == piece_id{1});
  CHECK(round.piece_interval_ns == 100);
  CHECK(f.ledger->record({}).next_round == round_id{2});
  CHECK(f.ledger->last_end() == 0);
  auto record = f.ledger->record({});
  CHECK(record.open_pieces.empty());
  CHECK(record.round_counts == byte_counts{});
  f.require_adopted_equals_recorded();
}

TEST_CASE("piece ledger: numbers of rounds and pieces never go below what the catalog has seen") {
  piece_ledger ledger{tenant, archive};
  ledger.adopt_nothing({});
  ledger.begin_round(100, round_id{7}, piece_id{40});
  CHECK(ledger.round().id == round_id{7});
  CHECK(ledger.round().start_piece == piece_id{40});
  CHECK(ledger.record({}).next_piece == piece_id{40});
  CHECK(ledger.record({}).next_round == round_id{8});
}

TEST_CASE("piece ledger: a commit says what is durable, and who adopts it says the same") {
  ledger_fixture f{{.segment_bytes = 2'000, .interval = 100}};
  f.write(1, 110, 3);
  f.write(2, 120, 2);
  f.write(1, 230, 40); // several segments
  f.write(3, 310);
  f.make();
  CHECK(f.objects.empty());
  f.ledger->round().status = round_status::doing;
  f.ledger->round().start_scn = 110;
  f.ledger->round().checkpoint_scn = 119;
  auto record = f.ledger->record(stream_id{2});
  REQUIRE(record.open_pieces.size() == 3);
  CHECK(record.open_pieces[0].bounds == piece_bounds{110, 200});
  CHECK(record.open_pieces[1].bounds == piece_bounds{200, 300});
  CHECK(record.next_piece == piece_id{4});
  CHECK(record.limiting_stream == stream_id{2});
  CHECK(record.round_counts.entries == 46);
  CHECK(f.ledger->open_ends() == std::vector<scn>{200, 300, 400});
  f.require_adopted_equals_recorded();
  // And after a takeover, with segments of two epochs.
  f.take_over();
  f.write(1, 330, 2);
  f.write(2, 140, 2);
  f.ledger->note_stream({stream_id{3}, 3'000, f.ledger->stream(stream_id{3})->position, true});
  CHECK(f.ledger->record({}).round_counts.entries == 50);
  f.require_adopted_equals_recorded();
  CHECK(f.ledger->stream(stream_id{3})->dropped);
}

TEST_CASE("piece ledger: the writer starts from what is committed") {
  ledger_fixture f{{.interval = 100}};
  f.write(1, 110);
  f.write(1, 210);
  f.commit();
  f.take_over();
  auto start = f.ledger->start_of_writer(f.current, 11, 12);
  CHECK(start.archive == archive);
  CHECK(start.tenant == tenant);
  CHECK(start.epoch == f.current);
  CHECK(start.round == round_id{1});
  CHECK_FALSE(start.no_split);
  CHECK(start.next_piece == piece_id{3});
  CHECK(start.last_end == 300);
  CHECK(start.segment_bytes == 11);
  CHECK(start.sync_bytes == 12);
  REQUIRE(start.open_pieces.size() == 2);
  CHECK(start.open_pieces[1].piece == piece(2));
  CHECK(start.open_pieces[1].bounds == piece_bounds{200, 300});
}

TEST_CASE("piece ledger: a piece of 256 ended segments gets an index object, and the commit names that") {
  ledger_fixture f{{.segment_bytes = one_block_a_segment, .interval = 100'000}};
  for (scn at = 1; at <= 256; ++at)
    f.writing.put(1 + at % 3, at, 1, 5);
  f.settle(); // the last one is open still
  f.make();
  CHECK(f.objects.empty());
  CHECK(f.only_piece().segments.size() == 256);
  f.writing.put(1, 257, 1, 5);
  f.settle();
  auto counts = f.only_piece().counts;
  f.make();
  REQUIRE(f.objects == std::vector{to_path(index_name{tenant, piece(1), epoch{1}, 1})});
  auto index = decode_segment_index(f.object(f.objects[0]), &archive, "index");
  REQUIRE(index.ok());
  CHECK(index->segments.size() == 256);
  CHECK_FALSE(index->previous);
  CHECK(index->streams.size() == 3);
  auto& open = f.only_piece();
  CHECK(open.segments.size() == 1);
  CHECK(open.index == object_ref{epoch{1}, 1, digest_of(f.object(f.objects[0]))});
  CHECK(open.counts == counts);
  CHECK(f.record.stream_changes.empty()); // the index has them all
  REQUIRE(f.record.stream_table);
  CHECK(f.record.stream_table->kind == object_kind::segment_index);
  f.require_adopted_equals_recorded();

  f.take_over();
  for (scn at = 300; at < 556; ++at)
    f.writing.put(2, at, 1, 5);
  f.settle();
  f.make();
  REQUIRE(f.objects == std::vector{to_path(index_name{tenant, piece(1), f.current, 1})});
  index = decode_segment_index(f.object(f.objects[0]), &archive, "index");
  REQUIRE(index.ok());
  CHECK(index->previous == open.index);
  CHECK(f.ledger->record({}).round_counts.entries == 513);
  f.require_adopted_equals_recorded();
}

TEST_CASE("piece ledger: an index that could not be made is not named, and is wanted again") {
  ledger_fixture f{{.segment_bytes = one_block_a_segment, .interval = 100'000}};
  for (scn at = 1; at <= 257; ++at)
    f.writing.put(1, at, 1, 5);
  f.settle();
  auto wanted = f.ledger->next_object(f.current, 0, false, 1);
  REQUIRE(wanted);
  CHECK_FALSE(f.only_piece().index);
  CHECK(f.record.open_pieces[0].segments.size() == 257);
  auto again = f.ledger->next_object(f.current, 0, false, 1);
  REQUIRE(again);
  CHECK(again->path == wanted->path);
  CHECK(again->content == wanted->content);
}

TEST_CASE("piece ledger: a piece with segments of 64 epochs gets an index object") {
  ledger_fixture f{{.interval = 100'000}};
  for (scn at = 1; at <= 63; ++at) {
    f.write(1, at);
    f.make();
    REQUIRE(f.objects.empty());
    f.commit();
    f.take_over();
  }
  f.write(1, 64);
  f.make();
  CHECK(f.objects.empty()); // the open segment is of the 64th
  f.commit();
  f.take_over();
  f.make();
  REQUIRE(f.objects.size() == 1);
  CHECK(f.only_piece().segments.empty());
  CHECK(f.only_piece().counts.entries == 64);
  f.require_adopted_equals_recorded();
}

TEST_CASE("piece ledger: many changes of streams go into an index object of the newest piece") {
  ledger_fixture f{{.interval = 100}};
  f.write(1, 110);
  f.write(1, 210);
  for (std::uint64_t s = 10; s < 10 + 4'095; ++s)
    f.ledger->note_stream({stream_id{s}, 5, {5, 0}, false});
  f.make();
  REQUIRE(f.objects == std::vector{to_path(index_name{tenant, piece(2), epoch{1}, 1})});
  CHECK(f.ledger->record({}).stream_changes.empty());
  f.require_adopted_equals_recorded();
  f.ledger->note_stream({stream_id{10}, 5, {5, 0}, true});
  CHECK(f.ledger->record({}).stream_changes.size() == 1);
  f.require_adopted_equals_recorded();
}

TEST_CASE("piece ledger: pieces are sealed in the order of their numbers, once finished and passed") {
  ledger_fixture f{{.interval = 100}};
  f.write(1, 110, 2);
  f.write(2, 210, 3);
  f.write(1, 310, 4);
  CHECK_FALSE(f.ledger->wants_finish(198));
  CHECK(f.ledger->wants_finish(199));
  f.finish(299);
  CHECK_FALSE(f.ledger->wants_finish(299));
  f.make(198);
  CHECK(f.objects.empty()); // the checkpoint has not passed it
  f.ledger->round().checkpoint_scn = 199;
  f.make(199);
  REQUIRE(f.objects == std::vector{to_path(seal_name{tenant, piece(1), epoch{1}})});
  auto seal = decode_seal(f.object(f.objects[0]), &archive, "seal");
  REQUIRE(seal.ok());
  CHECK(seal->bounds == piece_bounds{110, 200});
  CHECK(seal->created_at == 42);
  CHECK(seal->sealed_at == f.now);
  CHECK(seal->checkpoint_scn == 199);
  CHECK(seal->counts.entries == 2);
  CHECK(seal->segments.size() == 1);
  CHECK(seal->segments[0].segment.has_footer);
  CHECK(seal->streams.size() == 2);
  auto record = f.ledger->record({});
  REQUIRE(record.frozen_pieces.size() == 1);
  CHECK(record.frozen_pieces[0].seal.digest == digest_of(f.object(f.objects[0])));
  CHECK(record.open_pieces.size() == 2);
  CHECK(record.round_counts.entries == 9);
  f.require_adopted_equals_recorded();
  f.make(1'000'000);
  CHECK(f.objects == std::vector{to_path(seal_name{tenant, piece(2), epoch{1}})});
  f.require_adopted_equals_recorded();
  f.take_over();
  CHECK(f.ledger->wants_finish(399));
  CHECK(f.ledger->record({}).round_counts.entries == 9);
}

TEST_CASE(
    "piece ledger: of many frozen pieces the older half moves to a piece list, which names the one before") {
  ledger_fixture f{{.interval = 100}};
  auto freeze = [&](scn from, scn upto) {
    for (scn cell = from; cell < upto; ++cell)
      f.writing.put(1, cell * 100 + 5, 1, 5);
    f.settle();
    f.finish(upto * 100);
    f.make(upto * 100);
  };
  freeze(1, 65);
  CHECK(f.objects.size() == 64);
  CHECK(f.ledger->record({}).frozen_pieces.size() == frozen_in_commit);
  freeze(65, 66);
  CHECK(f.objects.back() == to_path(piece_list_name{tenant, epoch{1}, 1}));
  auto list = decode_piece_list(f.object(f.objects.back()), &archive, "list");
  REQUIRE(list.ok());
  CHECK_FALSE(list->previous);
  REQUIRE(list->pieces.size() == 32);
  CHECK(list->pieces.back().piece == piece(32));
  auto record = f.ledger->record({});
  CHECK(record.frozen_pieces.size() == 33);
  CHECK(record.frozen_pieces.front().piece == piece(33));
  REQUIRE(record.piece_list);
  f.require_adopted_equals_recorded();
  freeze(66, 66 + 32);
  CHECK(f.objects.back() == to_path(piece_list_name{tenant, epoch{1}, 2}));
  list = decode_piece_list(f.object(f.objects.back()), &archive, "list");
  REQUIRE(list.ok());
  CHECK(list->previous == record.piece_list);
  CHECK(f.ledger->record({}).round_counts.entries == 97);
  f.require_adopted_equals_recorded();
}

TEST_CASE("piece ledger: a round ends once every piece is sealed, and the next one names it") {
  ledger_fixture f{{.interval = 100}};
  f.write(1, 110, 2);
  f.write(1, 210);
  f.ledger->round().status = round_status::doing;
  f.ledger->round().checkpoint_scn = 205;
  f.ledger->interruption() = break_record{stream_id{1}, 5, 9, 77, "gone"};
  f.make(scn_max, true);
  CHECK(f.objects.empty()); // its pieces are still written to
  f.finish(scn_max);
  f.make(scn_max, true);
  REQUIRE(f.objects.size() == 3);
  CHECK(f.objects[2] == to_path(round_end_name{tenant, round_id{1}, epoch{1}}));
  auto end = decode_round_end(f.object(f.objects[2]), &archive, "end");
  REQUIRE(end.ok());
  CHECK(end->round.status == round_status::stop);
  CHECK(end->round.checkpoint_scn == 205);
  CHECK(end->counts.entries == 3);
  CHECK(end->last_piece == piece_id{2});
  CHECK(end->ended_at == f.now);
  CHECK(end->interruption->reason == "gone");
  CHECK_FALSE(end->previous);
  CHECK(end->streams.size() == 1);
  CHECK(f.ledger->round().status == round_status::stop);
  auto record = f.ledger->record({});
  REQUIRE(record.last_round_end);
  CHECK(record.last_round == round_id{1});
  f.make(scn_max, true);
  CHECK(f.objects.empty()); // once
  f.require_adopted_equals_recorded();

  f.take_over();
  f.ledger->begin_round(0, round_id{1}, piece_id{1});
  CHECK(f.ledger->round().id == round_id{2});
  CHECK(f.ledger->round().start_piece == piece_id{0}); // without split
  CHECK_FALSE(f.ledger->interruption());
  CHECK(f.ledger->last_end() == 0);
  CHECK(f.ledger->record({}).round_counts == byte_counts{});
  // Streams take part when they are noted, and go on where their archived log ends.
  CHECK(f.ledger->stream(stream_id{1})->dropped);
  CHECK(f.ledger->stream(stream_id{1})->start_lsn == f.ledger->stream(stream_id{1})->position.next_lsn);
  CHECK(f.ledger->start_of_writer(f.current, 1, 1).no_split);
  f.require_adopted_equals_recorded();
  f.make(scn_max, true);
  REQUIRE(f.objects.size() == 1); // without any piece
  end = decode_round_end(f.object(f.objects[0]), &archive, "end");
  REQUIRE(end.ok());
  CHECK(end->previous == record.last_round_end);
  CHECK(end->previous_round == round_id{1});
  CHECK(end->last_piece == piece_id{0});
  CHECK(end->counts == byte_counts{});
}

TEST_CASE("piece ledger: the catalog is told of open pieces at every commit, of a sealed one once") {
  ledger_fixture f{{.interval = 100}};
  f.write(1, 110, 2);
  auto rows = f.ledger->take_rows();
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].piece == piece(1));
  CHECK(rows[0].bounds == piece_bounds{110, 200});
  CHECK(rows[0].counts.entries == 2);
  CHECK(rows[0].created_at == 42);
  CHECK(rows[0].newest);
  CHECK_FALSE(rows[0].frozen);
  f.write(1, 210);
  rows = f.ledger->take_rows();
  REQUIRE(rows.size() == 2); // the first is not the newest any more
  CHECK_FALSE(rows[0].newest);
  CHECK(rows[1].newest);
  f.finish(199);
  f.make(199);
  rows = f.ledger->take_rows();
  REQUIRE_FALSE(rows.empty());
  CHECK(rows[0].piece == piece(1));
  CHECK(rows[0].frozen);
  CHECK(rows[0].counts.entries == 2);
  rows = f.ledger->take_rows();
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].piece == piece(2));
}
