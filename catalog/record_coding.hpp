#pragma once

#include "catalog/keys.hpp"
#include "catalog/records.hpp"
#include "engine/base/result.hpp"

namespace varve {

/// How a record becomes a key and a value. A value is its version (one byte), its fields (integers
/// little-endian and fixed, strings with a varint length) and four bytes of checksum over key, version and
/// fields, so that a value under the wrong key is as wrong as a flipped bit. KEYSPACE.md has the bytes.
/// For every record type R of records.hpp:

/// The key of a record; of a partly filled one, too: only the fields that make its key are read.
template <class R>
std::string key_of(const R& record);

template <class R>
std::string encode_value(const R& record);

/// The inverse. checksum_error: damaged; unknown_version: written by a newer program. Both name the key.
template <class R>
result<R> decode_record(std::string_view key, std::string_view value);

} // namespace varve
