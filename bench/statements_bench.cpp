#include "bench/statements_bench.hpp"

#include "bench/measure.hpp"
#include "bench/piece_corpus.hpp"
#include "bench/select_timing.hpp"
#include "bench/work_area.hpp"
#include "engine/statement/parser.hpp"

#include <array>
#include <memory>

namespace varve::bench {
namespace {

constexpr std::array<std::string_view, 54> mix{
    "ALTER SYSTEM SET backup_dest = 'file:///data/nfs/backup'",
    "ALTER SYSTEM SET backup_dest = 'file:///data/nfs/shop' TENANT = shop",
    "ALTER SYSTEM SET backup_dest_option = "
    "'log_archive_checkpoint_interval=60s&log_archive_piece_switch_interval=1d'",
    "ALTER SYSTEM SET backup_log_archive_option = 'mandatory compression= enable'",
    "alter system set log_archive_checkpoint_interval = 120s",
    "ALTER SYSTEM ARCHIVELOG",
    "ALTER SYSTEM ARCHIVELOG TENANT_ID = 1001",
    "alter /* in between */ system noarchivelog",
    "ALTER SYSTEM NOARCHIVELOG TENANT_NAME = 'a shop'",
    "ALTER SYSTEM START BACKUP ARCHIVELOG",
    "ALTER SYSTEM STOP BACKUP ARCHIVELOG",
    "ALTER SYSTEM BACKUP BACKUPPIECE 1 backup_backup_dest = 'file:///data/nfs/backup_backup'",
    "ALTER SYSTEM BACKUP BACKUPPIECE = 1",
    "ALTER SYSTEM BACKUP BACKUPPIECE ALL",
    "ALTER SYSTEM BACKUP BACKUPPIECE ALL WITH ACTIVE TENANT = shop backup_backup_dest = "
    "'file:///data/nfs/shop'",
    "ALTER SYSTEM BACKUP BACKUPPIECE ALL NOT BACKED UP 2 TIMES backup_backup_dest = 'file:///data/nfs/third'",
    "ALTER SYSTEM BACKUP BACKUPSET 3",
    "ALTER SYSTEM BACKUP BACKUPSET ALL backup_backup_dest = 'file:///data/nfs/backup_backup'",
    "ALTER SYSTEM BACKUP DATABASE",
    "ALTER SYSTEM BACKUP INCREMENTAL DATABASE",
    "ALTER SYSTEM BACKUP TENANT shop, bank TO 'file:///data/nfs/two'",
    "ALTER SYSTEM CANCEL BACKUP",
    "ALTER SYSTEM CANCEL BACKUP BACKUPPIECE",
    "ALTER SYSTEM CANCEL BACKUP BACKUPSET",
    "ALTER SYSTEM CANCEL ALL BACKUP FORCE",
    "ALTER SYSTEM CANCEL DELETE BACKUP",
    "ALTER SYSTEM CANCEL VALIDATE 2 COPY 1",
    "ALTER SYSTEM DELETE BACKUPPIECE 1",
    "ALTER SYSTEM DELETE BACKUPROUND 2 COPY 1",
    "ALTER SYSTEM DELETE BACKUPSET 3 TENANT = shop",
    "ALTER SYSTEM DELETE OBSOLETE BACKUP",
    "ALTER SYSTEM DELETE EXPIRED BACKUP COPY 1",
    "ALTER SYSTEM VALIDATE DATABASE",
    "ALTER SYSTEM VALIDATE BACKUPSET 1 COPY 2",
    "ALTER SYSTEM VALIDATE BACKUPPIECE 7 TENANT = shop",
    "ALTER SYSTEM VALIDATE BACKUPROUND 4",
    "ALTER SYSTEM SUSPEND BACKUP",
    "ALTER SYSTEM RESUME BACKUP",
    "ALTER SYSTEM RESTORE shop2 FROM shop AT 'file:///data/nfs/backup' UNTIL '2021-04-30 11:33:41' "
    "WITH 'pool_list=p1'",
    "ALTER SYSTEM RESTORE shop2 FROM shop UNTIL '2021-04-30 11:33:41' PREVIEW",
    "ALTER SYSTEM RESTORE db.orders, db.items FOR shop2 FROM shop",
    "ALTER SYSTEM ADD RESTORE SOURCE 'file:///data/nfs/backup/piece'",
    "ALTER SYSTEM CLEAR RESTORE SOURCE",
    "SHOW RESTORE PREVIEW",
    "SHOW PARAMETERS LIKE 'backup%'",
    "SHOW PARAMETERS",
    "SELECT * FROM CDB_OB_BACKUP_ARCHIVELOG",
    "SELECT tenant_id, status, max_next_time FROM oceanbase.cdb_ob_backup_archivelog WHERE comment <> '' -- "
    "why\n"
    "ORDER BY 1",
    "SELECT status, COUNT(*), SUM(output_bytes) FROM CDB_OB_BACKUP_PIECE_FILES GROUP BY status",
    "SELECT * FROM VARVE_LAG_HISTORY WHERE tenant_id = 1001 ORDER BY committed_at DESC LIMIT 10",
    "SELECT * FROM VARVE_BREAKS",
    "SELECT * FROM CDB_OB_BACKUP_ARCHIVELOG_SUMMARY",
    "SELECT * FROM CDB_OB_BACKUP_ARCHIVELOG_PROGRESS",
    "WITH t AS (SELECT 1 AS n) SELECT n FROM t",
};

constexpr std::size_t statements_per_text = 10'000;
constexpr std::size_t looks_per_clock = 10; // a clock is read after so many rounds of the mix

struct parsing {
  std::uint64_t statements = 0, bytes = 0;
  double seconds = 0;
  double per_second() const { return static_cast<double>(statements) / seconds; }
};

/// Reads texts round and round until the time is up.
result<parsing> parse_for(double seconds, std::span<const std::string_view> texts, std::size_t rounds) {
  parsing done;
  auto begin = steady_seconds();
  do {
    for (std::size_t i = 0; i < rounds; ++i)
      for (auto text : texts) {
        VARVE_TRY_ASSIGN(auto read, parse_statements(text));
        done.statements += read.statements.size();
        done.bytes += text.size();
      }
    done.seconds = steady_seconds() - begin;
  } while (done.seconds < seconds);
  return done;
}

/// Several tenants with their pieces, written and opened again, so that rows come from files as after a
/// restart.
result<std::unique_ptr<catalog>> make_catalog(const std::string& directory, std::uint64_t rows) {
  constexpr std::uint64_t rows_per_tenant = 1000;
  {
    VARVE_TRY_ASSIGN(auto made, open_rocksdb_catalog(directory, catalog_mode::read_write));
    for (std::uint64_t at = 0; at < rows; at += rows_per_tenant) {
      auto number = 1001 + at / rows_per_tenant;
      auto pieces = std::min(rows_per_tenant, rows - at);
      VARVE_TRY(fill_catalog(*made, {tenant_id{number}, "t" + std::to_string(number), pieces,
                                     std::min<std::uint64_t>(9, pieces - 1)}));
    }
  }
  return open_rocksdb_catalog(directory, catalog_mode::read_write);
}

/// The records alone, read and decoded: what any answer about them takes.
result<double> time_records(const catalog& from, unsigned runs) {
  std::vector<double> seconds;
  for (unsigned run = 0; run < runs; ++run) {
    auto begin = steady_seconds();
    VARVE_TRY(from.snapshot()->pieces());
    seconds.push_back(steady_seconds() - begin);
  }
  return median(seconds);
}

} // namespace

std::span<const std::string_view> statement_mix() {
  return mix;
}

result<report> run_statements_bench(const statements_bench_options& options, const tell_function& tell) {
  VARVE_TRY_ASSIGN(auto parent, directory_of(options.destination));
  VARVE_TRY_ASSIGN(auto area, work_area::make(parent));
  report told("statements");
  told.fact("mix", std::to_string(mix.size()) + " statements of all forms");
  told.fact("medium", area.medium());

  tell("reading statements one by one");
  VARVE_TRY_ASSIGN(auto single, parse_for(options.seconds, mix, looks_per_clock));
  tell("reading them as long texts");
  std::string long_text;
  for (std::size_t i = 0; i < statements_per_text; ++i)
    long_text.append(mix[i % mix.size()]).append(";\n");
  const std::array<std::string_view, 1> texts{long_text};
  VARVE_TRY_ASSIGN(auto together, parse_for(options.seconds, texts, 1));

  tell("filling a catalog with " + std::to_string(options.rows) + " pieces");
  VARVE_TRY_ASSIGN(auto where, make_catalog(area.path() + "/catalog", options.rows));
  tell("selecting");
  VARVE_TRY_ASSIGN(auto records, time_records(*where, options.runs));
  VARVE_TRY_ASSIGN(auto all, time_select(*where, "SELECT * FROM CDB_OB_BACKUP_PIECE_FILES", options.runs));
  VARVE_TRY_ASSIGN(auto grouped,
                   time_select(*where,
                               "SELECT tenant_id, status, COUNT(*), SUM(output_bytes), "
                               "MAX(checkpoint_ts) FROM CDB_OB_BACKUP_PIECE_FILES WHERE "
                               "input_bytes > 300000000 GROUP BY tenant_id, status ORDER BY 4 DESC",
                               options.runs));

  told.figure("statements_per_second", single.per_second(),
              show_number(single.per_second(), 0) + ", each read by itself");
  told.figure("together_per_second", together.per_second(),
              show_number(together.per_second(), 0) + ", " + std::to_string(statements_per_text) +
                  " in a text");
  told.figure("mean_statement_bytes",
              static_cast<double>(single.bytes) / static_cast<double>(single.statements),
              show_number(static_cast<double>(single.bytes) / static_cast<double>(single.statements), 0));
  auto show_ms = [](double seconds) { return show_number(seconds * 1e3, 2) + " ms"; };
  told.figure("records_seconds", records,
              show_ms(records) + " to read and decode the records of " + std::to_string(options.rows) +
                  " pieces");
  told.figure("select_all_seconds", all.seconds,
              show_ms(all.seconds) + " for SELECT *, " + std::to_string(all.rows) + " rows");
  told.figure("select_all_rows", all.rows, std::to_string(all.rows));
  told.figure("select_grouped_seconds", grouped.seconds,
              show_ms(grouped.seconds) + " for WHERE, GROUP BY and ORDER BY, " +
                  std::to_string(grouped.rows) + " rows");
  told.figure("select_grouped_rows", grouped.rows, std::to_string(grouped.rows));
  auto slower = std::max(all.seconds, grouped.seconds);
  told.goal("statements read a second > " + show_number(options.parse_goal, 0), single.per_second(),
            single.per_second() > options.parse_goal, show_number(single.per_second(), 0));
  told.goal("a SELECT over " + std::to_string(options.rows) + " rows < " + show_ms(options.select_goal),
            slower, slower < options.select_goal, show_ms(slower));
  return told;
}

} // namespace varve::bench
