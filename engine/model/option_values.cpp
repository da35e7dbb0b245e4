#include "engine/model/option_values.hpp"

namespace varve {

std::string_view to_string(archive_mode mode) {
  return mode == archive_mode::mandatory ? "MANDATORY" : "OPTIONAL";
}

std::string_view to_string(codec codec) {
  switch (codec) {
  case codec::none: return "disable";
  case codec::lz4: return "lz4_1.0";
  case codec::zstd: return "zstd_1.3.8";
  }
  return "unknown";
}

} // namespace varve
