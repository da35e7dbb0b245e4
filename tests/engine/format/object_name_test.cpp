#include "engine/format/object_name.hpp"

#include <catch2/catch.hpp>

#include <random>

using namespace varve;

TEST_CASE("every name is spelled as the page says, and parses back") {
  const piece_key piece{round_id{1}, piece_id{3}};
  const struct {
    object_name name;
    const char* path;
  } cases[] = {
      {format_name{}, "format"},
      {commit_name{tenant_id{1001}, commit_seq{42}}, "t1001/commits/00000000000000000042"},
      {commit_name{tenant_id{0}, commit_seq{0}}, "t0/commits/00000000000000000000"},
      {commit_name{tenant_id{1}, commit_seq{~std::uint64_t{0}}}, "t1/commits/18446744073709551615"},
      {round_end_name{tenant_id{1001}, round_id{12}, epoch{7}}, "t1001/rounds/12-00000000000000000007"},
      {piece_list_name{tenant_id{1001}, epoch{7}, 9}, "t1001/lists/00000000000000000007-00000009"},
      {piece_start_name{tenant_id{1001}, piece, epoch{7}}, "t1001/r1_p3/start-00000000000000000007"},
      {segment_name{tenant_id{1001}, piece, epoch{7}, 1}, "t1001/r1_p3/seg-00000000000000000007-00000001"},
      {segment_name{tenant_id{1001}, piece, epoch{7}, 99'999'999},
       "t1001/r1_p3/seg-00000000000000000007-99999999"},
      {index_name{tenant_id{1001}, piece, epoch{7}, 2}, "t1001/r1_p3/index-00000000000000000007-00000002"},
      {seal_name{tenant_id{1001}, piece, epoch{7}}, "t1001/r1_p3/seal-00000000000000000007"},
      {seal_name{tenant_id{1001}, {round_id{1}, piece_id{0}}, epoch{7}},
       "t1001/r1_p0/seal-00000000000000000007"},
  };
  for (auto& x : cases) {
    CHECK(to_path(x.name) == x.path);
    auto parsed = parse_object_name(x.path);
    REQUIRE(parsed);
    CHECK(*parsed == x.name);
  }
}

TEST_CASE("a name that is almost one is none") {
  for (auto path : {"",
                    "/",
                    "Format",
                    "format ",
                    "format/",
                    "/format",
                    "formats",
                    "t1001",
                    "t1001/",
                    "t1001/commits",
                    "t1001/commits/",
                    "t1001/commits/42",                    // not 20 digits
                    "t1001/commits/0000000000000000042",   // 19
                    "t1001/commits/000000000000000000042", // 21
                    "t1001/commits/0000000000000000004x",
                    "t1001/commits/+0000000000000000042",
                    "t1001/commits/-0000000000000000042",
                    "t1001/commits/0x000000000000000042",
                    "t1001/commits/00000000000000000042.tmp",
                    "t1001/commits/00000000000000000042/",
                    "t1001/commits/00000000000000000042\n",
                    "t1001//commits/00000000000000000042",
                    "t1001/Commits/00000000000000000042",
                    "t1001/commit/00000000000000000042",
                    "t1001/commits/18446744073709551616", // past 64 bits
                    "T1001/commits/00000000000000000042",
                    "1001/commits/00000000000000000042",
                    "t01001/commits/00000000000000000042", // a leading zero
                    "t/commits/00000000000000000042",
                    "t-1/commits/00000000000000000042",
                    "t18446744073709551616/commits/00000000000000000042",
                    "./t1001/commits/00000000000000000042",
                    "t1001/rounds/1",
                    "t1001/rounds/0-00000000000000000007",
                    "t1001/rounds/01-00000000000000000007",
                    "t1001/rounds/1-00000000000000000000",
                    "t1001/rounds/1_00000000000000000007",
                    "t1001/rounds/-00000000000000000007",
                    "t1001/lists/00000000000000000007",
                    "t1001/lists/00000000000000000007-9",
                    "t1001/lists/00000000000000000007-00000000",
                    "t1001/lists/00000000000000000007-000000009",
                    "t1001/lists/00000000000000000007-4294967296",
                    "t1001/r1_p3",
                    "t1001/r1_p3/",
                    "t1001/r1/seal-00000000000000000007",
                    "t1001/r0_p3/seal-00000000000000000007",
                    "t1001/r1_p03/seal-00000000000000000007",
                    "t1001/r01_p3/seal-00000000000000000007",
                    "t1001/r1-p3/seal-00000000000000000007",
                    "t1001/r1_p/seal-00000000000000000007",
                    "t1001/r_p3/seal-00000000000000000007",
                    "t1001/r1_p3/seal-00000000000000000000",
                    "t1001/r1_p3/seal-7",
                    "t1001/r1_p3/seal-00000000000000000007-00000001",
                    "t1001/r1_p3/seal",
                    "t1001/r1_p3/seals-00000000000000000007",
                    "t1001/r1_p3/start-00000000000000000007-00000001",
                    "t1001/r1_p3/start_00000000000000000007",
                    "t1001/r1_p3/seg-00000000000000000007",
                    "t1001/r1_p3/seg-00000000000000000007-",
                    "t1001/r1_p3/seg-00000000000000000007-0000001",
                    "t1001/r1_p3/seg-00000000000000000007_00000001",
                    "t1001/r1_p3/seg-00000000000000000007-00000001.tmp",
                    "t1001/r1_p3/index-00000000000000000007",
                    "t1001/r1_p3/x/seg-00000000000000000007-00000001"}) {
    INFO(path);
    CHECK_FALSE(parse_object_name(path));
  }
  CHECK_FALSE(parse_object_name(std::string_view("format\0", 7)));
}

TEST_CASE("whatever parses is spelled exactly so, also after random changes to a good name") {
  std::mt19937_64 random(11);
  const std::string good[] = {"format",
                              "t1001/commits/00000000000000000042",
                              "t1001/rounds/12-00000000000000000007",
                              "t1001/lists/00000000000000000007-00000009",
                              "t1001/r1_p3/start-00000000000000000007",
                              "t1001/r1_p3/seg-00000000000000000007-00000001"};
  const std::string_view letters = "0123456789-_/.trpsegalnidxc ";
  std::size_t accepted = 0, refused = 0;
  for (int i = 0; i < 20'000; ++i) {
    auto path = good[random() % std::size(good)];
    for (auto changes = 1 + random() % 2; changes > 0; --changes) {
      auto at = random() % path.size();
      auto letter = letters[random() % letters.size()];
      switch (random() % 3) {
      case 0:
        path[at] = letter;
        break;
      case 1:
        path.insert(at, 1, letter);
        break;
      default:
        path.erase(at, 1);
        break;
      }
      if (path.empty())
        break;
    }
    if (auto parsed = parse_object_name(path)) {
      ++accepted;
      CHECK(to_path(*parsed) == path);
    } else {
      ++refused;
    }
  }
  CHECK(accepted > 100);
  CHECK(refused > 1000);
}

TEST_CASE("a path is of one kind of object, and one that is no name is of none") {
  auto seal = to_path(seal_name{tenant_id{1}, {round_id{1}, piece_id{3}}, epoch{5}});
  CHECK(is_path_of<seal_name>(seal));
  CHECK_FALSE(is_path_of<segment_name>(seal));
  CHECK_FALSE(is_path_of<seal_name>(seal + "x"));
}

TEST_CASE("folders are the names' beginnings, and a tenant's folder parses back") {
  CHECK(tenant_folder(tenant_id{1001}) == "t1001");
  CHECK(commits_folder(tenant_id{1001}) == "t1001/commits");
  CHECK(piece_folder(tenant_id{1001}, {round_id{1}, piece_id{3}}) == "t1001/r1_p3");
  CHECK(parse_tenant_folder("t1001") == tenant_id{1001});
  CHECK(parse_tenant_folder("t0") == tenant_id{0});
  for (auto folder : {"", "t", "t01", "T1", "t1/", "t1 ", "1", "t18446744073709551616"}) {
    INFO(folder);
    CHECK_FALSE(parse_tenant_folder(folder));
  }
}
