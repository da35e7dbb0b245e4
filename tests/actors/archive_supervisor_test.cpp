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
  std::vector<error> errors;
  caf::actor supervisor = spawn_supervisor(system(), [this](const error& why) { errors.push_back(why); });
  caf::actor a = idle(), b = idle();

  caf::actor idle() {
    return system().spawn([](caf::event_based_actor* self) -> caf::behavior {
      return {[self](end_atom) { self->quit(caf::make_error(caf::sec::runtime_error, "a bug")); }};
    });
  }
  ~supervised() { process.kill(); }
  supervised() {
    supervise(supervisor, intake, {a, b});
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
}

TEST_CASE("archive supervisor: actors that are ended stop nobody") {
  supervised f;
  caf::anon_send_exit(f.a, caf::exit_reason::user_shutdown);
  caf::anon_send_exit(f.b, caf::exit_reason::user_shutdown);
  f.run();
  CHECK(f.intake->gate() == intake_gate::open);
  CHECK(f.errors.empty());
}

TEST_CASE("archive supervisor: the actors of other tenants go on") {
  supervised f;
  intake_fixture other;
  std::shared_ptr<tenant_intake> intake{other.intake.get(), [](tenant_intake*) {}};
  auto third = f.idle();
  supervise(f.supervisor, intake, {third});
  f.run();
  caf::anon_send(f.b, end_atom::value);
  f.run();
  CHECK(f.intake->gate() == intake_gate::stopped);
  CHECK(intake->gate() == intake_gate::open);
}
