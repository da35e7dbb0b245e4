#pragma once

#include "engine/base/error.hpp"

#include <string>

namespace varve::test {

/// Does a user who is told of it read this text?
inline bool user_reads(const error& why, const std::string& text) {
  return why.to_string().find(text) != std::string::npos;
}

} // namespace varve::test
