#pragma once

#include "engine/base/bytes.hpp"
#include "engine/base/result.hpp"
#include "engine/model/option_values.hpp"

#include <memory>

namespace varve {

/// Is `value` the number of a codec this build can read?
bool is_known_codec(std::uint8_t value);

/// Compresses one body at a time. Contexts and output buffer are made at first use and kept: one per thread.
class compressor {
public:
  compressor();
  ~compressor();

  /// The compressed body, valid until the next call; empty where it would not be smaller than `raw`, and for
  /// codec::none. `raw` is at most format::body_bytes_max. errc::full: no memory for a codec's context.
  result<bytes_view> compress(codec wanted, bytes_view raw);

private:
  struct state;
  std::unique_ptr<state> state_;
};

/// The inverse. One per thread.
class decompressor {
public:
  decompressor();
  ~decompressor();

  /// Fills `target`, whose size is the exact size of the raw body. checksum_error: the bytes are not that
  /// body compressed, with the codec's own words; errc::full: no memory for a codec's context.
  status decompress(codec used, bytes_view stored, mutable_bytes target);

private:
  struct state;
  std::unique_ptr<state> state_;
};

} // namespace varve
