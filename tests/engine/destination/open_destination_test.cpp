#include "tests/contract/destination_contract.hpp"
#include "tests/harness/fault_destination.hpp"
#include "tests/harness/temp_dir.hpp"

namespace varve::test {
namespace {

using call = fault_medium::call;

/// A destination that breaks one promise, over one that keeps all.
class unfit_destination : public fault_destination {
public:
  using fault_destination::fault_destination;
  bool replaces = false, forgets_listing = false, keeps_removed = false, garbles = false;

  status create(const object_path& path, bytes_view content) override {
    auto outcome = fault_destination::create(path, content);
    return replaces && outcome.code() == errc::already_exists ? status{} : outcome;
  }
  status list(const std::string& prefix, const std::function<void(const object_info&)>& visit) override {
    return forgets_listing ? status{} : fault_destination::list(prefix, visit);
  }
  result<bytes> read_all(const object_path& path, std::uint64_t size_max) override {
    auto content = fault_destination::read_all(path, size_max);
    if (garbles && content.ok())
      content->back() ^= std::byte{1};
    if (keeps_removed && content.code() == errc::file_not_exist)
      return bytes{};
    return content;
  }
};

} // namespace

TEST_CASE("a writer's tag is 1 to 32 lower-case letters and digits") {
  temp_dir dir("open-destination");
  destination_uri uri{destination_kind::file, dir.string()};
  for (auto& good : names{"a", "9", "w1", std::string(32, 'z')})
    CHECK(open_destination(uri, open_mode::create_if_needed, good).ok());
  for (auto& bad : names{"", "A", "a/b", "a-b", "..", std::string(33, 'z')}) {
    INFO(bad);
    CHECK(open_destination(uri, open_mode::create_if_needed, bad).code() == errc::invalid_argument);
  }
}

TEST_CASE("a destination describes itself by its URI") {
  temp_dir dir("open-destination");
  destination_uri uri{destination_kind::file, dir.string()};
  auto opened = open_destination(uri, open_mode::read_only, "w1").value();
  CHECK(opened->describe() == uri.to_string());
  CHECK(opened->traits().create_if_absent);
  CHECK(opened->traits().append);
  CHECK(opened->traits().durable);
}

TEST_CASE("the probe refuses a name that is no folder's") {
  std::mt19937_64 seeds(1);
  fault_destination where(std::make_shared<fault_medium>(seeds));
  CHECK(probe_destination(where, "").code() == errc::invalid_argument);
  CHECK(probe_destination(where, "../probe").code() == errc::invalid_argument);
}

TEST_CASE("the probe names the promise that a destination breaks, and leaves nothing there") {
  std::mt19937_64 seeds(1);
  auto medium = std::make_shared<fault_medium>(seeds);
  unfit_destination where(medium);
  std::string words;
  SECTION("a taken name is created again") {
    where.replaces = true;
    words = "taken name";
  }
  SECTION("a new object is not listed") {
    where.forgets_listing = true;
    words = "not list";
  }
  SECTION("a removed object is still read") {
    where.keeps_removed = true;
    words = "removed";
  }
  SECTION("other bytes are read than were written") {
    where.garbles = true;
    words = "read back";
  }
  auto probed = probe_destination(where, "probe");
  REQUIRE(probed.code() == errc::invalid_destination);
  CHECK_THAT(probed.error().message, Catch::Contains(words));
  CHECK(medium->paths().empty());
}

TEST_CASE("whichever call of the probe fails, the probe fails") {
  std::mt19937_64 seeds(1);
  auto total = [&] {
    auto medium = std::make_shared<fault_medium>(seeds);
    fault_destination where(medium);
    REQUIRE(probe_destination(where, "probe").ok());
    return medium->calls();
  }();
  REQUIRE(total > 10);
  for (std::uint64_t failing = 0; failing < total; ++failing) {
    INFO("call " << failing);
    auto medium = std::make_shared<fault_medium>(seeds);
    medium->plan({.let_through = failing});
    fault_destination where(medium);
    CHECK(probe_destination(where, "probe").code() == errc::io_error);
    CHECK(medium->faults() == 1);
  }
}

} // namespace varve::test
