#include "engine/format/metadata.hpp"
#include "tests/harness/format_samples.hpp"

#include <catch2/catch.hpp>

using namespace varve;
using namespace varve::test;

namespace {

result<commit_record> written_and_read(const commit_record& x) {
  auto archive = sample_archive();
  return decode_commit(encode(archive, x), &archive, "t1001/commits/00000000000000000012");
}

/// The code of the sample commit after `change`.
template <class Change>
errc with(Change change) {
  auto x = sample_commit();
  change(x);
  return written_and_read(x).code();
}

} // namespace

TEST_CASE("a commit with something in every field comes back equal, and so does one with nothing") {
  CHECK(*written_and_read(sample_commit()) == sample_commit());
  commit_record first;
  first.seq = commit_seq{1};
  first.epoch = epoch{1};
  CHECK(*written_and_read(first) == first);
}

TEST_CASE("two attempts of one commit are different bytes") {
  auto once = sample_commit(), again = sample_commit();
  ++again.attempt;
  CHECK(encode(sample_archive(), once) != encode(sample_archive(), again));
}

TEST_CASE("a mark holds its number, also number 0, and nothing else") {
  for (auto seq : {commit_seq{0}, commit_seq{7}}) {
    auto mark = written_and_read(commit_mark(tenant_id{1001}, seq));
    REQUIRE(mark.ok());
    CHECK(mark->is_mark());
    CHECK(mark->seq == seq);
    CHECK(mark->tenant == tenant_id{1001});
  }
  CHECK_FALSE(sample_commit().is_mark());
  auto talking = commit_mark(tenant_id{1001}, commit_seq{7});
  talking.written_at = 1;
  CHECK(written_and_read(talking).code() == errc::checksum_error);
}

TEST_CASE("a commit without a predecessor is a beginning, at any number") {
  CHECK(with([](auto& x) { x.predecessor = {}; }) == errc::ok);
  CHECK(with([](auto& x) {
          x.seq = commit_seq{1};
          x.epoch = epoch{1};
        }) == errc::checksum_error); // the first commit names one
}

TEST_CASE("a commit that contradicts itself is refused though its checksum holds") {
  CHECK(with([](auto&) {}) == errc::ok);
  CHECK(with([](auto& x) { x.seq = commit_seq{0}; }) == errc::checksum_error);
  CHECK(with([](auto& x) { x.epoch = epoch{13}; }) == errc::checksum_error);
  CHECK(with([](auto& x) { x.attempt = 0; }) == errc::checksum_error);
  CHECK(with([](auto& x) { x.next_round = x.round.id; }) == errc::checksum_error);
  CHECK(with([](auto& x) { x.last_round = x.next_round; }) == errc::checksum_error);
  CHECK(with([](auto& x) { x.last_round = round_id{0}; }) == errc::checksum_error);
  CHECK(with([](auto& x) { x.last_round_end.reset(); }) == errc::checksum_error);
  CHECK(with([](auto& x) { x.interruption.reset(); }) == errc::checksum_error);
  CHECK(with([](auto& x) { x.next_piece = x.open_pieces[0].piece.piece; }) == errc::checksum_error);
  CHECK(with([](auto& x) { x.open_pieces.push_back(x.open_pieces[0]); }) == errc::checksum_error);
  CHECK(with([](auto& x) { std::swap(x.frozen_pieces[0], x.frozen_pieces[1]); }) == errc::checksum_error);
  CHECK(with([](auto& x) { std::swap(x.stream_changes[0], x.stream_changes[1]); }) == errc::checksum_error);
  CHECK(with([](auto& x) { x.piece_list->number = 0; }) == errc::checksum_error);
  CHECK(with([](auto& x) { x.open_pieces[0].start.number = 1; }) == errc::checksum_error);
}

TEST_CASE("a commit holds at most 64 frozen pieces") {
  auto fill = [](std::size_t count) {
    return [count](commit_record& x) {
      auto piece = x.frozen_pieces[0];
      x.frozen_pieces.clear();
      for (std::size_t i = 0; i < count; ++i) {
        piece.piece.piece = piece_id{i + 1};
        x.frozen_pieces.push_back(piece);
      }
      x.next_piece = piece_id{count + 100};
    };
  };
  CHECK(with(fill(frozen_in_commit)) == errc::ok);
  CHECK(with(fill(frozen_in_commit + 1)) == errc::checksum_error);
}
