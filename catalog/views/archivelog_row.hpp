#pragma once

#include "catalog/views/view.hpp"

#include <array>

/// The rows of the ARCHIVELOG views: what they have in common.
namespace varve {

/// Columns of OceanBase first, then ours: COMMENT, LIMITING_STREAM, COMMIT_SEQ, DESTINATION.
inline constexpr std::array<view_column, 17> archivelog_columns{{
    {"INCARNATION", "bigint(20)"},
    {"LOG_ARCHIVE_ROUND", "bigint(20)"},
    {"TENANT_ID", "bigint(20)"},
    {"STATUS", "varchar(64)"},
    {"START_PIECE_ID", "bigint(20)"},
    {"BACKUP_PIECE_ID", "bigint(20)"},
    {"MIN_FIRST_TIME", "varchar(26)"},
    {"MAX_NEXT_TIME", "varchar(26)"},
    {"INPUT_BYTES", "bigint(20)"},
    {"OUTPUT_BYTES", "bigint(20)"},
    {"COMPRESSION_RATIO", "decimal(23,2)"},
    {"INPUT_BYTES_DISPLAY", "varchar(27)"},
    {"OUTPUT_BYTES_DISPLAY", "varchar(27)"},
    {"COMMENT", "varchar(4096)"},
    {"LIMITING_STREAM", "bigint(20)"},
    {"COMMIT_SEQ", "bigint(20)"},
    {"DESTINATION", "varchar(2048)"},
}};

/// Why the row does not move, with its age: "no space left (for 2m10s)"; "" when all is well.
std::string comment_of(const round_status_record& x, unix_ns now);

view_row archivelog_row(const round_status_record& x, std::string comment);

/// The row of tenant 1: all tenants whose round is not at STOP (all, when all are).
view_row aggregate_archivelog_row(const std::vector<round_status_record>& tenants, bool standing_order,
                                  const std::vector<tenant_record>& registered, unix_ns now);

} // namespace varve
