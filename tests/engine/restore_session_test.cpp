#include "engine/restore_session.hpp"

#include <catch2/catch.hpp>

namespace varve {
namespace {

constexpr random_id ours{std::byte{1}}, theirs{std::byte{2}};
using strings = std::vector<std::string>;

} // namespace

TEST_CASE("restore sources are remembered in the order they came, each once, until they are cleared") {
  restore_session session;
  CHECK(session.sources().empty());
  CHECK(session.add({"file:///b", ours}).value());
  CHECK(session.add({"file:///a", ours}).value());
  CHECK_FALSE(session.add({"file:///b", ours}).value());
  CHECK(session.sources() == strings{"file:///b", "file:///a"});
  CHECK(session.clear() == 2);
  CHECK(session.sources().empty());
  CHECK(session.clear() == 0);
}

TEST_CASE("restore sources are of one archive") {
  restore_session session;
  REQUIRE(session.add({"file:///a", ours}).ok());
  auto refused = session.add({"file:///b", theirs});
  REQUIRE(refused.code() == errc::foreign_destination);
  CHECK(refused.error().message.find("file:///b") != std::string::npos);
  CHECK(refused.error().message.find(to_hex(ours)) != std::string::npos);
  CHECK(session.sources() == strings{"file:///a"});
  session.clear();
  CHECK(session.add({"file:///b", theirs}).ok());
}

TEST_CASE("the last preview that was kept is shown, and before the first an empty table that says how to "
          "make one") {
  restore_session session;
  CHECK(session.preview().columns.size() > 5);
  CHECK(session.preview().rows.empty());
  CHECK(session.preview().message.find("RESTORE … FROM … UNTIL '…' PREVIEW") != std::string::npos);
  sql_result first, second;
  first.message = "first";
  second.message = "second";
  session.keep(first);
  session.keep(second);
  CHECK(session.preview().message == "second");
  CHECK(session.preview().message == "second"); // it stays
}

} // namespace varve
