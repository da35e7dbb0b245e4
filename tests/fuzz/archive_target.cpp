#include "engine/destination/memory_destination.hpp"
#include "engine/format/object_name.hpp"
#include "engine/reader/restore_reader.hpp"
#include "engine/reader/verify.hpp"
#include "tests/fuzz/fuzz_target.hpp"
#include "tests/fuzz/promises.hpp"
#include "tests/harness/archive_builder.hpp"

#include <map>

namespace varve::fuzz {
namespace {

using object_map = std::map<object_path, bytes>;
constexpr stream_id s1{1}, s2{2};

/// An archive with something of everything: a round that ended, a sealed piece with an index, a piece list,
/// an open piece with an index and segments after it, a takeover.
struct whole_archive {
  whole_archive() {
    auto store = std::make_shared<memory_store>();
    test::archive_builder::options options;
    options.block_bytes = 128;
    options.segment_bytes = 600;
    options.frozen_in_commit = 1;
    test::archive_builder made(std::make_shared<memory_destination>("fuzz", store), options);
    scn at = 1000;
    auto write = [&](int count) {
      for (int i = 0; i < count; ++i, at += 10)
        for (auto stream : {s1, s2})
          made.append(stream, 100, at, "entry of stream " + to_string(stream) + " at " + std::to_string(at));
      made.cut_all();
    };
    auto begin_round = [&](duration_ns interval) {
      made.begin_round(at, interval);
      for (auto stream : {s1, s2})
        made.open_stream(stream, made.rows().contains(stream) ? made.rows().at(stream).position.next_lsn : 0);
    };
    begin_round(0);
    write(4);
    made.commit(at - 10);
    made.end_round(at - 10);
    begin_round(100);
    write(8);
    made.end_segments();
    made.write_indexes();
    write(12);
    made.commit(at - 10);
    made.seal_oldest();
    made.commit(at - 10);
    made.take_over();
    made.seal_oldest();
    write(4);
    made.end_segments();
    made.write_indexes();
    write(2);
    made.end_segments();
    write(2);
    made.commit(at - 10);
    archive = made.settings().archive;
    commit = made.newest();
    promise(commit.open_pieces.size() == 1 && commit.open_pieces[0].index &&
                commit.frozen_pieces.size() == 1 && commit.piece_list && commit.last_round_end,
            "the archive has an object of every kind");
    for (auto& [path, object] : store->objects)
      objects[path] = object->content;
    for (auto& x : made.committed())
      entries[{x.stream, x.lsn}] = x;
  }
  random_id archive{};
  commit_record commit;
  object_map objects;
  std::map<std::pair<stream_id, lsn>, test::model_entry> entries;
};

const whole_archive& whole() {
  static const whole_archive made;
  return made;
}

/// An object that the newest commit names, and where it names it.
struct named_object {
  object_kind kind;
  object_path path;
  void (*point)(commit_record& commit, const digest& to); ///< null: the newest commit itself
};

std::vector<named_object> named_objects() {
  auto& commit = whole().commit;
  auto tenant = commit.tenant;
  auto& open = commit.open_pieces.back();
  auto& frozen = commit.frozen_pieces.back();
  return {
      {object_kind::commit, to_path(commit_name{tenant, commit.seq}), nullptr},
      {object_kind::piece_start, to_path(piece_start_name{tenant, open.piece, open.start.epoch}),
       [](commit_record& x, const digest& to) { x.open_pieces.back().start.digest = to; }},
      {object_kind::segment_index,
       to_path(index_name{tenant, open.piece, open.index->epoch, open.index->number}),
       [](commit_record& x, const digest& to) {
         x.open_pieces.back().index->digest = to;
         if (x.stream_table && x.stream_table->kind == object_kind::segment_index)
           x.stream_table->object.digest = to;
       }},
      {object_kind::seal, to_path(seal_name{tenant, frozen.piece, frozen.seal.epoch}),
       [](commit_record& x, const digest& to) { x.frozen_pieces.back().seal.digest = to; }},
      {object_kind::piece_list,
       to_path(piece_list_name{tenant, commit.piece_list->epoch, commit.piece_list->number}),
       [](commit_record& x, const digest& to) { x.piece_list->digest = to; }},
      {object_kind::round_end,
       to_path(round_end_name{tenant, commit.last_round, commit.last_round_end->epoch}),
       [](commit_record& x, const digest& to) { x.last_round_end->digest = to; }},
  };
}

std::shared_ptr<memory_destination> with_lie(const named_object& which, bytes_view payload) {
  auto objects = whole().objects;
  auto lie = seal_object(which.kind, whole().archive, payload);
  if (which.point) {
    auto commit = whole().commit;
    which.point(commit, digest_of(lie));
    objects[to_path(commit_name{commit.tenant, commit.seq})] = encode(whole().archive, commit);
  }
  objects[which.path] = std::move(lie);
  auto where = std::make_shared<memory_destination>("fuzz");
  for (auto& [path, object] : objects)
    promise(where->create(path, object).ok(), "any bytes can lie at a destination");
  return where;
}

/// Every entry was written like this, and each stream follows on itself.
void check_restore(const std::shared_ptr<destination>& where, restore_options options) {
  auto reader = restore_reader::open(where, options);
  if (!reader.ok())
    return check_error(reader.error(), "");
  std::map<stream_id, lsn> reached;
  std::pair<scn, stream_id> before{};
  for (std::size_t given = 0;;) {
    auto batch = (*reader)->next();
    if (!batch.ok())
      return check_error(batch.error(), "");
    if (!*batch)
      return;
    for (auto& x : (*batch)->entries) {
      auto stream = (*batch)->stream;
      auto meant = whole().entries.find({stream, x.lsn});
      promise(meant != whole().entries.end() && meant->second.next_lsn == x.next_lsn &&
                  meant->second.scn == x.scn && meant->second.payload == as_text(x.payload),
              "a restore gives no entry that was not written");
      auto [at, first] = reached.try_emplace(stream, x.lsn);
      promise(at->second == x.lsn, "a restore does not cross a gap, and gives nothing twice");
      at->second = x.next_lsn;
      if (!options.stream)
        promise(before <= std::pair(x.scn, stream), "a merged restore is in order");
      before = {x.scn, stream};
      promise(!options.until || x.scn <= *options.until, "a restore ends where it was told to");
      promise(++given <= whole().entries.size(), "a restore ends");
    }
  }
}

} // namespace

/// What is done with the archive: one of these for each input, so that a fuzzer tries more of them.
constexpr unsigned uses = 4;

void archive(bytes_view input) {
  static const auto all = named_objects();
  auto choice = take_byte(input);
  auto where = with_lie(all[choice % all.size()], input);
  auto tenant = whole().commit.tenant;
  restore_options options{.tenant = tenant, .threads = 1, .read_ahead_bytes = 4 << 10};
  memory_promise memory(input.size(), 400, 8 << 20);
  switch (choice / all.size() % uses) {
  case 0: {
    auto report = verify_archive(*where, {.threads = 1});
    promise(report.ok(), "verify answers");
    for (auto& x : report->problems)
      check_error(to_error(x), x.path);
    auto state = read_committed_state(*where, tenant, &whole().archive);
    if (!state.ok())
      check_error(state.error(), "");
    break;
  }
  case 1:
    check_restore(where, options);
    break;
  case 2:
    options.until = whole().commit.round.checkpoint_scn - 50;
    check_restore(where, options);
    break;
  default:
    options.allow_previous_commit = true;
    options.stream = s1;
    check_restore(where, options);
  }
  memory.check();
}

std::vector<bytes> archive_seeds() {
  std::vector<bytes> seeds;
  auto all = named_objects();
  for (std::size_t i = 0; i < all.size() * uses; ++i)
    seeds.push_back(with_byte(
        static_cast<std::uint8_t>(i),
        bytes_view(whole().objects.at(all[i % all.size()].path)).subspan(format::object_header_bytes)));
  return seeds;
}

} // namespace varve::fuzz
