#include "actors/cut_block.hpp"

namespace varve {
status cut_block::pack(block_packer& packer, codec wanted, slab_arena& arena, bytes& raw, bytes& packed) {
  auto body = raw_.contiguous();
  if (body.empty()) {
    raw_.gather(raw);
    body = raw;
  }
  packed.clear();
  VARVE_TRY(packer.pack(header, body, wanted, packed));
  auto size = whole_slabs(packed.size());
  std::lock_guard lock{mutex_};
  raw_.clear(); // its slabs are the hottest ones: the packed bytes go there
  slab_chain chain{arena};
  chain.reserve(packed.size());
  chain.append(packed);
  packed_ = std::move(chain);
  charge_.set(size);
  return {};
}

void cut_block::release() {
  std::lock_guard lock{mutex_};
  raw_.clear();
  packed_.clear();
  charge_.set(0);
}

std::optional<bytes> cut_block::raw_body() const {
  bytes stored, raw;
  {
    std::lock_guard lock{mutex_};
    if (!raw_.empty()) {
      raw_.gather(raw);
      return raw;
    }
    if (packed_.empty())
      return std::nullopt;
    packed_.gather(stored);
  }
  block_unpacker unpacker;
  // What was packed here can be read, unless memory is broken or there is none: then nothing can be compared.
  auto parsed = parse_block_header(stored, "block in memory");
  if (!parsed.ok())
    return std::nullopt;
  auto body = bytes_view{stored}.subspan(format::block_header_bytes);
  if (!unpacker.unpack(*parsed, body, "block in memory", raw).ok())
    return std::nullopt;
  return raw;
}

} // namespace varve
