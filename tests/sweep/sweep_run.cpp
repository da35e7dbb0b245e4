#include "tests/sweep/sweep_run.hpp"

#include <algorithm>

namespace varve::test {
namespace {

constexpr std::uint64_t seed = 1;
constexpr duration_ns down_time = 2 * one_second;     // of a process that ended
constexpr duration_ns mending_time = 20 * one_second; // of a medium, or until somebody opens a catalog again
constexpr duration_ns patience = 10 * one_minute;     // of those who wait for the engine to do as told

} // namespace

std::string_view to_string(failure what) {
  switch (what) {
  case failure::fails:
    return "fails";
  case failure::loses_reply:
    return "loses_reply";
  case failure::dies:
    return "dies";
  case failure::killed:
    return "killed";
  case failure::power_failure:
    return "power_failure";
  case failure::write_fails:
    return "write_fails";
  case failure::killed_in_write:
    return "killed_in_write";
  case failure::power_failure_in_write:
    return "power_failure_in_write";
  case failure::read_fails:
    return "read_fails";
  }
  return "?";
}

/// Counting begins when the first engine stands, with its orders (what it was told so far waits for the first
/// log) or, where the story says so, without.
sweep_run::sweep_run(const sim_options& options, std::optional<failure_at> failure, bool print)
    : failure_(failure) {
  auto handles = [this](const std::shared_ptr<fault_medium>& medium, const std::string& writer) {
    auto made = std::make_shared<fault_destination>(medium, writer);
    if (cut_)
      made->cut_off();
    handles_.emplace(writer, made);
    return made;
  };
  world_.emplace(seed, handles, options);
  world_->set_printing(print);
  for (unsigned i = 0; i < options.destinations; ++i) {
    auto medium = world_->medium_of(world_->uri(i));
    medium->on_call([this, of = medium.get()](const fault_medium::call_info& call) { at_call(*of, call); });
  }
  watch(*world_->engines().back()->catalog());
  counting_ = true;
}

/// Nothing of the world comes back to what is destroyed already.
sweep_run::~sweep_run() {
  counting_ = false;
  world_.reset();
}

void sweep_run::at_call(fault_medium& medium, const fault_medium::call_info& call) {
  world_->note(call.writer + " " + fault_medium::name_of(call.kind) + " " + medium.name() + "/" + call.path);
  if (!counting_)
    return;
  auto number = calls_++;
  if (!failure_ || is_of_catalog(failure_->what) || failure_->number != number)
    return;
  happen();
  using moment = fault_medium::moment;
  switch (failure_->what) {
  case failure::fails:
    return medium.plan({.when = moment::before});
  case failure::loses_reply:
    return medium.plan({.when = moment::after});
  case failure::dies:
    medium.plan({.when = moment::before, .for_good = true});
    return world_->world().after(mending_time, [this, &medium] {
      world_->check();
      world_->note("mended");
      medium.clear_faults();
    });
  default:
    return end_processes(failure_->what == failure::power_failure, call.writer);
  }
}

void sweep_run::watch(crash_catalog& catalog) {
  catalog.on_write([this](crash_catalog& written) { at_write(written); });
  catalog.on_read([this] { return at_read(); });
}

bool sweep_run::at_read() {
  if (!counting_ || !asking_)
    return false;
  auto number = reads_++;
  if (!failure_ || failure_->what != failure::read_fails || failure_->number != number)
    return false;
  happen();
  return true;
}

void sweep_run::at_write(crash_catalog& catalog) {
  if (!counting_)
    return;
  auto number = writes_++;
  auto& engines = world_->engines();
  auto of = std::ranges::find_if(engines, [&](auto& each) { return each->catalog().get() == &catalog; });
  if (of == engines.end() || !failure_ || !is_of_catalog(failure_->what) ||
      failure_->what == failure::read_fails || failure_->number != number)
    return;
  happen();
  catalog.fail_after(0);
  if (failure_->what != failure::write_fails)
    return end_processes(failure_->what == failure::power_failure_in_write, (*of)->name());
  world_->world().after(mending_time, [this, name = (*of)->name()] { end_process(name); });
}

void sweep_run::happen() {
  happened_ = true;
  world_->note("here: " + std::string(to_string(failure_->what)) + " " + std::to_string(failure_->number));
  for (unsigned i = 0; i < failure_->luck; ++i)
    static_cast<void>(world_->world().draw(2));
}

/// Nobody can end a process in the middle of a call that it makes: its storage is cut off and it stands still
/// at once, and it ends before it does anything else. `writer`: of a power failure everybody.
void sweep_run::end_processes(bool power_failure, std::string writer) {
  cut_ = true;
  for (auto& [name, handle] : handles_)
    if (power_failure || name == writer)
      handle->cut_off();
  for (auto& each : world_->engines())
    if (power_failure || each->name() == writer)
      each->stand_still(one_day);
  world_->world().after(0, [this, power_failure, writer] {
    cut_ = false;
    if (!power_failure)
      return end_process(writer);
    world_->power_failure(failure_->what == failure::power_failure_in_write || failure_->luck % 2 == 1);
    world_->check(); // before hosts hand over again what may be gone
    reopen_later();
  });
}

void sweep_run::end_process(const std::string& name) {
  auto& engines = world_->engines();
  auto found = std::ranges::find(engines, name, [](auto& each) { return each->name(); });
  if (found == engines.end())
    return; // the script has ended it
  world_->kill(static_cast<std::size_t>(found - engines.begin()));
  world_->check();
  reopen_later();
}

void sweep_run::reopen_later() {
  world_->world().after(down_time, [this] {
    if (counting_ && world_->engines().empty())
      world_->restart();
  });
}

void sweep_run::go_on(duration_ns time) {
  for (auto end = world_->world().now() + time; world_->world().now() < end;) {
    auto before = world_->world().now();
    world_->run_for(std::min(one_second, end - before));
    if (world_->world().now() == before)
      throw broken_claim("nothing happens any more");
    for (auto& each : world_->engines())
      each->publish();
  }
}

void sweep_run::until(const std::function<bool()>& so, const std::function<void()>& ask, const char* what) {
  for (auto bound = world_->world().now() + patience; !so(); go_on(one_second)) {
    if (world_->world().now() > bound)
      throw broken_claim(std::string("the engine does not go on: ") + what + "\n  " +
                         engine().standing(tenant));
    ask();
  }
}

sim_engine& sweep_run::engine() {
  for (auto bound = world_->world().now() + patience; world_->engines().empty(); go_on(one_second))
    if (world_->world().now() > bound)
      throw broken_claim("nobody opens the engine again");
  return *world_->engines().back();
}

errc sweep_run::ask_once(const std::string& statement) {
  if (statement == "ALTER SYSTEM NOARCHIVELOG")
    world_->befell(tenant).stopped = true;
  return ask(statement, [&](sim_engine& of) {
    auto answer = of.door().execute(statement);
    return answer.ok() ? varve::status{} : varve::status{answer.error()};
  });
}

errc sweep_run::ask(const std::string& what, const std::function<varve::status(sim_engine&)>& of) {
  auto& asked = engine();
  auto life = asked.life();
  world_->note(asked.name() + "> " + what);
  sim_engine::call asking{asked};
  asking_ = true;
  auto answer = of(asked);
  asking_ = false;
  if (!*life)
    return errc::closed;
  if (!answer.ok())
    world_->note(asked.name() + ": " + answer.error().to_string());
  switch (answer.code()) {
  case errc::ok:
  case errc::not_supported:
  case errc::already_no_archive:
  case errc::in_progress:
  case errc::try_again:
  case errc::closed:
    return answer.code();
  case errc::io_error:
  case errc::invalid_destination:
    if (happened_ && !is_of_catalog(failure_->what))
      return answer.code();
    break;
  case errc::catalog_error:
    if (asked.catalog()->failed())
      return answer.code();
    break;
  default:
    break;
  }
  throw broken_claim(what + " answers " + answer.error().to_string());
}

void sweep_run::type(const std::string& statement) {
  auto answer = errc::try_again;
  until([&] { return answer == errc::ok; }, [&] { answer = ask_once(statement); }, statement.c_str());
}

std::optional<round_status> sweep_run::status() {
  auto row = engine().row(tenant);
  return row ? std::optional{row->round.status} : std::nullopt;
}

void sweep_run::stop_round() {
  until([this] { return status() == round_status::stop; },
        [this] {
          if (status() != round_status::stopping)
            ask_once("ALTER SYSTEM NOARCHIVELOG");
        },
        "NOARCHIVELOG");
}

void sweep_run::begin_round() {
  until([this] { return status() == round_status::doing; },
        [this] {
          if (status() == round_status::interrupted)
            ask_once("ALTER SYSTEM NOARCHIVELOG");
          if (status() != round_status::beginning)
            ask_once("ALTER SYSTEM ARCHIVELOG");
        },
        "ARCHIVELOG");
}

/// Once it has been said; an engine that starts after that is not told of the tenant, and still knows it.
void sweep_run::drop_tenant() {
  world_->set_gone(tenant, true);
  world_->befell(tenant).stopped = true;
  until([this] { return !engine().knows(tenant); },
        [this] { ask("drop_tenant", [](sim_engine& of) { return of.drop(tenant); }); }, "drop_tenant");
}

void sweep_run::register_tenant() {
  until([this] { return engine().knows(tenant); },
        [this] { ask("register_tenant", [](sim_engine& of) { return of.register_again(tenant); }); },
        "register_tenant");
  world_->set_gone(tenant, false);
}

void sweep_run::until_archived() {
  auto now = world_->log().now();
  auto so = [&] {
    auto row = engine().row(tenant);
    return row && row->round.status == round_status::doing && row->round.checkpoint_scn >= now;
  };
  auto mend = [this] {
    if (status() == round_status::interrupted)
      begin_round();
  };
  until(so, mend, "what was written is not archived");
}

void sweep_run::close_and_reopen() {
  auto& closing = engine();
  auto name = closing.name();
  world_->note(name + " is closed");
  closing.close();
  end_process(name);
  reopen();
}

void sweep_run::kill() {
  end_process(engine().name());
}

void sweep_run::reopen() {
  if (world_->engines().empty())
    world_->restart();
  watch(*engine().catalog()); // it may be a rebuilt one
}

void sweep_run::end() {
  counting_ = false;
  world_->run_until_all_is_committed();
}

} // namespace varve::test
