#include "actors/archive_supervisor.hpp"
#include "tests/actors/actor_fixture.hpp"
#include "tests/actors/intake_fixture.hpp"

#include <catch2/catch.hpp>

using namespace varve;
using namespace varve::test;

namespace {

struct supervised : actor_fixture {
  intake_fixture memory;
  std::shared_ptr<tenant_intake> intake{memory.intake.get(), [](tenant_intake*) {}};
  std::vector<error> errors, ends;
  caf::actor supervisor = spawn_supervisor(system(), [this](const error& why) { errors.push_back(why); });
  caf::actor a = idle(), b = idle();

  caf::actor idle() {
    return system().spawn([](caf::event_based_actor* self) -> caf::behavior {
      return {[self](end_atom) { self->quit(caf::make_error(caf::sec::runtime_error, "a bug")); }};
    });
  }
  ~supervised() { process.kill(); }
  supervised() {
    supervise(supervisor, intake, {a, b}, [this](const error& why) { ends.push_back(why); });
    run();
  }
};

} // namespace

TEST_CASE("archive supervisor: an actor that ends by itself stops its tenant, loudly and once") {
  supervised f;
  caf::anon_send(f.a, end_atom::value);
  f.run();
  CHECK(f.intake->gate() == intake_gate::stopped);
  auto why = f.intake->stopped_by();
  CHECK(why.code == errc::invalid_status);
  CHECK(why.message.find("tenant 1001") != std::string::npos);
  CHECK_FALSE(why.hint.empty());
  REQUIRE(f.errors.size() == 1);
  REQUIRE(f.ends.size() == 1);
  CHECK(f.ends[0].message == why.message);
}

TEST_CASE("archive supervisor: actors that are ended stop nobody") {
  auto reason = GENERATE(caf::exit_reason::user_shutdown, caf::exit_reason::kill);
  supervised f;
  caf::anon_send_exit(f.a, reason);
  caf::anon_send_exit(f.b, reason);
  f.run();
  CHECK(f.intake->gate() == intake_gate::open);
  CHECK(f.errors.empty());
}

TEST_CASE("archive supervisor: the actors of other tenants go on") {
  supervised f;
  intake_fixture other;
  std::shared_ptr<tenant_intake> intake{other.intake.get(), [](tenant_intake*) {}};
  auto third = f.idle();
  supervise(f.supervisor, intake, {third}, [](const error&) {});
  f.run();
  caf::anon_send(f.b, end_atom::value);
  f.run();
  CHECK(f.intake->gate() == intake_gate::stopped);
  CHECK(intake->gate() == intake_gate::open);
}

TEST_CASE("archive supervisor: an actor that several tenants need stops all of them") {
  supervised f;
  auto intake = std::make_shared<tenant_intake>(tenant_id{1002}, f.memory.budget,
                                                tenant_intake::limits{4'096, 1 << 20});
  intake->set_gate(intake_gate::open);
  supervise(f.supervisor, intake, {f.a}, [](const error&) {});
  f.run();
  caf::anon_send(f.a, end_atom::value);
  f.run();
  CHECK(f.intake->gate() == intake_gate::stopped);
  CHECK(intake->gate() == intake_gate::stopped);
  CHECK(f.errors.size() == 2);
}

TEST_CASE("archive supervisor: an actor that ends is no matter of a tenant that needs it no more") {
  supervised f;
  auto other = std::make_shared<tenant_intake>(tenant_id{1002}, f.memory.budget,
                                               tenant_intake::limits{4'096, 1 << 20});
  other->set_gate(intake_gate::open);
  supervise(f.supervisor, other, {f.a, f.b}, [](const error&) {});
  unsupervise(f.supervisor, f.intake->id());
  f.run();
  caf::anon_send(f.a, end_atom::value);
  f.run();
  CHECK(f.intake->gate() == intake_gate::open);
  CHECK(other->gate() == intake_gate::stopped);
  // Its next actors are watched again, and one it had before, too.
  supervise(f.supervisor, f.intake, {f.b, f.idle()}, [&](const error& why) { f.ends.push_back(why); });
  f.run();
  caf::anon_send(f.b, end_atom::value);
  f.run();
  CHECK(f.intake->gate() == intake_gate::stopped);
  CHECK(f.ends.size() == 1);
}

TEST_CASE("archive supervisor: it holds nothing of a tenant that is not supervised any more") {
  supervised f;
  auto gone = std::make_shared<tenant_intake>(tenant_id{1002}, f.memory.budget,
                                              tenant_intake::limits{4'096, 1 << 20});
  supervise(f.supervisor, gone, {f.a}, [](const error&) {});
  unsupervise(f.supervisor, gone->id());
  std::weak_ptr<tenant_intake> left = gone;
  gone.reset();
  f.run();
  CHECK(left.expired());
}
