#include "engine/archive_destination.hpp"
#include "engine/format/metadata.hpp"
#include "engine/format/object_name.hpp"
#include "engine/reader/archive_scan.hpp"
#include "tests/harness/temp_dir.hpp"
#include "tests/harness/user_reads.hpp"

#include <catch2/catch.hpp>

#include <fstream>

using namespace varve;
using varve::test::temp_dir;
using varve::test::user_reads;

namespace {

const random_id ours{std::byte{1}}, theirs{std::byte{2}};

struct place {
  temp_dir dir;
  std::filesystem::path path = dir / "archive";
  std::string uri = "file://" + path.string();

  status prepare(const random_id& archive = ours, unix_ns now = 7) const {
    return prepare_destination(open_destination, uri, archive, "test", now);
  }
  std::vector<std::string> objects() const {
    std::vector<std::string> all;
    for (auto& each : std::filesystem::recursive_directory_iterator(path))
      all.push_back(std::filesystem::relative(each.path(), path).string());
    std::sort(all.begin(), all.end());
    return all;
  }
};

} // namespace

TEST_CASE("archive destination: a new directory becomes ours, and nothing but that is left in it") {
  place at;
  REQUIRE(at.prepare().ok());
  CHECK(at.objects() == std::vector<std::string>{"format"});
  auto opened = open_prepared(open_destination, at.uri, ours, "test");
  REQUIRE(opened.ok());
  auto identity = read_identity(**opened);
  REQUIRE(identity.ok());
  CHECK(identity->archive == ours);
  CHECK(identity->created_at == 7);
  CHECK((*opened)->create("t2/x", as_bytes("x")).ok());
}

TEST_CASE("archive destination: our own is accepted again, and stays as it was made") {
  place at;
  REQUIRE(at.prepare(ours, 7).ok());
  REQUIRE(at.prepare(ours, 8).ok());
  CHECK(at.objects() == std::vector<std::string>{"format"});
  auto opened = open_prepared(open_destination, at.uri, ours, "test");
  REQUIRE(opened.ok());
  CHECK(read_identity(**opened)->created_at == 7);
}

TEST_CASE("archive destination: another archive's is refused by both names, and nothing is written to it") {
  place at;
  REQUIRE(at.prepare(theirs).ok());
  auto refused = at.prepare(ours);
  REQUIRE(refused.code() == errc::foreign_destination);
  CHECK(user_reads(refused.error(), at.uri));
  CHECK(user_reads(refused.error(), to_hex(theirs)));
  CHECK(open_prepared(open_destination, at.uri, ours, "test").code() == errc::foreign_destination);
  CHECK(at.objects() == std::vector<std::string>{"format"});
  CHECK(open_prepared(open_destination, at.uri, theirs, "test").ok());
}

TEST_CASE("archive destination: what was not prepared is not opened, and not made either") {
  place at;
  auto gone = open_prepared(open_destination, at.uri, ours, "test");
  REQUIRE(gone.code() == errc::invalid_destination);
  CHECK(user_reads(gone.error(), at.path.string()));
  CHECK_FALSE(std::filesystem::exists(at.path));
  std::filesystem::create_directory(at.path); // as under a file system that is not mounted
  auto empty = open_prepared(open_destination, at.uri, ours, "test");
  REQUIRE(empty.code() == errc::invalid_destination);
  CHECK(user_reads(empty.error(), "mounted"));
  CHECK(at.objects().empty());
}

TEST_CASE("archive destination: a damaged or newer `format` is said to be, and is not replaced") {
  place at;
  REQUIRE(at.prepare().ok());
  auto format = at.path / "format";
  std::filesystem::permissions(format, std::filesystem::perms::owner_all);
  auto damage = GENERATE(false, true);
  if (damage)
    std::ofstream(format, std::ios::in | std::ios::out).seekp(20) << "damaged";
  else
    std::filesystem::resize_file(format, 0);
  auto before = std::filesystem::last_write_time(format);
  CHECK(at.prepare().code() == errc::checksum_error);
  auto opened = open_prepared(open_destination, at.uri, ours, "test");
  REQUIRE(opened.code() == errc::checksum_error);
  CHECK(user_reads(opened.error(), "format"));
  CHECK(std::filesystem::last_write_time(format) == before);
}

TEST_CASE("archive destination: what cannot be a destination is refused with the reason") {
  place at;
  CHECK(prepare_destination(open_destination, "", ours, "test", 7).code() == errc::invalid_destination);
  CHECK(prepare_destination(open_destination, "gopher://x/y", ours, "test", 7).code() != errc::ok);
  auto orphan =
      prepare_destination(open_destination, "file://" + (at.path / "no" / "such").string(), ours, "test", 7);
  REQUIRE(orphan.code() == errc::invalid_destination);
  CHECK(user_reads(orphan.error(), "parent"));
  std::ofstream(at.path) << "a file";
  CHECK(at.prepare().code() == errc::invalid_destination);
}
