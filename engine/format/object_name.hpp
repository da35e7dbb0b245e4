#pragma once

#include "engine/base/result.hpp"
#include "engine/model/piece.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace varve {

/// Every name at a destination is made and taken apart here and nowhere else (FORMAT.md section 3):
///
///   format                                         identity of the archive
///   t<tenant>/commits/<seq>                        20 decimal digits; the one sequence of commits
///   t<tenant>/rounds/<round>-<epoch>               how a round ended
///   t<tenant>/lists/<epoch>-<number>               frozen pieces older than the last 64
///   t<tenant>/r<round>_p<piece>/start-<epoch>      bounds of a piece
///   t<tenant>/r<round>_p<piece>/seg-<epoch>-<number>
///   t<tenant>/r<round>_p<piece>/index-<epoch>-<number>
///   t<tenant>/r<round>_p<piece>/seal-<epoch>
///
/// tenant, round, piece: decimal without leading zeros; seq, epoch: 20 digits; number: 8 digits. All but
/// tenant, piece and seq start at 1 (seq 0: only as a mark, COMMITS.md).
struct format_name {
  friend bool operator==(const format_name&, const format_name&) = default;
};
struct commit_name {
  tenant_id tenant;
  commit_seq seq;
  friend bool operator==(const commit_name&, const commit_name&) = default;
};
struct round_end_name {
  tenant_id tenant;
  round_id round;
  varve::epoch epoch;
  friend bool operator==(const round_end_name&, const round_end_name&) = default;
};
struct piece_list_name {
  tenant_id tenant;
  varve::epoch epoch;
  std::uint32_t number = 0;
  friend bool operator==(const piece_list_name&, const piece_list_name&) = default;
};
struct piece_start_name {
  tenant_id tenant;
  piece_key piece;
  varve::epoch epoch;
  friend bool operator==(const piece_start_name&, const piece_start_name&) = default;
};
struct segment_name {
  tenant_id tenant;
  piece_key piece;
  varve::epoch epoch;
  std::uint32_t number = 0;
  friend bool operator==(const segment_name&, const segment_name&) = default;
};
struct index_name {
  tenant_id tenant;
  piece_key piece;
  varve::epoch epoch;
  std::uint32_t number = 0;
  friend bool operator==(const index_name&, const index_name&) = default;
};
struct seal_name {
  tenant_id tenant;
  piece_key piece;
  varve::epoch epoch;
  friend bool operator==(const seal_name&, const seal_name&) = default;
};
using object_name = std::variant<format_name, commit_name, round_end_name, piece_list_name, piece_start_name,
                                 segment_name, index_name, seal_name>;

std::string to_path(const object_name& name);

/// nullopt: not a name of this format. Only the exact spelling of to_path() is accepted.
std::optional<object_name> parse_object_name(std::string_view path);

/// Is this the path of an object of that kind?
template <class Name>
bool is_path_of(std::string_view path) {
  auto name = parse_object_name(path);
  return name && std::holds_alternative<Name>(*name);
}

std::string tenant_folder(tenant_id tenant);                 ///< "t1001"
std::string commits_folder(tenant_id tenant);                ///< "t1001/commits"
std::string piece_folder(tenant_id tenant, piece_key piece); ///< "t1001/r1_p3"
std::optional<tenant_id> parse_tenant_folder(std::string_view folder);

} // namespace varve
