#include "engine/format/object_name.hpp"
#include "engine/reader/archive_scan.hpp"
#include "tests/engine/reader/reader_fixture.hpp"

#include <catch2/catch.hpp>

namespace varve::test {
namespace {

object_path commit_path(std::uint64_t seq) {
  return to_path(commit_name{tenant, commit_seq{seq}});
}

/// An archive whose newest commit is number 4: takeover, two with log, one empty.
void build_four_commits(archive_builder& builder) {
  builder.begin_round(1000, 0);
  builder.open_stream(s1, 0);
  append_round_robin(builder, {s1}, 5, 1000);
  builder.cut_all();
  builder.commit(1010);
  append_round_robin(builder, {s1}, 5, 2000);
  builder.cut_all();
  builder.commit(2010);
  builder.commit(2020);
}

} // namespace

TEST_CASE("the identity of an archive is read, and its absence and damage are told apart") {
  reader_fixture fixture;
  CHECK(read_identity(*fixture.where).code() == errc::file_not_exist);
  auto builder = fixture.builder();
  auto identity = read_identity(*fixture.where);
  REQUIRE(identity.ok());
  CHECK(identity->archive == builder.settings().archive);
  fixture.flip("format", 70);
  CHECK(read_identity(*fixture.where).code() == errc::checksum_error);
}

TEST_CASE("tenants are the folders that are named like one") {
  reader_fixture fixture;
  archive_builder::options other;
  other.tenant = tenant_id{7};
  auto builder = fixture.builder();
  auto second = fixture.builder(other);
  REQUIRE(fixture.where->create("lost+found/x", as_bytes("x")).code() == errc::invalid_argument);
  REQUIRE(fixture.where->create("t01/x", as_bytes("x")).ok());
  auto tenants = list_tenants(*fixture.where);
  REQUIRE(tenants.ok());
  CHECK(*tenants == std::vector<tenant_id>{tenant_id{7}, tenant_id{1001}});
}

TEST_CASE("the newest commit is the one with the highest number, with the digest of its bytes") {
  reader_fixture fixture;
  auto none = read_newest_commit(*fixture.where, tenant, {});
  REQUIRE(none.ok());
  CHECK_FALSE(*none);
  auto builder = fixture.builder();
  build_four_commits(builder);
  auto found = read_newest_commit(*fixture.where, tenant, {.archive = &builder.settings().archive});
  REQUIRE(found.ok());
  CHECK((*found)->record == builder.newest());
  CHECK((*found)->digest == digest_of(fixture.content(commit_path(4))));
  CHECK((*found)->fallback.empty());
}

TEST_CASE("a damaged newest commit is bytes missing; only a reader that allows it goes by the one before and "
          "says so") {
  reader_fixture fixture;
  auto builder = fixture.builder();
  build_four_commits(builder);
  fixture.flip(commit_path(4), 100);
  auto strict = read_newest_commit(*fixture.where, tenant, {});
  REQUIRE(strict.code() == errc::bytes_missing);
  CHECK_THAT(strict.error().message, Catch::Contains(commit_path(4)));
  auto found = read_newest_commit(*fixture.where, tenant, {.allow_previous = true});
  REQUIRE(found.ok());
  CHECK((*found)->record.seq == commit_seq{3});
  CHECK_THAT((*found)->fallback, Catch::Contains("commit 3") && Catch::Contains(commit_path(4)));
}

TEST_CASE("two damaged commits are too many for every reader") {
  reader_fixture fixture;
  auto builder = fixture.builder();
  build_four_commits(builder);
  fixture.cut_to(commit_path(4), 10);
  fixture.zero(commit_path(3), 0, 64);
  CHECK(read_newest_commit(*fixture.where, tenant, {.allow_previous = true}).code() == errc::bytes_missing);
}

TEST_CASE("a commit whose predecessor is gone or has other bytes is not proved") {
  reader_fixture fixture;
  auto builder = fixture.builder();
  build_four_commits(builder);
  fixture.drop(commit_path(3));
  auto strict = read_newest_commit(*fixture.where, tenant, {});
  REQUIRE(strict.code() == errc::bytes_missing);
  CHECK_THAT(strict.error().message, Catch::Contains("follows a commit that is not there"));
  auto lenient = read_newest_commit(*fixture.where, tenant, {.allow_previous = true});
  REQUIRE(lenient.ok());
  CHECK((*lenient)->record.seq == commit_seq{4});
  CHECK_THAT((*lenient)->fallback, Catch::Contains("not proved"));

  auto other = commit_mark(tenant, commit_seq{3});
  REQUIRE(fixture.where->create(commit_path(3), encode(builder.settings().archive, other)).ok());
  CHECK(read_newest_commit(*fixture.where, tenant, {}).code() == errc::bytes_missing);
}

TEST_CASE("a beginning counts until its mark is there; a stray beside it, above number 1, is nothing") {
  reader_fixture fixture;
  auto builder = fixture.builder();
  auto alone = read_newest_commit(*fixture.where, tenant, {});
  REQUIRE(alone.ok());
  CHECK((*alone)->record.seq == commit_seq{1});
  auto mark = encode(builder.settings().archive, commit_mark(tenant, commit_seq{0}));
  REQUIRE(fixture.where->create(commit_path(0), mark).ok());
  CHECK(read_newest_commit(*fixture.where, tenant, {}).code() == errc::bytes_missing);

  auto archive = builder.settings().archive;
  auto beginning = (*alone)->record;
  beginning.seq = commit_seq{9};
  beginning.epoch = epoch{9};
  REQUIRE(fixture.where->create(commit_path(9), encode(archive, beginning)).ok());
  CHECK(read_newest_commit(*fixture.where, tenant, {}).ok());
  auto stray = beginning;
  stray.seq = commit_seq{8};
  stray.epoch = epoch{8};
  REQUIRE(fixture.where->create(commit_path(8), encode(archive, stray)).ok());
  auto found = read_newest_commit(*fixture.where, tenant, {});
  REQUIRE(found.ok());
  CHECK((*found)->record.seq == commit_seq{9});
  fixture.drop(commit_path(8));
  REQUIRE(fixture.where->create(commit_path(8), encode(archive, commit_mark(tenant, commit_seq{8}))).ok());
  CHECK(read_newest_commit(*fixture.where, tenant, {}).code() == errc::bytes_missing);
}

TEST_CASE("marks alone say that the commits are gone") {
  reader_fixture fixture;
  auto builder = fixture.builder();
  build_four_commits(builder);
  for (std::uint64_t seq = 1; seq <= 4; ++seq)
    fixture.drop(commit_path(seq));
  auto mark = encode(builder.settings().archive, commit_mark(tenant, commit_seq{0}));
  REQUIRE(fixture.where->create(commit_path(0), mark).ok());
  auto found = read_newest_commit(*fixture.where, tenant, {.allow_previous = true});
  REQUIRE(found.code() == errc::bytes_missing);
  CHECK_THAT(found.error().message, Catch::Contains("mark"));
}

TEST_CASE("a commit that vanishes while it is read is looked for again") {
  // The newest commit of the first listing is deleted before it is read; a newer one is there by then.
  struct racing : memory_destination {
    using memory_destination::memory_destination;
    result<bytes> read_all(const object_path& path, std::uint64_t size_max) override {
      if (race)
        std::exchange(race, nullptr)();
      return memory_destination::read_all(path, size_max);
    }
    std::function<void()> race;
  };
  reader_fixture fixture;
  auto builder = fixture.builder();
  build_four_commits(builder);
  racing where("racing", fixture.store);
  where.race = [&] {
    builder.commit(2030);
    builder.commit(2040);
    fixture.drop(commit_path(4));
  };
  auto found = read_newest_commit(where, tenant, {});
  REQUIRE(found.ok());
  CHECK((*found)->record.seq == commit_seq{6});
}

TEST_CASE("a commit of another archive, or under the wrong name, is refused") {
  reader_fixture fixture;
  auto builder = fixture.builder();
  build_four_commits(builder);
  random_id other{std::byte{0xee}};
  CHECK(read_newest_commit(*fixture.where, tenant, {.archive = &other}).code() == errc::foreign_destination);
  fixture.content(commit_path(4)) = fixture.content(commit_path(2));
  auto misnamed = read_newest_commit(*fixture.where, tenant, {});
  REQUIRE(misnamed.code() == errc::bytes_missing);
  CHECK_THAT(misnamed.error().message, Catch::Contains("holds commit 2"));
  auto of_other = builder.newest();
  of_other.tenant = tenant_id{7};
  fixture.put(commit_path(4), encode(builder.settings().archive, of_other));
  misnamed = read_newest_commit(*fixture.where, tenant, {});
  REQUIRE(misnamed.code() == errc::bytes_missing);
  CHECK_THAT(misnamed.error().message, Catch::Contains("holds commit 4 of tenant 7"));
}

TEST_CASE("what is no commit does not count in the folder of commits") {
  reader_fixture fixture;
  auto builder = fixture.builder();
  build_four_commits(builder);
  REQUIRE(fixture.where->create("t1001/commits/99999999999999999999x", as_bytes("x")).ok());
  REQUIRE(fixture.where->create("t1001/commits/note.txt", as_bytes("x")).ok());
  auto commits = list_commits(*fixture.where, tenant);
  REQUIRE(commits.ok());
  CHECK(*commits == std::vector<commit_seq>{commit_seq{1}, commit_seq{2}, commit_seq{3}, commit_seq{4}});
}

TEST_CASE("a predecessor that the medium calls too large to be a commit does not prove the newest") {
  struct refusing : memory_destination {
    using memory_destination::memory_destination;
    result<bytes> read_all(const object_path& path, std::uint64_t size_max) override {
      return memory_destination::read_all(path, path == commit_path(3) ? 1 : size_max);
    }
  };
  reader_fixture fixture;
  auto builder = fixture.builder();
  build_four_commits(builder);
  refusing where("refusing", fixture.store);
  auto found = read_newest_commit(where, tenant, {});
  REQUIRE(found.code() == errc::bytes_missing);
  CHECK_THAT(found.error().message, Catch::Contains(commit_path(3) + " is missing or damaged"));
}

TEST_CASE("a damaged object before a beginning is no mark: the beginning counts") {
  reader_fixture fixture;
  auto builder = fixture.builder();
  auto beginning = builder.newest();
  beginning.seq = commit_seq{9};
  beginning.epoch = epoch{9};
  REQUIRE(fixture.where->create(commit_path(9), encode(builder.settings().archive, beginning)).ok());
  REQUIRE(fixture.where->create(commit_path(8), as_bytes("not a commit")).ok());
  auto found = read_newest_commit(*fixture.where, tenant, {});
  REQUIRE(found.ok());
  CHECK((*found)->record.seq == commit_seq{9});
}

TEST_CASE(
    "commits that are replaced faster than they can be read are given up, and so are commits that vanish") {
  reader_fixture fixture;
  auto builder = fixture.builder();
  build_four_commits(builder);
  racing_destination where(fixture.store);
  SECTION("a newer one at each look") {
    unsigned looks = 0;
    where.meanwhile = [&](auto& path) {
      if (path != commit_path(builder.newest().seq.value))
        return;
      builder.commit(3000);
      fixture.drop(path);
      ++looks;
    };
    auto found = read_newest_commit(where, tenant, {});
    REQUIRE(found.code() == errc::bytes_missing);
    CHECK_THAT(found.error().message, Catch::Contains("no commit could be relied on"));
    CHECK(looks == 16);
  }
  SECTION("all at once") {
    where.meanwhile = [&](auto& path) {
      if (path != commit_path(4))
        return;
      for (auto& each : fixture.paths("/commits/"))
        fixture.drop(each);
    };
    auto found = read_newest_commit(where, tenant, {});
    REQUIRE(found.code() == errc::bytes_missing);
    CHECK_THAT(found.error().message, Catch::Contains("the commits have vanished"));
  }
}

TEST_CASE("where the newest commit is damaged, the one before it is looked for anew if it vanishes, and is "
          "no mark") {
  reader_fixture fixture;
  auto builder = fixture.builder();
  build_four_commits(builder);
  fixture.flip(commit_path(4), 100);
  SECTION("it vanishes, since newer ones have come") {
    racing_destination where(fixture.store);
    bool at_the_fallback = false;
    where.meanwhile = [&](auto& path) {
      if (path != commit_path(3) || std::exchange(at_the_fallback, true))
        return;
      builder.commit(3000);
      builder.commit(3010);
      fixture.drop(path);
    };
    auto found = read_newest_commit(where, tenant, {.allow_previous = true});
    REQUIRE(found.ok());
    CHECK(at_the_fallback);
    CHECK((*found)->record.seq == commit_seq{6});
    CHECK((*found)->fallback.empty());
  }
  SECTION("it is a mark") {
    fixture.put(commit_path(3), encode(builder.settings().archive, commit_mark(tenant, commit_seq{3})));
    auto found = read_newest_commit(*fixture.where, tenant, {.allow_previous = true});
    REQUIRE(found.code() == errc::bytes_missing);
    CHECK_THAT(found.error().message, Catch::Contains(commit_path(4)));
  }
}

TEST_CASE("a referenced object is proved by its digest") {
  reader_fixture fixture;
  REQUIRE(fixture.where->create("a/b", as_bytes("content")).ok());
  CHECK(read_referenced(*fixture.where, "a/b", digest_of(as_bytes("content")), "x").ok());
  auto other = read_referenced(*fixture.where, "a/b", digest_of(as_bytes("Content")), "commit 9");
  REQUIRE(other.code() == errc::checksum_error);
  CHECK_THAT(other.error().message, Catch::Contains("a/b") && Catch::Contains("commit 9"));
  auto absent = read_referenced(*fixture.where, "a/c", digest_of(as_bytes("content")), "commit 9");
  REQUIRE(absent.code() == errc::bytes_missing);
  CHECK_THAT(absent.error().message, Catch::Contains("a/c"));
}

} // namespace varve::test
