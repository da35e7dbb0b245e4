#include "engine/shell/demo_host.hpp"

#include "engine/shell/demo_load.hpp"
#include "engine/shell/exit_codes.hpp"
#include "engine/shell/wal_source.hpp"

#include <rocksdb/options.h>

#include <chrono>
#include <future>
#include <iostream>
#include <sstream>

namespace varve::shell {
namespace {

using namespace std::chrono_literals;

// A line to the parent; false: the parent is gone.
template <class... Words>
bool tell(const Words&... words) {
  std::ostringstream line;
  (line << ... << words);
  std::cout << line.str() << std::endl;
  return static_cast<bool>(std::cout);
}

result<std::unique_ptr<rocksdb::DB>> open_database(const std::string& path) {
  rocksdb::Options options;
  options.create_if_missing = true;
  options.write_buffer_size = 8 << 20; // several WAL files within the demo
  options.WAL_ttl_seconds = 24 * 3600; // a flushed WAL stays until it is surely archived
  options.info_log_level = rocksdb::WARN_LEVEL;
  options.stats_dump_period_sec = 0;
  rocksdb::DB* opened = nullptr;
  if (auto status = rocksdb::DB::Open(options, path, &opened); !status.ok())
    return fail(errc::io_error, "opening the database '" + path + "' failed: " + status.ToString());
  return std::unique_ptr<rocksdb::DB>(opened);
}

status begin_archiving(archive_engine& engine, const std::string& destination) {
  for (const auto& statement :
       {"ALTER SYSTEM SET backup_dest = '" + destination + "'",
        std::string("ALTER SYSTEM SET backup_dest_option = 'log_archive_checkpoint_interval=5s'"),
        std::string("ALTER SYSTEM ARCHIVELOG")}) {
    tell("say ", statement, ";");
    VARVE_TRY(engine.execute(statement));
  }
  return {};
}

// Everything written so far is in the archive, and a checkpoint says that nothing older is to come.
status finish_archiving(archive_engine& engine, log_stream& stream, rocksdb::DB& db, commit_clock& clock) {
  auto end = lsn{db.GetLatestSequenceNumber()} + 1;
  while (stream.archived_position().next_lsn < end) {
    VARVE_TRY(stream.flush().get().outcome);
    std::this_thread::sleep_for(5ms); // the engine has yet to read the end of the WAL
  }
  VARVE_TRY(engine.advance(tenant_id{demo_tenant}, clock.settled()));
  VARVE_TRY(engine.flush(tenant_id{demo_tenant}).get().outcome);
  return {};
}

status live(const demo_host_options& options) {
  VARVE_TRY_ASSIGN(auto db, open_database(options.directory + "/db"));
  commit_clock clock;
  VARVE_TRY_ASSIGN(auto load, demo_load::open(*db, clock, options.directory + "/journal", options.seed));
  if (options.life > 1)
    tell("say the database recovered its own WAL: of the writes without an answer ", load->found(),
         " survived, ", load->lost(), " did not");

  archive_options archive;
  archive.data_directory = options.directory + "/varve";
  VARVE_TRY_ASSIGN(auto engine, archive_engine::open(archive));
  if (options.life == 1)
    VARVE_TRY(begin_archiving(*engine, options.destination));
  VARVE_TRY(engine->register_tenant(tenant_id{demo_tenant}, "shop"));

  std::promise<log_stream*> opened;
  auto handle = opened.get_future().share();
  wal_source source(*db, clock, [handle] { return handle.get()->resume_lsn(); });
  VARVE_TRY_ASSIGN(auto stream, engine->open_stream(tenant_id{demo_tenant}, stream_id{demo_stream},
                                                    {.start_lsn = {}, .source = &source}));
  auto resume = stream->resume_lsn();
  clock.raise(resume.last_scn);
  opened.set_value(stream.get());
  if (options.life > 1)
    tell("say the catalog remembers LSN ", resume.next_lsn, ", the database's log ends at ",
         db->GetLatestSequenceNumber() + 1, "; the newest commit decides what is missing");

  load->start(demo_writers);
  auto begin = std::chrono::steady_clock::now();
  auto since = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  };
  bool parent_listens = true, marked = false;
  // In its first life it writes until it is killed; a minute without that means nobody will.
  while (parent_listens && load->outcome().ok() && since() < (options.life == 1 ? 60 : options.seconds)) {
    std::this_thread::sleep_for(20ms);
    if (!marked && since() > options.seconds / 2) {
      marked = true;
      tell("point ", load->mark());
    }
    if (auto flushed = stream->flush().get_for(200ms); flushed)
      VARVE_TRY(flushed->outcome);
    parent_listens = tell("at ", load->acknowledged(), ' ', stream->archived_position().next_lsn);
  }
  load->stop();
  VARVE_TRY(load->outcome());
  VARVE_TRY(finish_archiving(*engine, *stream, *db, clock));
  tell("at ", load->acknowledged(), ' ', stream->archived_position().next_lsn);
  tell("say all log up to LSN ", stream->archived_position().next_lsn, " is in the archive");
  stream.reset();
  return engine->close();
}

} // namespace

int run_demo_host(const demo_host_options& options) {
  auto outcome = live(options);
  return outcome.ok() ? exit_ok : report(outcome.error());
}

} // namespace varve::shell
