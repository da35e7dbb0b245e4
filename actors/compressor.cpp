#include "actors/compressor.hpp"

namespace varve {
namespace {

struct compressor_state {
  static inline const char* name = "compressor";
  compressor_state() = default;
  block_packer packer;
  bytes raw, packed;
};

} // namespace

compressor_actor spawn_compressor(caf::actor_system& system, slab_arena& arena) {
  return system.spawn(
      [&arena](compressor_actor::stateful_pointer<compressor_state> self) -> compressor_actor::behavior_type {
        return {[self, &arena](pack_atom, std::uint64_t epoch, const cut_block_ptr& block,
                               const piece_writer_actor& writer) {
          auto& state = self->state;
          auto packed = block->pack(state.packer, block->wanted, arena, state.raw, state.packed);
          // A codec only fails for want of memory; stored raw the block needs none.
          if (!packed.ok())
            packed = block->pack(state.packer, codec::none, arena, state.raw, state.packed);
          if (!packed.ok()) // its supervisor stops everybody who needs it: nothing may be written of this
            return self->quit(caf::make_error(caf::sec::runtime_error, packed.error().to_string()));
          if (state.raw.capacity() > (std::size_t{4} << 20))
            state.raw = {}; // one huge entry must not stay for ever
          if (state.packed.capacity() > (std::size_t{4} << 20))
            state.packed = {};
          self->send(writer, packed_atom::value, epoch, block);
        }};
      });
}

} // namespace varve
