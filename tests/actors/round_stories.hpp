#pragma once

#include "tests/actors/runtime_fixture.hpp"

#include <catch2/catch.hpp>

namespace varve::test {

constexpr stream_id s1{1}, s2{2}, s3{3};

inline bool is_doing(const runtime_fixture& f) {
  return f.row().round.status == round_status::doing;
}

inline bool takes_log(const runtime_fixture& f) {
  return f.runtime->intake(tenant)->gate() == intake_gate::open;
}

inline bool is_stopped(const runtime_fixture& f) {
  return f.runtime->intake(tenant)->gate() == intake_gate::stopped;
}

/// What came of an order: nothing yet, or its answer.
using pending = std::shared_ptr<std::optional<status>>;

/// Gives it, and does not wait.
inline pending begin_order(runtime_fixture& f, tenant_order::kind what) {
  auto answer = std::make_shared<std::optional<status>>();
  tenant_order given;
  given.what = what;
  given.destination = "memory://d";
  given.option = f.given.option;
  f.runtime->order(tenant, std::move(given), [answer](const status& done) { *answer = done; });
  return answer;
}

/// Its host says that stream 1 has no log below any more, and does not wait.
inline void let_go_up_to(runtime_fixture& f, lsn oldest) {
  auto order = log_recycled(oldest);
  order.option = f.given.option;
  f.runtime->order(tenant, order, [](const status&) {});
}

/// After so many more calls another disk lies where the destination was.
inline void another_disk(runtime_fixture& f, std::uint64_t calls = 0) {
  f.medium().plan({.let_through = calls, .code = errc::invalid_destination});
  f.cannot_open = fail(errc::foreign_destination, "another disk");
}

inline void its_own_disk(runtime_fixture& f) {
  f.medium().clear_faults();
  f.cannot_open.reset();
}

/// An entry of ten LSNs where the stream stands, or at `at`.
inline void append_one(stream_buffer& to, scn when, std::optional<lsn> at = std::nullopt) {
  auto from = at.value_or(to.expected_lsn());
  auto answer = to.append({from, from + 10, when, as_bytes("x")});
  INFO(answer.failed.to_string());
  REQUIRE(answer.outcome == append_outcome::accepted);
}

/// What the next life of a killed engine has.
inline runtime_fixture::options after_a_kill(std::unique_ptr<runtime_fixture>& killed) {
  auto next = killed->on_the_same();
  killed.reset();
  return next;
}

/// Another engine has the tenant, with an entry of stream 1 that this one has, too; and this one has heard of
/// it.
inline std::unique_ptr<runtime_fixture> taken_by_another(runtime_fixture& from) {
  auto second = std::make_unique<runtime_fixture>(from.on_the_same());
  second->add_tenant();
  second->open(1, std::nullopt);
  second->write(1, 1);
  REQUIRE(second->flush());
  from.write(1, 1);
  REQUIRE(from.flush());
  REQUIRE(from.runtime->intake(tenant)->gate() == intake_gate::fenced);
  return second;
}

/// The next commit gets there, and until the medium's faults are cleared nobody can see that it did.
inline void lose_answer_of_commit(runtime_fixture& f) {
  auto& medium = f.medium();
  medium.on_call([&medium, lost = std::make_shared<bool>(false)](const fault_medium::call_info& what) {
    using call = fault_medium::call;
    if (*lost || what.kind != call::create || what.path.find("/commits/") == std::string::npos)
      return;
    *lost = true;
    medium.plan({.only = call::create, .when = fault_medium::moment::after, .for_good = true});
    medium.plan({.only = call::read_all, .for_good = true});
  });
}

/// Round 1 has log of streams 1 and 2.
inline std::unique_ptr<runtime_fixture> first_round() {
  auto f = std::make_unique<runtime_fixture>();
  f->add_tenant();
  REQUIRE(f->archivelog().ok());
  f->open(1, std::nullopt);
  f->open(2, std::nullopt);
  f->write(1);
  f->write(2);
  REQUIRE(f->flush());
  return f;
}

/// It is DOING.
inline std::unique_ptr<runtime_fixture> doing_round() {
  auto f = first_round();
  REQUIRE(f->run_until([&] { return is_doing(*f); }));
  return f;
}

/// That is over.
inline std::unique_ptr<runtime_fixture> stopped_round() {
  auto f = doing_round();
  REQUIRE(f->noarchivelog().ok());
  f->run_for(one_minute);
  return f;
}

/// And round 2 is ordered.
inline std::unique_ptr<runtime_fixture> second_round() {
  auto f = stopped_round();
  REQUIRE(f->archivelog().ok());
  return f;
}

/// Round 2 is DOING; stream 1 was closed when it was ordered.
inline std::unique_ptr<runtime_fixture> second_round_without_s1() {
  auto f = doing_round();
  REQUIRE(f->noarchivelog().ok());
  f->runtime->intake(tenant)->find(s1)->detach();
  REQUIRE(f->archivelog().ok());
  f->write(2);
  REQUIRE(f->flush());
  REQUIRE(f->run_until([&] { return is_doing(*f); }));
  return f;
}

/// Two engines have had the tenant in turn; the second has begun a round behind [30, 40) of stream 1, which
/// the first has accepted, and ended it; `another_begins`: and one more is BEGINNING.
inline std::unique_ptr<runtime_fixture> fenced_with_log_in_no_round(bool another_begins = false) {
  auto first = doing_round();
  runtime_fixture second{first->on_the_same()};
  second.add_tenant();
  second.open(1, std::nullopt);
  second.open(2, std::nullopt);
  second.write(2);
  REQUIRE(second.flush()->outcome.ok());
  append_one(*first->runtime->intake(tenant)->find(s1), first->now(), 30);
  REQUIRE(second.noarchivelog().ok());
  second.run_for(one_minute);
  second.runtime->intake(tenant)->find(s1)->recycled(50);
  REQUIRE(second.archivelog().ok());
  append_one(*second.runtime->intake(tenant)->find(s1), second.now(), 50); // [50, 60)
  second.write(2);
  REQUIRE(second.flush()->outcome.ok());
  REQUIRE(second.run_until([&] { return is_doing(second); }));
  REQUIRE(second.noarchivelog().ok());
  second.run_for(one_minute);
  if (another_begins) {
    REQUIRE(second.archivelog().ok());
    second.run_for(one_minute);
    REQUIRE(second.row().round.status == round_status::beginning);
  }
  first->run_for(one_minute);
  first->flush();
  REQUIRE(first->runtime->intake(tenant)->gate() == intake_gate::fenced);
  return first;
}

} // namespace varve::test
