#include "tests/sim/sim_dba.hpp"

#include "tests/sim/sim_engine.hpp"

#include <array>

namespace varve::test {
namespace {

const std::string archivelog = "ALTER SYSTEM ARCHIVELOG", noarchivelog = "ALTER SYSTEM NOARCHIVELOG";

constexpr std::array views{"CDB_OB_BACKUP_ARCHIVELOG",
                           "CDB_OB_BACKUP_ARCHIVELOG_SUMMARY",
                           "CDB_OB_BACKUP_PIECE_FILES",
                           "VARVE_BREAKS",
                           "VARVE_LAG_HISTORY",
                           "VARVE_RESTORABLE_WINDOWS",
                           "VARVE_ALARMS",
                           "CDB_OB_BACKUP_ARCHIVELOG_PROGRESS"};

/// What a statement may answer where storage fails and tenants are in any state.
bool may_answer(errc code, sim_engine& engine) {
  switch (code) {
  case errc::ok:
  case errc::not_supported:      // not in this state
  case errc::already_no_archive: // nor this
  case errc::in_progress:
  case errc::try_again: // an order was not answered in time
  case errc::closed:
    return true;
  case errc::invalid_argument: // the tenant was dropped
    return engine.world().counts().drops > 0;
  case errc::io_error: // SET backup_dest tries the destination
  case errc::no_space:
  case errc::invalid_destination:
    return engine.world().faults_on();
  case errc::catalog_error:
    return engine.catalog()->failed();
  default:
    return false;
  }
}

} // namespace

std::string sim_dba::dest_option() {
  auto option = engine_.world().options().option;
  auto& draw = engine_.world().world();
  if (engine_.world().faults_on() && draw.chance(500))
    option.checkpoint_interval = draw.draw(5, 60) * one_second;
  if (engine_.world().faults_on() && draw.chance(500))
    option.piece_switch_interval = draw.chance(300) ? 0 : draw.draw(10, 90) * one_second;
  auto text =
      "log_archive_checkpoint_interval=" + std::to_string(option.checkpoint_interval / one_second) + "s";
  if (option.piece_switch_interval != 0)
    text +=
        "&log_archive_piece_switch_interval=" + std::to_string(option.piece_switch_interval / one_second) +
        "s";
  return text;
}

std::string sim_dba::archive_option() {
  auto how = engine_.world().options().how;
  auto& draw = engine_.world().world();
  if (engine_.world().faults_on() && draw.chance(300))
    how.mode = how.mode == archive_mode::mandatory ? archive_mode::optional : archive_mode::mandatory;
  if (engine_.world().faults_on() && draw.chance(500))
    how.codec = static_cast<codec>(draw.draw(3));
  std::string text = how.mode == archive_mode::mandatory ? "MANDATORY" : "OPTIONAL";
  static constexpr std::array codecs{"COMPRESSION=DISABLE", "COMPRESSION=LZ4_1.0", "COMPRESSION=ZSTD_1.3.8"};
  auto which = codecs.at(static_cast<std::size_t>(how.codec));
  if (how.mode == archive_mode::mandatory && how.codec == codec::none)
    return text + " COMPRESSION=LZ4_1.0"; // the other is refused
  return text + " " + which;
}

errc sim_dba::type(const std::string& statement, bool must) {
  auto& world = engine_.world();
  auto life = engine_.life();
  auto who = engine_.name();
  world.note(who + "> " + statement);
  ++world.counts().statements;
  if (statement.starts_with(noarchivelog))
    for (auto tenant : named_in(statement))
      world.befell(tenant).stopped = true;
  if (auto at = statement.find(archivelog); at != std::string::npos)
    for (auto tenant : named_in(statement.substr(at)))
      if (auto* host = engine_.host(tenant))
        host->takes_back();
  sim_engine::call typing{engine_};
  auto answer = engine_.door().execute(statement);
  if (!*life)
    return errc::closed;
  auto code = answer.code();
  if (code == errc::try_again)
    ++world.counts().given_up;
  if (!answer.ok())
    world.note(who + ": " + answer.error().to_string());
  if (answer.ok() && statement.starts_with(noarchivelog))
    check_stopped(statement);
  if (must ? code != errc::ok : !may_answer(code, engine_))
    world.broken(who + ": " + statement + " answers " + answer.error().to_string());
  return code;
}

/// Whom an ARCHIVELOG or NOARCHIVELOG is for.
std::vector<tenant_id> sim_dba::named_in(const std::string& statement) const {
  auto all = engine_.world().tenants();
  if (statement != noarchivelog && statement != archivelog)
    std::erase_if(all, [&](auto tenant) { return !statement.ends_with("= " + to_string(tenant)); });
  return all;
}

/// Once NOARCHIVELOG is answered, whom it names is STOP, and nothing of it is taken.
void sim_dba::check_stopped(const std::string& statement) {
  for (auto tenant : named_in(statement)) {
    auto row = engine_.row(tenant);
    bool stopped = !row || row->round.status == round_status::stop;
    if (!stopped || !engine_.needs_dba(tenant))
      engine_.world().broken(engine_.standing(tenant) + ": " + statement +
                             " was answered, and it is not STOP");
    if (auto* host = engine_.host(tenant))
      host->round_ended();
  }
}

void sim_dba::set_up() {
  auto& world = engine_.world();
  std::string all = "ALTER SYSTEM SET backup_dest = '" + world.uri(0) + "'; ";
  all += "ALTER SYSTEM SET backup_dest_option = '" + dest_option() + "'; ";
  all += "ALTER SYSTEM SET backup_log_archive_option = '" + archive_option() + "'";
  for (auto tenant : world.tenants())
    if (auto uri = world.home_of(tenant); uri != world.uri(0))
      all += "; ALTER SYSTEM SET backup_dest = '" + uri + "' TENANT_ID = " + to_string(tenant);
  type(all + "; ALTER SYSTEM ARCHIVELOG", true);
}

/// Who was told to try again gives the next order at once.
void sim_dba::turn_later(errc last) {
  auto pause = engine_.world().options().dba_pause;
  if (pause == 0)
    return;
  auto& draw = engine_.world().world();
  auto wait = last == errc::try_again ? draw.draw(one_second) : draw.draw(pause / 2, pause * 3 / 2);
  draw.after(wait, [this, last, life = engine_.life()] {
    if (!*life)
      return;
    auto answer = errc::ok;
    if (!engine_.in_call() && !engine_.stands_still() && engine_.world().faults_on() &&
        engine_.world().may_nest())
      answer = turn(last);
    if (*life)
      turn_later(answer);
  });
}

errc sim_dba::turn(errc last) {
  auto& world = engine_.world();
  bool hasty = world.world().chance(world.options().hasty);
  auto statement = draw_statement(hasty || last == errc::try_again);
  if (hasty)
    engine_.give_up_sooner(1U << world.world().draw(8, 20));
  auto code = type(statement);
  if (code == errc::closed)
    return code;
  engine_.give_up_sooner(1);
  if (statement.starts_with("S") && code != errc::ok && code != errc::catalog_error)
    world.broken(engine_.name() + ": " + statement + " fails");
  return code;
}

std::string sim_dba::draw_statement(bool an_order) {
  auto& world = engine_.world();
  auto& draw = world.world();
  auto tenants = world.tenants();
  auto one = " TENANT_ID = " + to_string(tenants[draw.draw(tenants.size())]);
  auto whose = draw.chance(600) ? one : std::string{};
  bool stops = world.options().dba_stops_rounds;
  switch (draw.draw(an_order && stops ? 5 : 0, stops ? 9 : 4)) {
  case 0:
  case 1:
    return std::string("SELECT * FROM ") + views.at(draw.draw(views.size()));
  case 2:
    return "ALTER SYSTEM SET backup_dest_option = '" + dest_option() + "'" + whose;
  case 3:
    return "ALTER SYSTEM SET backup_log_archive_option = '" + archive_option() + "'" + whose;
  case 4:
    return "SHOW PARAMETERS LIKE 'backup%'";
  case 5:
  case 6:
    return noarchivelog + whose;
  case 7:
    return "ALTER SYSTEM SET backup_dest = '" + world.uri(draw.draw(world.options().destinations)) + "'" +
           one;
  default:
    return "ALTER SYSTEM ARCHIVELOG" + whose;
  }
}

void sim_dba::settle() {
  auto life = engine_.life();
  auto interval = "log_archive_checkpoint_interval=" +
                  std::to_string(engine_.world().options().option.checkpoint_interval / one_second) + "s";
  for (auto tenant : engine_.world().tenants())
    // One of them, as long as a round is in force that has pieces, or has none.
    for (auto pieces : {"", "&log_archive_piece_switch_interval=60s"}) {
      auto code = type("ALTER SYSTEM SET backup_dest_option = '" + interval + pieces +
                       "' TENANT_ID = " + to_string(tenant));
      if (!*life || code == errc::ok)
        break;
    }
}

void sim_dba::mend() {
  auto life = engine_.life();
  for (auto tenant : engine_.world().tenants()) {
    if (!engine_.needs_dba(tenant))
      silent_since_.erase(tenant);
    if (engine_.in_call() || !engine_.needs_dba(tenant) || engine_.world().is_gone(tenant))
      continue;
    auto row = engine_.row(tenant);
    bool broken =
        row && row->round.status == round_status::interrupted; // told of in an earlier life, perhaps
    auto& of = engine_.world().befell(tenant);
    bool told = broken || of.stopped || of.fenced || of.broke;
    if (!told && engine_.world().counts().lost_directories == 0) {
      auto now = engine_.world().world().now();
      if (now - silent_since_.try_emplace(tenant, now).first->second < one_minute)
        continue; // the catalog writes it before it is told
      return engine_.world().broken(engine_.standing(tenant) + ": archives no more, and nobody said so");
    }
    auto whose = " TENANT_ID = " + to_string(tenant);
    if (broken)
      type(noarchivelog + whose);
    if (!*life)
      return;
    type("ALTER SYSTEM ARCHIVELOG" + whose);
    if (!*life)
      return;
    ++engine_.world().counts().mended;
  }
}

} // namespace varve::test
