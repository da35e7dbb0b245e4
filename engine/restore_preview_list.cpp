#include "engine/restore_preview_list.hpp"

#include "catalog/views/cell_text.hpp"

namespace varve {
namespace {

sql_result empty_table() {
  sql_result made;
  made.columns = {"BACKUP_TYPE", "BACKUP_ID", "COPY_ID", "BACKUP_DEST", "FILE_STATUS", "TENANT_ID",
                  "ROUND_ID",    "START_TS",  "MAX_TS",  "STATUS",      "OUTPUT_BYTES"};
  return made;
}

} // namespace

std::string describe(const asked_restore& x) {
  return "tenant " + to_string(x.tenant) + " from " + x.destination +
         (x.until ? " until " + format_time(*x.until) : " to its end");
}

sql_result list_restore_preview(const asked_restore& asked, const needed_pieces& found, unix_ns looked_at) {
  auto made = empty_table();
  for (auto& x : found.pieces)
    // A piece that is not whole is no row: the preview was refused for it.
    made.rows.push_back({"BACKUP_PIECE", to_string(x.piece.piece.piece), "0", asked.destination,
                         std::string(to_string(file_status::available)), to_string(asked.tenant),
                         to_string(x.piece.piece.round), time_text(x.piece.bounds.start_scn),
                         time_text(x.piece.bounds.end_scn), std::string(to_string(x.piece.status)),
                         std::to_string(x.counts.output_bytes)});
  made.message = describe(asked) + ": this restore works, as of " + format_time(looked_at);
  return made;
}

sql_result no_restore_preview(std::string_view why) {
  auto made = empty_table();
  made.message = "there is no restore preview: " + std::string(why) +
                 "; ALTER SYSTEM RESTORE … FROM … UNTIL '…' PREVIEW makes one";
  return made;
}

} // namespace varve
