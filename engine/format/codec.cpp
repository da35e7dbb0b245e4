#include "engine/format/codec.hpp"

#include <lz4.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <cstring>

namespace varve {
namespace {

constexpr int lz4_acceleration = 1;
constexpr int zstd_level = 1;

/// A larger output buffer is given back after the block that needed it: it lies outside every memory budget.
constexpr std::size_t output_bytes_kept = std::size_t{1} << 20;

struct zstd_free {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

/// No test takes a codec's memory away: the ways that end here, and the error of zstd that is not a target
/// too small, are read, not run.
error no_context(std::string_view name) {
  return fail(errc::full, "no memory for a " + std::string(name) + " context",
              "give the process more memory");
}

} // namespace

bool is_known_codec(std::uint8_t value) {
  switch (static_cast<codec>(value)) {
  case codec::none:
  case codec::lz4:
  case codec::zstd:
    return true;
  }
  return false;
}

struct compressor::state {
  std::unique_ptr<ZSTD_CCtx, zstd_free> zstd;
  std::unique_ptr<std::uint64_t[]> lz4; // eight bytes aligned, as LZ4 asks
  std::unique_ptr<std::byte[]> output;
  std::size_t output_bytes = 0;

  /// Not zero-filled: the codec writes it, and only what it wrote is read.
  void make_room(std::size_t size) {
    if (size <= output_bytes && (output_bytes <= output_bytes_kept || size > output_bytes_kept))
      return;
    output = std::make_unique_for_overwrite<std::byte[]>(size);
    output_bytes = size;
  }

  result<bytes_view> with_lz4(bytes_view raw, std::size_t capacity) {
    if (!lz4) {
      auto words = (static_cast<std::size_t>(LZ4_sizeofState()) + 7) / 8;
      lz4 = std::make_unique_for_overwrite<std::uint64_t[]>(words);
    }
    auto size = LZ4_compress_fast_extState(
        lz4.get(), reinterpret_cast<const char*>(raw.data()), reinterpret_cast<char*>(output.get()),
        static_cast<int>(raw.size()), static_cast<int>(capacity), lz4_acceleration);
    return bytes_view{output.get(), static_cast<std::size_t>(size)}; // 0: it did not fit
  }

  result<bytes_view> with_zstd(bytes_view raw, std::size_t capacity) {
    if (!zstd) {
      zstd.reset(ZSTD_createCCtx());
      if (!zstd)
        return no_context("zstd");
      ZSTD_CCtx_setParameter(zstd.get(), ZSTD_c_compressionLevel, zstd_level);
    }
    auto size = ZSTD_compress2(zstd.get(), output.get(), capacity, raw.data(), raw.size());
    if (!ZSTD_isError(size))
      return bytes_view{output.get(), size};
    if (ZSTD_getErrorCode(size) == ZSTD_error_dstSize_tooSmall)
      return bytes_view{};
    return fail(errc::full, std::string("zstd cannot compress: ") + ZSTD_getErrorName(size));
  }
};

compressor::compressor() : state_(std::make_unique<state>()) {}
compressor::~compressor() = default;

result<bytes_view> compressor::compress(codec wanted, bytes_view raw) {
  if (wanted == codec::none || raw.size() < 2)
    return bytes_view{};
  auto capacity = raw.size() - 1; // what does not fit here would not shrink
  state_->make_room(raw.size());
  return wanted == codec::lz4 ? state_->with_lz4(raw, capacity) : state_->with_zstd(raw, capacity);
}

struct decompressor::state {
  std::unique_ptr<ZSTD_DCtx, zstd_free> zstd;
};

decompressor::decompressor() : state_(std::make_unique<state>()) {}
decompressor::~decompressor() = default;

status decompressor::decompress(codec used, bytes_view stored, mutable_bytes target) {
  auto wrong_size = [&](std::string_view name) {
    return fail(errc::checksum_error,
                std::string(name) + " gives another number of bytes than the header says");
  };
  switch (used) {
  case codec::none:
    if (stored.size() != target.size())
      return wrong_size("the stored body");
    if (!stored.empty())
      std::memcpy(target.data(), stored.data(), stored.size());
    return {};
  case codec::lz4: {
    auto size = LZ4_decompress_safe(reinterpret_cast<const char*>(stored.data()),
                                    reinterpret_cast<char*>(target.data()), static_cast<int>(stored.size()),
                                    static_cast<int>(target.size()));
    if (size < 0)
      return fail(errc::checksum_error, "lz4 cannot decompress the body");
    if (static_cast<std::size_t>(size) != target.size())
      return wrong_size("lz4");
    return {};
  }
  case codec::zstd: {
    if (!state_->zstd)
      state_->zstd.reset(ZSTD_createDCtx());
    if (!state_->zstd)
      return no_context("zstd");
    auto size =
        ZSTD_decompressDCtx(state_->zstd.get(), target.data(), target.size(), stored.data(), stored.size());
    if (ZSTD_isError(size))
      return fail(errc::checksum_error,
                  std::string("zstd cannot decompress the body: ") + ZSTD_getErrorName(size));
    if (size != target.size())
      return wrong_size("zstd");
    return {};
  }
  }
  return fail(errc::unknown_version, "unknown codec " + std::to_string(static_cast<int>(used)));
}

} // namespace varve
