#include "tests/harness/view_world.hpp"

#include <limits>

using namespace varve;
using test::fill;
using test::view_world;

namespace {

/// A catalog that cannot be read after so many reads.
class failing_snapshot final : public catalog_snapshot {
public:
  failing_snapshot(std::shared_ptr<const catalog_snapshot> whole, unsigned reads_left)
      : whole_(std::move(whole)), left_(reads_left) {}
  result<std::optional<std::string>> get(std::string_view key) const override {
    if (spent())
      return why();
    return whole_->get(key);
  }
  status scan(std::string_view prefix,
              const std::function<bool(std::string_view, std::string_view)>& visit) const override {
    if (spent())
      return why();
    return whole_->scan(prefix, visit);
  }
  unsigned reads() const { return reads_; }

private:
  bool spent() const { return ++reads_ > left_; }
  static error why() { return fail(errc::catalog_error, "the catalog cannot be read"); }
  std::shared_ptr<const catalog_snapshot> whole_;
  unsigned left_;
  mutable unsigned reads_ = 0;
};

} // namespace

TEST_CASE("a catalog that cannot be read is the error of every view that needs it, never a view with less") {
  view_world world;
  fill(world, 2, 3);
  for (const auto& shape : all_views()) {
    INFO(shape.name);
    auto text = "SELECT * FROM " + std::string(shape.name);
    auto read = [&](unsigned reads_left, unsigned& reads) {
      auto input = world.input();
      auto snapshot = std::make_shared<failing_snapshot>(input.catalog, reads_left);
      input.catalog = snapshot;
      auto table = run_select(text, input);
      reads = snapshot->reads();
      return table;
    };
    unsigned needed = 0;
    REQUIRE(read(std::numeric_limits<unsigned>::max(), needed).ok());
    for (unsigned n = 0; n < needed; ++n) {
      unsigned reads = 0;
      auto refused = read(n, reads);
      REQUIRE_FALSE(refused.ok());
      CHECK(refused.code() == errc::catalog_error);
      CHECK(refused.error().message == "the catalog cannot be read");
    }
  }
}
