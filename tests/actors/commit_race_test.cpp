// Several writers race for one sequence of commits, step by step, and the seed decides who moves, which
// replies are lost and which requests arrive late.
#include "actors/commit_sequence.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <memory>
#include <random>
#include <set>

using namespace varve;
using verb = commit_operation::verb;
using event = commit_sequence::event;

namespace {

constexpr tenant_id tenant{7};
const random_id archive{std::byte{0xa0}};

/// The commits of one tenant, as a destination keeps its promises.
struct commit_map {
  std::map<commit_seq, bytes> objects;

  commit_answer run(const commit_operation& op) {
    auto found = objects.find(op.seq);
    bool there = found != objects.end();
    switch (op.what) {
    case verb::list: {
      std::vector<commit_seq> numbers;
      for (auto& [seq, content] : objects)
        numbers.push_back(seq);
      return result<std::vector<commit_seq>>(numbers);
    }
    case verb::read:
      return there ? result<bytes>(found->second) : result<bytes>(fail(errc::file_not_exist, "gone"));
    case verb::create:
      if (there)
        return status(fail(errc::already_exists, "taken"));
      objects.emplace(op.seq, op.content);
      return status{};
    case verb::remove:
      if (!there)
        return status(fail(errc::file_not_exist, "gone"));
      objects.erase(found);
      return status{};
    case verb::none:
      break;
    }
    return status{};
  }
};

commit_answer no_answer(verb to) {
  auto lost = fail(errc::io_error, "lost");
  if (to == verb::list)
    return result<std::vector<commit_seq>>(lost);
  if (to == verb::read)
    return result<bytes>(lost);
  return status(lost);
}

/// Everything that happened, for the claims.
struct history {
  struct counted_commit {
    epoch of;
    random_id writer;
    digest bytes_digest, predecessor;
    std::set<stream_id> items;
  };
  std::map<commit_seq, counted_commit> counted; // takeovers too
  std::map<epoch, random_id> owners;
  unsigned fenced = 0, own_attempts_found = 0, lost_replies = 0, late_creates = 0, removed = 0, marks = 0,
           overtaken = 0, sleeps = 0;
};

/// One life of a writer: takes over, commits items, deletes.
struct writer_life {
  writer_life(std::uint64_t number, commit_map& at, std::mt19937_64& seeded, history& all)
      : commits(at), random(seeded), told(all) {
    id[0] = std::byte{static_cast<unsigned char>(number)};
    id[1] = std::byte{static_cast<unsigned char>(number >> 8)};
    sequence = std::make_unique<commit_sequence>(tenant, archive, id, commit_seq{1});
    accept(sequence->take({}, number));
  }

  commit_map& commits;
  std::mt19937_64& random;
  history& told;
  random_id id{};
  std::unique_ptr<commit_sequence> sequence;
  commit_operation op;
  std::optional<commit_answer> reply;    // the operation took effect, the reply is under way
  std::vector<commit_operation> delayed; // creates and removes given up on that may still arrive
  std::set<stream_id> items;             // what the commit in flight says
  bool over = false;

  std::uint64_t below(std::uint64_t n) { return random() % n; }

  /// One of: the request arrives, its reply comes, it is lost either way, an old request arrives late.
  void step(std::uint64_t& next_item) {
    if (!delayed.empty() && below(8) == 0) {
      auto late = below(delayed.size());
      if (auto& what = delayed[late]; what.what == verb::create)
        told.late_creates += std::get<status>(commits.run(what)).ok();
      else
        commits.run(what);
      delayed.erase(delayed.begin() + static_cast<std::ptrdiff_t>(late));
      return;
    }
    if (over)
      return;
    if (op.what == verb::none)
      return idle(next_item);
    if (!reply) {
      if (below(12) == 0 && (op.what == verb::create || op.what == verb::remove)) {
        delayed.push_back(op);
        ++told.lost_replies;
        return answer(no_answer(op.what));
      }
      reply = commits.run(op);
      return;
    }
    auto got = *std::exchange(reply, std::nullopt);
    if (below(12) == 0) {
      ++told.lost_replies;
      got = no_answer(op.what);
    }
    answer(got);
  }

  void idle(std::uint64_t& next_item) {
    if (below(4) == 0)
      return accept(sequence->begin_pass());
    auto record = sequence->newest();
    items.clear();
    record.stream_changes.push_back({stream_id{++next_item}, 0, {}, false});
    for (auto& row : record.stream_changes)
      items.insert(row.stream);
    accept(sequence->commit(std::move(record), next_item));
  }

  void answer(const commit_answer& got) {
    if (op.what == verb::remove && std::get<status>(got).ok())
      ++told.removed;
    if (op.what == verb::create && op.seq == commit_seq{0} && std::get<status>(got).ok())
      ++told.marks;
    if (below(16) == 0)
      sequence->leave_pass();
    accept(sequence->answer(got));
  }

  void accept(const commit_sequence::step& next) {
    op = next.next;
    switch (next.what) {
    case event::none:
    case event::retry:
    case event::pass_done:
      return;
    case event::owner: {
      auto& newest = sequence->newest();
      for (auto& row : newest.stream_changes)
        items.insert(row.stream);
      INFO("epoch " << newest.epoch.value << " was taken twice");
      REQUIRE(told.owners.emplace(newest.epoch, id).second);
      // It goes on from all that was acknowledged before it.
      for (auto& [seq, commit] : told.counted)
        if (seq < newest.seq &&
            !std::includes(items.begin(), items.end(), commit.items.begin(), commit.items.end()))
          FAIL("items of commit " << seq.value << " are lost to " << newest.seq.value);
      return count();
    }
    case event::counted:
      return count();
    case event::fenced:
      ++told.fenced;
      over = true;
      return;
    case event::stopped:
      FAIL("stopped: " << next.why.to_string());
    }
  }

  void count() {
    auto& newest = sequence->newest();
    history::counted_commit made{sequence->current_epoch(), id, {}, newest.predecessor, items};
    // What counts is one of its attempts: the bytes that lie there, unless a deleter was faster.
    if (auto there = commits.objects.find(newest.seq); there != commits.objects.end()) {
      made.bytes_digest = digest_of(there->second);
      auto decoded = decode_commit(there->second, &archive, "there");
      REQUIRE(decoded.ok());
      CHECK(decoded->writer == id);
      told.own_attempts_found += decoded->attempt != newest.attempt;
    }
    INFO("commit " << newest.seq.value << " counts twice");
    REQUIRE(told.counted.emplace(newest.seq, made).second);
  }
};

void check(const history& told) {
  const history::counted_commit* before = nullptr;
  commit_seq before_seq;
  for (auto& [seq, commit] : told.counted) {
    INFO("commit " << seq.value << " of epoch " << commit.of.value);
    // Whoever was taken over never counts a number at or above the taker's epoch.
    auto later = told.owners.upper_bound(commit.of);
    if (later != told.owners.end())
      REQUIRE(seq.value < later->first.value);
    if (before != nullptr && before_seq.value + 1 == seq.value && !before->bytes_digest.empty())
      REQUIRE(commit.predecessor == before->bytes_digest);
    before = &commit;
    before_seq = seq;
  }
}

} // namespace

/// Method: three writers at a time, replaced by new lives when they are fenced or crash; any request may be
/// lost, arrive late or lose its reply; passes delete at any moment; any writer may sleep while the others go
/// far on, and wake in a hole of deleted numbers. In the end one more writer takes over
/// undisturbed and must know everything that ever counted.
TEST_CASE("commit race: no number counts twice, what counts is one chain, and nothing acknowledged is lost") {
  history all;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    INFO("seed " << seed);
    std::mt19937_64 random{seed};
    commit_map commits;
    history told;
    std::uint64_t next_life = 0, next_item = 0;
    std::vector<std::unique_ptr<writer_life>> lives;
    auto born = [&] { return std::make_unique<writer_life>(++next_life, commits, random, told); };
    auto many = 2 + seed % 2;
    for (std::uint64_t i = 0; i < many; ++i)
      lives.push_back(born());
    std::vector<std::unique_ptr<writer_life>> dead; // their late requests still arrive
    std::vector<int> asleep_until(many);
    for (int steps = 0; steps < 1'500; ++steps) {
      auto which = random() % many;
      if (steps < asleep_until[which])
        continue;
      if (random() % 60 == 0) {
        asleep_until[which] = steps + 50 + static_cast<int>(random() % 400);
        ++all.sleeps;
        continue;
      }
      auto& who = lives[which];
      who->step(next_item);
      if (!dead.empty() && random() % 16 == 0)
        dead[random() % dead.size()]->step(next_item);
      if (random() % (who->over ? 8 : 200) != 0)
        continue;
      if (who->op.what == verb::create || who->op.what == verb::remove)
        who->delayed.push_back(who->op);
      who->over = true;
      dead.push_back(std::exchange(who, born()));
    }
    writer_life last{++next_life, commits, random, told};
    for (int steps = 0; !last.sequence->owns(); ++steps) {
      REQUIRE(steps < 100);
      last.answer(commits.run(last.op));
    }
    check(told);
    all.fenced += told.fenced;
    all.own_attempts_found += told.own_attempts_found;
    all.lost_replies += told.lost_replies;
    all.late_creates += told.late_creates;
    all.removed += told.removed;
    all.marks += told.marks;
    all.overtaken += told.owners.size() > 1;
  }
  // Else the runs showed nothing.
  CHECK(all.fenced > 100);
  CHECK(all.own_attempts_found > 100);
  CHECK(all.lost_replies > 1'000);
  CHECK(all.late_creates > 30);
  CHECK(all.removed > 500);
  CHECK(all.marks > 50);
  CHECK(all.overtaken > 50);
  CHECK(all.sleeps > 1'000);
}
