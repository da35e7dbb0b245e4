#include "tests/contract/destination_contract.hpp"
#include "tests/harness/close_to_open_destination.hpp"
#include "tests/harness/fault_destination.hpp"

namespace varve::test {
namespace {

struct world {
  std::mt19937_64 seeds{7};
  std::shared_ptr<fault_medium> medium = std::make_shared<fault_medium>(seeds);
  std::mutex mutex;

  std::shared_ptr<close_to_open_destination> open(close_to_open_destination::habits habits) {
    std::lock_guard lock(mutex); // the contract opens from several threads
    return std::make_shared<close_to_open_destination>(std::make_shared<fault_destination>(medium), seeds,
                                                       habits);
  }
};

} // namespace

TEST_CASE("close_to_open_destination keeps the destination contract without staleness") {
  world w;
  check_destination_contract([&] { return w.open({}); });
}

TEST_CASE("close_to_open_destination keeps the destination contract with every cached answer stale") {
  world w;
  check_destination_contract([&] { return w.open({.stale_permille = 1000}); });
}

TEST_CASE("a handle lists what it listed before until it is reopened, whatever others did") {
  world w;
  auto mine = w.open({.stale_permille = 1000});
  auto other = w.open({});
  REQUIRE(mine->create("f/1", as_bytes("x")).ok());
  CHECK(listed(*mine, "f") == names{"f/1"});
  CHECK(mine->list_folder("f").value() == names{"1"});
  REQUIRE(other->create("f/2", as_bytes("y")).ok());
  REQUIRE(other->remove("f/1").ok());
  CHECK(listed(*mine, "f") == names{"f/1"});
  CHECK(mine->list_folder("f").value() == names{"1"});
  CHECK(mine->stale_answers() == 2);
  mine->reopen();
  CHECK(listed(*mine, "f") == names{"f/2"});
  CHECK(mine->list_folder("f").value() == names{"2"});
}

TEST_CASE("a handle denies what it missed before until read_all finds it") {
  world w;
  auto mine = w.open({.stale_permille = 1000});
  std::byte target[1];
  CHECK(mine->size("f/1").code() == errc::file_not_exist);
  REQUIRE(w.open({})->create("f/1", as_bytes("x")).ok());
  CHECK(mine->size("f/1").code() == errc::file_not_exist);
  CHECK(mine->read("f/1", 0, target).code() == errc::file_not_exist);
  CHECK(mine->create("f/2", {}).ok());
  CHECK(text_of(*mine, "f/1") == "x");
  CHECK(mine->size("f/1").value() == 1);
  CHECK(mine->read("f/1", 0, target).value() == 1);
}

TEST_CASE("a handle sees its own changes, and a taken name is refused whatever it believes") {
  world w;
  auto mine = w.open({.stale_permille = 1000});
  CHECK(mine->size("f/1").code() == errc::file_not_exist);
  CHECK(listed(*mine, "").empty());
  CHECK(mine->list_folder("").value().empty());
  REQUIRE(w.open({})->create("f/1", as_bytes("theirs")).ok());
  CHECK(mine->create("f/1", as_bytes("mine")).code() == errc::already_exists);
  CHECK(mine->size("f/1").value() == 6);
  CHECK(listed(*mine, "") == names{"f/1"});
  CHECK(mine->list_folder("").value() == names{"f"});
}

TEST_CASE("an answer may be lost although the change took effect") {
  world w;
  auto mine = w.open({.lost_reply_permille = 1000});
  CHECK(mine->create("object", as_bytes("x")).code() == errc::io_error);
  CHECK(text_of(*mine, "object") == "x");
  CHECK(mine->create("object", as_bytes("x")).code() == errc::already_exists);
  CHECK(mine->open_segment("segment").code() == errc::io_error);
  CHECK(mine->open_segment("segment").code() == errc::already_exists);
  CHECK(mine->remove("object").code() == errc::io_error);
  CHECK(mine->remove("object").code() == errc::file_not_exist);
  CHECK(mine->lost_replies() == 3);
}

TEST_CASE("half of the answers are stale when half of them should be") {
  world w;
  auto mine = w.open({.stale_permille = 500});
  CHECK(listed(*mine, "").empty());
  for (int i = 0; i < 1000; ++i)
    static_cast<void>(listed(*mine, ""));
  CHECK(mine->stale_answers() > 400);
  CHECK(mine->stale_answers() < 600);
}

} // namespace varve::test
