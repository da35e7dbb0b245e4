#pragma once

#include "catalog/catalog.hpp"

namespace varve::bench {

/// What many years of archiving leave in a catalog about one tenant: its pieces, hour after hour, the last
/// one open; and where log was lost, the break, the end of its round and a new round that begins an hour
/// later.
struct piece_corpus {
  tenant_id tenant{};
  std::string name; ///< of the tenant
  std::uint64_t pieces = 0;
  std::uint64_t gaps = 0; ///< evenly spread; fewer than pieces
};

/// Writes it, in batches; the same records for the same arguments. At most 4 million pieces and gaps, where
/// time ends. Errors: invalid_argument; the catalog's.
status fill_catalog(catalog& into, const piece_corpus& what);

} // namespace varve::bench
