#pragma once

#include "engine/archive_engine.hpp"
#include "engine/format/object_header.hpp"

#include <mutex>
#include <string>
#include <vector>

namespace varve {

/// What ADD RESTORE SOURCE and RESTORE … PREVIEW leave for the statements after them. OceanBase keeps it with
/// the client's session; an engine inside its host knows no sessions, so there is one for all who type. In
/// memory, until the engine ends. Thread-safe; never blocks.
class restore_session {
public:
  /// A destination to restore from.
  struct source {
    std::string uri; ///< canonical
    random_id archive{};
  };

  restore_session();

  /// Adds it behind the others; false: it is one of them already. foreign_destination: the others are another
  /// archive's, in which a tenant of the same number is another tenant.
  result<bool> add(source added);
  std::size_t clear();                      ///< how many there were
  std::vector<std::string> sources() const; ///< URIs, in the order they were added

  void keep(sql_result preview); ///< in place of the one before
  sql_result preview() const;    ///< the last one kept; before the first an empty table that says so

private:
  mutable std::mutex mutex_; // guards all below
  std::vector<source> sources_;
  sql_result preview_;
};

} // namespace varve
