#include "actors/slab_arena.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <random>
#include <set>

using namespace varve;

namespace {

constexpr auto slab = slab_arena::slab_bytes;

bytes pattern(std::size_t size, unsigned seed) {
  std::mt19937 random{seed};
  bytes made(size);
  for (auto& each : made)
    each = static_cast<std::byte>(random());
  return made;
}

} // namespace

TEST_CASE("slab arena: slabs are distinct, writable and counted") {
  slab_arena arena{4 * slab};
  std::vector<std::byte*> mine;
  arena.take(3, mine);
  REQUIRE(mine.size() == 3);
  CHECK(std::set<std::byte*>(mine.begin(), mine.end()).size() == 3);
  CHECK(arena.slabs_in_use() == 3);
  for (auto* each : mine)
    std::fill_n(each, slab, std::byte{0xee});
  auto* last = mine.back();
  std::vector<std::byte*> one{last};
  mine.pop_back();
  arena.give_back(one);
  CHECK(one.empty());
  CHECK(arena.slabs_in_use() == 2);
  arena.take(1, mine);
  CHECK(mine.back() == last); // last freed, first used
  arena.give_back(mine);
  CHECK(arena.slabs_in_use() == 0);
}

TEST_CASE("slab arena: the capacity is rounded up to whole slabs and can be used to the last one") {
  slab_arena arena{2 * slab + 1};
  std::vector<std::byte*> all;
  arena.take(3, all);
  all[2][slab - 1] = std::byte{1};
  arena.give_back(all);
  arena.take(3, all);
  CHECK(arena.slabs_in_use() == 3);
  arena.give_back(all);
}

TEST_CASE("slab arena: a chain taken next is laid out as the one given back was") {
  slab_arena arena{8 * slab};
  std::vector<std::byte*> first;
  arena.take(5, first);
  auto order = first;
  arena.give_back(first);
  arena.take(5, first);
  CHECK(first == order);
  arena.give_back(first);
}

TEST_CASE("slab arena: a run lies side by side, and at most a quarter of all slabs are in runs") {
  slab_arena arena{32 * slab, 4};
  CHECK(arena.run_slabs() == 4);
  std::vector<std::byte*> first, second, third;
  REQUIRE(arena.take_run(first));
  REQUIRE(first.size() == 4);
  for (std::size_t i = 0; i < 4; ++i)
    CHECK(first[i] == first[0] + i * slab);
  REQUIRE(arena.take_run(second));
  CHECK_FALSE(arena.take_run(third));
  CHECK(third.empty());
  CHECK(arena.slabs_in_use() == 8);
  auto* where = first[0];
  arena.give_back(first, true);
  CHECK(arena.slabs_in_use() == 4);
  REQUIRE(arena.take_run(third));
  CHECK(third[0] == where); // runs stay whole
  arena.give_back(third, true);
  arena.give_back(second, true);
  CHECK(arena.slabs_in_use() == 0);
}

TEST_CASE("slab arena: runs are taken apart when nothing else is left, and every slab can be used") {
  slab_arena arena{16 * slab, 4};
  std::vector<std::byte*> run, all;
  REQUIRE(arena.take_run(run));
  arena.give_back(run, true);
  arena.take(16, all);
  CHECK(std::set<std::byte*>(all.begin(), all.end()).size() == 16);
  CHECK(arena.slabs_in_use() == 16);
  CHECK_FALSE(arena.take_run(run));
  arena.give_back(all);
  CHECK(arena.slabs_in_use() == 0);
}

TEST_CASE("slab chain: in a run its bytes lie side by side until it outgrows it") {
  slab_arena arena{32 * slab, 3};
  slab_chain chain{arena};
  REQUIRE(chain.reserve_run());
  CHECK(chain.capacity() == 3 * slab);
  auto all = pattern(3 * slab + 5, 7);
  chain.append(bytes_view{all}.first(3 * slab));
  CHECK(equal(chain.contiguous(), bytes_view{all}.first(3 * slab)));
  slab_chain moved{std::move(chain)};
  CHECK(chain.contiguous().empty());
  CHECK(moved.contiguous().size() == 3 * slab);
  moved.reserve(5);
  moved.append(bytes_view{all}.subspan(3 * slab));
  CHECK(moved.contiguous().empty());
  bytes gathered;
  moved.gather(gathered);
  CHECK(gathered == all);
  moved.clear();
  CHECK(arena.slabs_in_use() == 0);
  slab_chain scattered{arena};
  scattered.reserve(1);
  scattered.append(pattern(1, 1));
  CHECK(scattered.contiguous().empty());
}

TEST_CASE("slab chain: what is appended in pieces comes back whole, by views and gathered") {
  slab_arena arena{16 * slab};
  auto all = pattern(5 * slab + 17, 1);
  slab_chain chain{arena};
  std::mt19937 random{2};
  for (std::size_t at = 0; at < all.size();) {
    auto part = std::min<std::size_t>(random() % (2 * slab), all.size() - at);
    chain.reserve(part);
    CHECK(chain.capacity() >= chain.size() + part);
    chain.append(bytes_view{all}.subspan(at, part));
    at += part;
  }
  CHECK(chain.size() == all.size());
  CHECK(chain.capacity() == 6 * slab);
  bytes gathered;
  chain.gather(gathered);
  CHECK(gathered == all);
  std::vector<bytes_view> views;
  chain.views(views);
  bytes joined;
  for (auto view : views)
    append(joined, view);
  CHECK(joined == all);
}

TEST_CASE("slab chain: reserved slabs that are still empty are no bytes") {
  slab_arena arena{8 * slab};
  slab_chain chain{arena};
  chain.reserve(3 * slab);
  CHECK(chain.empty());
  std::vector<bytes_view> views;
  chain.views(views);
  CHECK(views.empty());
  chain.append(pattern(slab, 1));
  chain.views(views);
  CHECK(views.size() == 1);
  bytes gathered(7);
  chain.gather(gathered);
  CHECK(gathered == pattern(slab, 1));
  chain.reserve(2 * slab); // fits in what is there
  CHECK(arena.slabs_in_use() == 3);
}

TEST_CASE("slab chain: slabs go back once, however the chain is moved") {
  slab_arena arena{8 * slab};
  {
    slab_chain a{arena};
    a.reserve(2 * slab);
    a.append(pattern(10, 3));
    slab_chain b{std::move(a)};
    CHECK(a.empty());
    CHECK(b.size() == 10);
    CHECK(arena.slabs_in_use() == 2);
    slab_chain c{arena};
    c.reserve(slab);
    c = std::move(b);
    CHECK(arena.slabs_in_use() == 2);
    CHECK(c.size() == 10);
    c.clear();
    CHECK(arena.slabs_in_use() == 0);
    c.reserve(1);
    c.append(pattern(1, 4)); // usable again
    CHECK(c.size() == 1);
  }
  CHECK(arena.slabs_in_use() == 0);
  slab_chain nowhere;
  nowhere.clear();
  CHECK(nowhere.empty());
}
