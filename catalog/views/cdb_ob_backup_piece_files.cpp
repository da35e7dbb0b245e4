#include "catalog/views/cdb_ob_backup_piece_files.hpp"

#include "catalog/views/cell_text.hpp"

#include <array>

namespace varve {
namespace {

constexpr std::array<view_column, 16> columns{{
    {"INCARNATION", "bigint(20)"},
    {"TENANT_ID", "bigint(20)"},
    {"ROUND_ID", "bigint(20)"},
    {"BACKUP_PIECE_ID", "bigint(20)"},
    {"COPY_ID", "bigint(20)"},
    {"CREATE_DATE", "bigint(20)"},
    {"START_TS", "varchar(26)"},
    {"CHECKPOINT_TS", "varchar(26)"},
    {"MAX_TS", "varchar(26)"},
    {"STATUS", "varchar(64)"},
    {"FILE_STATUS", "varchar(64)"},
    {"COMPATIBLE", "bigint(20)"},
    {"START_PIECE_ID", "bigint(20)"},
    {"INPUT_BYTES", "bigint(20)"},
    {"OUTPUT_BYTES", "bigint(20)"},
    {"DESTINATION", "varchar(2048)"},
}};

result<std::vector<view_row>> rows(const view_input& input) {
  VARVE_TRY_ASSIGN(auto pieces, input.catalog->pieces());
  std::vector<view_row> found;
  found.reserve(pieces.size());
  for (auto& x : pieces)
    found.push_back({
        std::int64_t{1},
        number_cell(x.tenant),
        number_cell(x.piece.round),
        number_cell(x.piece.piece),
        number_cell(x.copy),
        number_cell(format_date(x.created_at)),
        time_text(x.bounds.start_scn),
        time_text(x.checkpoint_scn),
        time_text(x.bounds.end_scn),
        std::string(to_string(x.status)),
        std::string(to_string(x.file_status)),
        std::int64_t{1},
        number_cell(x.start_piece),
        number_cell(x.counts.input_bytes),
        number_cell(x.counts.output_bytes),
        std::move(x.destination),
    });
  return found;
}

} // namespace

// Ready before any code runs: other files' initializers may ask for it.
constinit const view cdb_ob_backup_piece_files{"CDB_OB_BACKUP_PIECE_FILES", columns, rows};

} // namespace varve
