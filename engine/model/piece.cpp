#include "engine/model/piece.hpp"

namespace varve {

std::string_view to_string(piece_status status) {
  switch (status) {
  case piece_status::active: return "ACTIVE";
  case piece_status::freezing: return "FREEZING";
  case piece_status::frozen: return "FROZEN";
  }
  return "INVALID";
}

std::string_view to_string(file_status status) {
  switch (status) {
  case file_status::available: return "AVAILABLE";
  case file_status::copying: return "COPYING";
  case file_status::incomplete: return "INCOMPLETE";
  case file_status::deleting: return "DELETING";
  case file_status::expired: return "EXPIRED";
  case file_status::broken: return "BROKEN";
  case file_status::deleted: return "DELETED";
  }
  return "INVALID";
}

} // namespace varve
