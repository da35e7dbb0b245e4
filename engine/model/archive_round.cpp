#include "engine/model/archive_round.hpp"

namespace varve {

std::string_view to_string(round_status status) {
  switch (status) {
  case round_status::stop: return "STOP";
  case round_status::beginning: return "BEGINNING";
  case round_status::doing: return "DOING";
  case round_status::stopping: return "STOPPING";
  case round_status::interrupted: return "INTERRUPTED";
  }
  return "INVALID";
}

bool may_follow(round_status from, round_status to) {
  using enum round_status;
  switch (from) {
  case stop: return to == stop || to == beginning;
  case beginning: return true;
  case doing: return to != beginning;
  case stopping: return to == stopping || to == stop;
  case interrupted: return to == interrupted || to == stopping || to == stop;
  }
  return false;
}

} // namespace varve
