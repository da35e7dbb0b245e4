#pragma once

#include "engine/format/describe.hpp"
#include "engine/format/metadata.hpp"

/// Shared by describe.cpp and describe_segment.cpp.
namespace varve::describe_parts {

/// A number of nanoseconds since 1970, with the time in words where it can be one.
void add_time(description& target, std::string_view key, std::uint64_t time);

void add_counts(description& target, std::string_view key, const byte_counts& counts);

/// Keeps the first problem, and shows every one where it was met.
void add_problem(inspection& target, description& at, const error& problem);

/// `object` starts with a sound object header of kind segment.
void describe_segment(inspection& target, bytes_view object, std::string_view where);

/// `source` starts with a block's magic number.
void describe_bare_blocks(inspection& target, bytes_view source, std::string_view where);

} // namespace varve::describe_parts
