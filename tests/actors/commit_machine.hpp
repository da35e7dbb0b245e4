#pragma once

// Tests of the commit sequence feed every row of the table in COMMITS.md section 4 by hand, with this.
#include "actors/commit_sequence.hpp"

#include <catch2/catch.hpp>

namespace varve::commit_test {

using verb = commit_operation::verb;
using event = commit_sequence::event;

inline constexpr tenant_id tenant{7};
inline constexpr unix_ns at = 1'000;
inline const random_id archive{std::byte{0xa0}};
inline const random_id us{std::byte{1}}, them{std::byte{2}};

inline bytes commit_bytes(std::uint64_t seq, const digest& before, random_id writer = them,
                          std::uint64_t epoch_number = 1, std::uint64_t next_piece = 1) {
  commit_record record;
  record.tenant = tenant;
  record.seq = commit_seq{seq};
  record.epoch = epoch{epoch_number};
  record.writer = writer;
  record.predecessor = before;
  record.next_piece = piece_id{next_piece};
  return encode(archive, record);
}

inline bytes mark_bytes(std::uint64_t seq) {
  return encode(archive, commit_mark(tenant, commit_seq{seq}));
}

/// What others have committed: [0] is number 1.
inline std::vector<bytes> chain(std::uint64_t length) {
  std::vector<bytes> made;
  for (std::uint64_t seq = 1; seq <= length; ++seq)
    made.push_back(commit_bytes(seq, made.empty() ? digest{} : digest_of(made.back())));
  return made;
}

/// A sequence whose operations the test answers itself.
struct commit_machine {
  explicit commit_machine(std::uint64_t begin_at = 1) : sequence(tenant, archive, us, commit_seq{begin_at}) {}
  commit_sequence sequence;
  commit_sequence::step step;
  std::vector<bytes> sent; ///< by creates

  bool now(commit_sequence::step made) {
    step = std::move(made);
    if (step.next.what == verb::create)
      sent.push_back(step.next.content);
    return true;
  }
  bool take() { return now(sequence.take({}, at)); }
  bool commit(commit_record record = {}) { return now(sequence.commit(std::move(record), at)); }
  bool commit_after(std::uint64_t newest_piece) {
    commit_record record;
    record.next_piece = piece_id{newest_piece};
    return commit(record);
  }
  bool begin_pass() { return now(sequence.begin_pass()); }
  bool resume_pass() { return now(sequence.resume_pass()); }
  void listed(std::initializer_list<std::uint64_t> found) {
    std::vector<commit_seq> numbers;
    for (auto seq : found)
      numbers.push_back(commit_seq{seq});
    now(sequence.answer(result<std::vector<commit_seq>>(numbers)));
  }
  void read(const bytes& content) { now(sequence.answer(result<bytes>(content))); }
  void gone() {
    if (step.next.what == verb::remove)
      now(sequence.answer(status(fail(errc::file_not_exist, "gone"))));
    else
      now(sequence.answer(result<bytes>(fail(errc::file_not_exist, "gone"))));
  }
  void too_large() { now(sequence.answer(result<bytes>(fail(errc::checksum_error, "too large")))); }
  void done() { now(sequence.answer(status{})); }
  void exists() { now(sequence.answer(status(fail(errc::already_exists, "taken")))); }
  void unanswered() {
    auto lost = fail(errc::io_error, "the cable is out");
    if (step.next.what == verb::list)
      now(sequence.answer(result<std::vector<commit_seq>>(lost)));
    else if (step.next.what == verb::read)
      now(sequence.answer(result<bytes>(lost)));
    else
      now(sequence.answer(status(lost)));
  }

  bool asks(verb what, std::uint64_t seq) const {
    return step.what == event::none && step.next.what == what && step.next.seq == commit_seq{seq};
  }
  bool lists() const { return step.what == event::none && step.next.what == verb::list; }
  bool repeats(verb what, std::uint64_t seq) const {
    return step.what == event::retry && step.next.what == what && step.next.seq == commit_seq{seq} &&
           step.why.code == errc::io_error;
  }
  bool came_to(event what) const { return step.what == what && step.next.what == verb::none; }
  commit_record last_sent() const { return decode_commit(sent.back(), &archive, "sent").value(); }

  /// Takes over a sequence that holds `newest` of `others` and the one before it.
  void own_after(const std::vector<bytes>& others) {
    auto n = others.size();
    take();
    listed({n});
    read(others.back());
    n == 1 ? gone() : read(others[n - 2]);
    done();
    read(others.back());
    listed({n, n + 1});
    REQUIRE(came_to(event::owner));
  }
  /// Makes the next commit and lets it count.
  void count() {
    auto last = sent.back();
    commit();
    done();
    read(last);
    REQUIRE(came_to(event::counted));
  }
};

} // namespace varve::commit_test
