#pragma once

#include "actors/interfaces.hpp"

namespace varve {

compressor_actor spawn_compressor(caf::actor_system& system, slab_arena& arena);

} // namespace varve
