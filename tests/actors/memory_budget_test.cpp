#include "actors/cut_block.hpp"
#include "actors/memory_budget.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <random>

using namespace varve;

namespace {

constexpr std::uint64_t slab = slab_arena::slab_bytes;

/// Counts in slabs. Of `lendable` half is shared evenly and half is common.
struct budget_fixture {
  explicit budget_fixture(std::uint64_t lendable, std::uint64_t reserve = 8, std::uint64_t room = 2)
      : budget({.budget_bytes = (lendable + reserve) * slab,
                .reserve_bytes = reserve * slab,
                .room_bytes = room * slab}) {
    budget.on_room = [this](tenant_id, stream_id stream) { rooms.push_back(stream.value); };
    budget.on_pressure = [this](tenant_id tenant) { pressed.push_back(tenant.value); };
  }
  memory_budget budget;
  std::vector<std::uint64_t> rooms, pressed;

  struct stream {
    std::shared_ptr<memory_budget::account> account;
    std::uint64_t id;
    memory_budget::lease lease;
  };
  std::shared_ptr<memory_budget::account> open(std::uint64_t tenant, const std::string& group = "d1") {
    return budget.open_account(tenant_id{tenant}, group);
  }
  bool take(stream& who, std::uint64_t slabs) {
    return budget.take(who.account, stream_id{who.id}, who.lease, slabs * slab);
  }
  void back(const stream& who, std::uint64_t slabs) { budget.give_back(who.account, slabs * slab); }
  std::uint64_t used() const { return budget.used_bytes() / slab; }
  std::vector<std::uint64_t> called() { return std::exchange(rooms, {}); }
};

using calls = std::vector<std::uint64_t>;

} // namespace

TEST_CASE("memory budget: a tenant alone gets its share and half of the common rest, never the reserve") {
  budget_fixture f{64}; // share 32, common 32, of one group 16
  budget_fixture::stream a{f.open(1), 1, {}};
  CHECK(f.take(a, 48));
  CHECK_FALSE(f.take(a, 1));
  CHECK(f.used() == 48);
  CHECK(f.budget.used_bytes(a.account) == 48 * slab);
  f.back(a, 48);
  CHECK(f.budget.peak_bytes() == 48 * slab);
}

TEST_CASE("memory budget: each tenant always gets its share, however much the others took") {
  budget_fixture f{64};
  std::vector<budget_fixture::stream> tenants;
  for (std::uint64_t t = 1; t <= 4; ++t) // share 8 each
    tenants.push_back({f.open(t, "d" + std::to_string(t % 2)), t, {}});
  REQUIRE(f.take(tenants[0], 8 + 16)); // all that its group may have of the common half
  CHECK_FALSE(f.take(tenants[0], 1));
  REQUIRE(f.take(tenants[2], 8) == true); // same group, only its share
  CHECK_FALSE(f.take(tenants[2], 1));
  REQUIRE(f.take(tenants[1], 8 + 16)); // the other group's half of the common one
  REQUIRE(f.take(tenants[3], 8));
  CHECK(f.used() == 64);
}

TEST_CASE("memory budget: one destination's tenants together take at most half of the common rest") {
  budget_fixture f{64};
  budget_fixture::stream a{f.open(1, "dead"), 1, {}}, b{f.open(2, "dead"), 2, {}},
      c{f.open(3, "alive"), 3, {}};
  // share 32 / 3 = 10 slabs and a part
  auto share = 64 / 2 * slab / 3;
  auto common = 32 * slab;
  memory_budget::lease& lease = a.lease;
  REQUIRE(f.budget.take(a.account, stream_id{1}, lease, share / slab * slab + 10 * slab));
  REQUIRE(f.take(b, 10));
  while (f.take(b, 1)) {
  }
  auto over = f.budget.used_bytes(a.account) - share;
  over += f.budget.used_bytes(b.account) > share ? f.budget.used_bytes(b.account) - share : 0;
  CHECK(over <= common / 2);
  CHECK(over > common / 2 - 2 * slab);
  // It is refused to a new one of the group, and given to one of another.
  CHECK(f.take(c, 10 + 16));
}

TEST_CASE("memory budget: an account that moves to another destination counts there") {
  budget_fixture f{64};
  budget_fixture::stream a{f.open(1, "d1"), 1, {}}, b{f.open(2, "d1"), 2, {}};
  REQUIRE(f.take(a, 16 + 16)); // share 16, and the whole half of d1
  REQUIRE(f.take(b, 16));
  REQUIRE_FALSE(f.take(b, 1));
  f.budget.release(b.account, b.lease);
  f.budget.set_group(a.account, "d2");
  CHECK(f.take(b, 16));
  CHECK_FALSE(f.take(b, 1));
}

TEST_CASE("memory budget: who waits is promised room in the order of refusal") {
  budget_fixture f{64};
  auto account = f.open(1);
  budget_fixture::stream holder{account, 9, {}}, a{account, 1, {}}, b{account, 2, {}}, c{account, 3, {}};
  REQUIRE(f.take(holder, 48));
  REQUIRE_FALSE(f.take(a, 1));
  REQUIRE_FALSE(f.take(b, 4));
  REQUIRE_FALSE(f.take(c, 1));
  CHECK(f.called().empty());
  f.back(holder, 1); // less than the least promise of two
  CHECK(f.called().empty());
  f.back(holder, 1);
  CHECK(f.called() == calls{1});
  CHECK(f.used() == 48); // the promise is kept for it
  f.back(holder, 3);     // b asked for 4: c does not overtake it
  CHECK(f.called().empty());
  f.back(holder, 1);
  CHECK(f.called() == calls{2});
  f.back(holder, 10);
  CHECK(f.called() == calls{3});
  CHECK(f.take(b, 4));
  CHECK(f.take(a, 1));
  CHECK(f.take(a, 1));
  CHECK(f.take(c, 2));
}

TEST_CASE("memory budget: nobody overtakes those who wait in the same account") {
  budget_fixture f{64};
  auto account = f.open(1);
  budget_fixture::stream holder{account, 9, {}}, big{account, 1, {}}, small{account, 2, {}};
  REQUIRE(f.take(holder, 47));
  REQUIRE_FALSE(f.take(big, 2));
  CHECK_FALSE(f.take(small, 1)); // one slab is free, and not for it
  CHECK_FALSE(f.take(big, 2));   // asking again keeps its place
  f.back(holder, 1);
  CHECK(f.called() == calls{1});
  CHECK(f.take(big, 2));
}

TEST_CASE("memory budget: memory that is free although somebody's promise stands is not refused to others") {
  budget_fixture f{64};
  auto account = f.open(1);
  budget_fixture::stream holder{account, 9, {}}, a{account, 1, {}}, b{account, 2, {}};
  REQUIRE(f.take(holder, 48));
  REQUIRE_FALSE(f.take(a, 1));
  f.back(holder, 48);
  REQUIRE(f.called() == calls{1}); // a is on its way
  CHECK(f.take(b, 1));
  CHECK(f.take(a, 1));
  f.back(a, 1);
  f.back(b, 1);
  f.budget.release(a.account, a.lease);
  CHECK(f.used() == 0);
}

TEST_CASE("memory budget: tenants wait in lines of their own") {
  budget_fixture f{64};
  budget_fixture::stream a{f.open(1), 1, {}}, b{f.open(2), 2, {}}; // share 16
  REQUIRE(f.take(a, 32));
  REQUIRE_FALSE(f.take(a, 1));
  CHECK(f.take(b, 16));
  CHECK_FALSE(f.take(b, 1));
  f.back(b, 2);
  CHECK(f.called() == calls{2});
}

TEST_CASE("memory budget: a promise that nobody comes for expires and goes to the next in line") {
  budget_fixture f{64};
  auto account = f.open(1);
  budget_fixture::stream holder{account, 9, {}}, a{account, 1, {}}, b{account, 2, {}};
  f.budget.expire(1'000, 5'000);
  REQUIRE(f.take(holder, 48));
  REQUIRE_FALSE(f.take(a, 1));
  REQUIRE_FALSE(f.take(b, 1));
  f.back(holder, 2);
  REQUIRE(f.called() == calls{1});
  f.budget.expire(1'499, 500);
  CHECK(f.called().empty());
  f.budget.expire(1'501, 500);
  CHECK(f.called() == calls{2});
  CHECK(f.used() == 48);
  CHECK_FALSE(f.take(a, 1)); // it is the last in line now
  CHECK(f.take(b, 2));
  f.back(b, 2);
  CHECK(f.called() == calls{1});
}

TEST_CASE("memory budget: a clock that goes back makes the age of a promise count anew, not for ever") {
  budget_fixture f{64};
  auto account = f.open(1);
  budget_fixture::stream holder{account, 9, {}}, a{account, 1, {}}, b{account, 2, {}};
  f.budget.expire(100'000, 5'000);
  REQUIRE(f.take(holder, 48));
  REQUIRE_FALSE(f.take(a, 1));
  REQUIRE_FALSE(f.take(b, 1));
  f.back(holder, 2);
  REQUIRE(f.called() == calls{1});
  f.budget.expire(1'000, 500);
  f.budget.expire(1'499, 500);
  CHECK(f.called().empty());
  f.budget.expire(1'500, 500);
  CHECK(f.called() == calls{2});
}

TEST_CASE("memory budget: what is left of a promise serves the next takes and goes back on release") {
  budget_fixture f{64, 8, 4};
  auto account = f.open(1);
  budget_fixture::stream holder{account, 9, {}}, a{account, 1, {}}, b{account, 2, {}};
  REQUIRE(f.take(holder, 48));
  REQUIRE_FALSE(f.take(a, 1));
  REQUIRE_FALSE(f.take(b, 1));
  f.back(holder, 4);
  REQUIRE(f.called() == calls{1});
  CHECK(f.take(a, 1));
  CHECK(f.take(a, 1));
  CHECK(f.used() == 48);
  CHECK(a.lease.promised == 2 * slab);
  f.budget.release(a.account, a.lease);
  CHECK(f.used() == 46);
  f.back(a, 2);
  CHECK(f.called() == calls{2});
}

TEST_CASE("memory budget: a stream that gives up leaves the line, with or without a promise") {
  budget_fixture f{64};
  auto account = f.open(1);
  budget_fixture::stream holder{account, 9, {}}, a{account, 1, {}}, b{account, 2, {}};
  REQUIRE(f.take(holder, 48));
  REQUIRE_FALSE(f.take(a, 1));
  REQUIRE_FALSE(f.take(b, 1));
  f.budget.release(a.account, a.lease);
  f.back(holder, 2);
  REQUIRE(f.called() == calls{2});
  f.budget.release(b.account, b.lease);
  CHECK(f.used() == 46);
  CHECK(f.take(a, 2));
}

TEST_CASE("memory budget: packed blocks are charged without asking, beyond what may be lent") {
  budget_fixture f{16, 8};
  budget_fixture::stream a{f.open(1), 1, {}};
  REQUIRE(f.take(a, 12));
  f.budget.take_reserve(a.account, 8 * slab);
  CHECK(f.used() == 20);
  std::vector<std::byte*> slabs;
  f.budget.arena().take(20, slabs); // the arena has room for the reserve, too
  f.budget.arena().give_back(slabs);
  CHECK_FALSE(f.take(a, 1));
  f.back(a, 20);
  CHECK(f.called() == calls{1});
}

TEST_CASE("memory budget: crossing three quarters presses the one who uses most, once until it fell") {
  budget_fixture f{64};
  budget_fixture::stream a{f.open(1, "d1"), 1, {}}, b{f.open(2, "d2"), 2, {}};
  REQUIRE(f.take(a, 30));
  REQUIRE(f.take(b, 18));
  CHECK(f.pressed.empty()); // exactly three quarters
  REQUIRE(f.take(b, 1));
  CHECK(f.pressed == calls{1});
  REQUIRE(f.take(b, 1));
  CHECK(f.pressed == calls{1});
  f.back(a, 8); // 42: still above five eighths
  REQUIRE(f.take(b, 9));
  CHECK(f.pressed == calls{1});
  f.back(a, 11);
  REQUIRE(f.take(a, 20));
  CHECK(f.pressed == calls{1, 1});
}

TEST_CASE("memory budget: a refusal presses the refused tenant and the one who uses most, each time") {
  budget_fixture f{64};
  budget_fixture::stream a{f.open(1), 1, {}}, b{f.open(2), 2, {}};
  REQUIRE(f.take(a, 32));
  REQUIRE(f.take(b, 16));
  f.pressed.clear();
  REQUIRE_FALSE(f.take(b, 1));
  CHECK(f.pressed == calls{2, 1});
  REQUIRE_FALSE(f.take(a, 1));
  CHECK(f.pressed == calls{2, 1, 1});
}

TEST_CASE("memory budget: an account that closes takes its promises with it") {
  budget_fixture f{64};
  budget_fixture::stream a{f.open(1, "d1"), 1, {}}, b{f.open(2, "d1"), 2, {}};
  REQUIRE(f.take(a, 32));
  REQUIRE_FALSE(f.take(a, 1));
  f.back(a, 8);
  REQUIRE(f.called() == calls{1});
  REQUIRE(f.used() == 26);
  f.budget.close_account(a.account);
  CHECK(f.used() == 24);
  f.back(a, 24); // blocks on their way out
  CHECK(f.used() == 0);
  CHECK(f.take(b, 48)); // alone it has a share of 32 and the group's 16
  CHECK_FALSE(f.take(b, 1));
}

TEST_CASE("memory budget: what a closed account still gives back is not taken for memory of others") {
  budget_fixture f{64};
  budget_fixture::stream a{f.open(1, "d1"), 1, {}}, b{f.open(2, "d1"), 2, {}}, c{f.open(3, "d2"), 3, {}};
  REQUIRE(f.take(a, 26)); // 16 of the common half
  f.budget.close_account(a.account);
  REQUIRE(f.take(b, 16 + 2)); // its share is 16 now
  f.back(a, 26);
  CHECK(f.take(b, 14)); // d1's half of the common half
  CHECK_FALSE(f.take(b, 1));
}

TEST_CASE("memory budget: a closed account is refused, and what it takes from the reserve is counted") {
  budget_fixture f{64};
  budget_fixture::stream a{f.open(1), 1, {}};
  REQUIRE(f.take(a, 8));
  f.budget.close_account(a.account);
  CHECK_FALSE(f.take(a, 1));
  CHECK(f.pressed == calls{1});
  f.budget.take_reserve(a.account, 2 * slab);
  CHECK(f.used() == 10);
  f.back(a, 10);
  CHECK(f.used() == 0);
  CHECK(f.called().empty());
}

TEST_CASE("memory charge: grows from the reserve, shrinks and is given back once when it goes") {
  budget_fixture f{64};
  auto account = f.open(1);
  {
    memory_charge a{f.budget, account};
    memory_budget::lease lease;
    REQUIRE(f.budget.take(account, stream_id{1}, lease, 3 * slab));
    a.add(3 * slab);
    CHECK(f.used() == 3);
    a.set(5 * slab);
    CHECK(f.used() == 5);
    memory_charge b{std::move(a)};
    CHECK(a.bytes() == 0);
    b.set(slab);
    CHECK(f.used() == 1);
    memory_charge c{f.budget, account};
    c.set(2 * slab);
    c = std::move(b);
    CHECK(f.used() == 1);
    CHECK(c.bytes() == slab);
  }
  CHECK(f.used() == 0);
}

/// Method: streams of several tenants and destinations take, get refused, come for promises or not, give up
/// and give back, as the seed says; what may be lent is never exceeded and in the end everything is back.
TEST_CASE("memory budget: whatever streams do, the limits hold and the counts end at zero") {
  for (unsigned seed = 1; seed <= 40; ++seed) {
    INFO("seed " << seed);
    std::mt19937 random{seed};
    budget_fixture f{96, 8, 3};
    std::vector<std::shared_ptr<memory_budget::account>> accounts;
    for (std::uint64_t t = 1; t <= 3; ++t)
      accounts.push_back(f.open(t, t == 1 ? "d1" : "d2"));
    struct holding {
      budget_fixture::stream who;
      std::uint64_t slabs = 0;
    };
    std::vector<holding> streams;
    for (std::uint64_t s = 0; s < 12; ++s)
      streams.push_back({{accounts[s % 3], s + 1, {}}, 0});
    unsigned refused = 0, promised = 0;
    unix_ns now = 1'000;
    for (int i = 0; i < 2'000; ++i) {
      auto& each = streams[random() % streams.size()];
      switch (random() % 8) {
      case 0:
      case 1:
      case 2:
      case 3: {
        std::uint64_t want = 1 + random() % 5;
        if (f.take(each.who, want))
          each.slabs += want;
        else
          ++refused;
        break;
      }
      case 4:
      case 5: {
        auto some = each.slabs == 0 ? 0 : 1 + random() % each.slabs;
        each.slabs -= some;
        f.back(each.who, some);
        break;
      }
      case 6:
        if (random() % 4 == 0)
          f.budget.release(each.who.account, each.who.lease);
        break;
      default:
        now += random() % 100;
        f.budget.expire(now, 300);
      }
      promised += static_cast<unsigned>(f.called().size());
      std::uint64_t held = 0;
      for (auto& s : streams)
        held += s.slabs;
      REQUIRE(f.used() >= held);
      REQUIRE(f.used() <= 96);
    }
    CHECK(refused > 50);
    CHECK(promised > 20);
    for (auto& each : streams) {
      f.back(each.who, each.slabs);
      f.budget.release(each.who.account, each.who.lease);
    }
    for (auto& each : streams) // what the last ones gave back was promised to those before them
      f.budget.release(each.who.account, each.who.lease);
    f.budget.expire(now + 1'000, 300);
    CHECK(f.used() == 0);
    for (auto& account : accounts)
      CHECK(f.budget.used_bytes(account) == 0);
  }
}
