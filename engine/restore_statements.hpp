#pragma once

#include "engine/archive_engine.hpp"
#include "engine/statement/statements.hpp"

/// The statements of a restore, STATEMENTS.md. They change neither an archive nor the catalog. What reads a
/// destination blocks; nothing of the engine is held meanwhile, and after close() the answer is `closed`.
namespace varve {

class archive_engine_impl;

/// With PREVIEW: looks at the restore and keeps what it needs for SHOW RESTORE PREVIEW; a refusal is kept,
/// too, so that an older preview is not taken for the answer. Errors: wrong_value (UNTIL), not_supported (AT
/// beside restore sources), invalid_argument (no such tenant), invalid_destination, those of
/// find_needed_pieces(). Without PREVIEW, and of tables: not_supported, with the command that does it.
result<sql_result> run_restore(archive_engine_impl& engine, const sql::restore& what);

/// Errors: file_not_exist (no archive lies there), foreign_destination, those of opening the destination.
result<sql_result> add_restore_source(archive_engine_impl& engine, const sql::add_restore_source& what);
result<sql_result> clear_restore_source(archive_engine_impl& engine);
result<sql_result> show_restore_preview(archive_engine_impl& engine);

} // namespace varve
