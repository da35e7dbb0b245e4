#include "tests/fuzz/fuzz_target.hpp"
#include "tests/fuzz/promises.hpp"
#include "tests/harness/sanitized.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

// The fuzzer's targets as tests: every seed and every input of the committed corpus, cut off at every length,
// with every byte changed, and with seeded mutations. The fuzzer itself is tests/fuzz/run.

namespace varve::fuzz {
namespace {

const std::filesystem::path corpus{VARVE_SOURCE_DIR "/tests/fuzz/corpus"};

struct input {
  std::string name;
  bytes content;
};

std::vector<input> inputs_of(const fuzz_target& target) {
  std::vector<input> found;
  for (auto& seed : target.seeds())
    found.push_back({"seed " + std::to_string(found.size() + 1), seed});
  if (auto folder = corpus / target.name; std::filesystem::exists(folder))
    for (auto& file : std::filesystem::directory_iterator(folder)) {
      std::ifstream in(file.path(), std::ios::binary);
      std::ostringstream text;
      text << in.rdbuf();
      found.push_back({file.path().filename().string(), to_bytes(as_bytes(text.str()))});
    }
  std::sort(found.begin(), found.end(), [](auto& a, auto& b) { return a.name < b.name; });
  return found;
}

/// Runs one input; a broken promise ends the test and shows the input.
void try_input(const fuzz_target& target, const std::string& name, bytes_view content) {
  try {
    target.run(content);
  } catch (const std::exception& broken) {
    INFO("target " << target.name << ", made from " << name << ", in hex: " << to_hex(content));
    FAIL(broken.what());
  }
}

/// What a mutated input is made of: another input's bytes, single bits, runs that repeat, numbers at limits.
bytes mutated(bytes content, const std::vector<input>& others, std::mt19937_64& random) {
  auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  auto at = [&] { return static_cast<std::ptrdiff_t>(below(content.size() + 1)); };
  for (auto steps = 1 + below(4); steps > 0; --steps) {
    switch (below(6)) {
    case 0:
      if (!content.empty())
        content[below(content.size())] ^= static_cast<std::byte>(1u << below(8));
      break;
    case 1:
      content.insert(content.begin() + at(), 1 + below(8), static_cast<std::byte>(below(256)));
      break;
    case 2: {
      auto begin = at(), end = at();
      content.erase(content.begin() + std::min(begin, end), content.begin() + std::max(begin, end));
      break;
    }
    case 3: {
      auto& other = others[below(others.size())].content;
      auto from = below(other.size() + 1), count = below(other.size() - from + 1);
      auto part = bytes_view(other).subspan(from, count);
      content.insert(content.begin() + at(), part.begin(), part.end());
      break;
    }
    case 4:
      for (auto i = below(content.size() + 1), end = std::min(content.size(), i + 8); i < end; ++i)
        content[i] = std::byte{0xff};
      break;
    default:
      for (auto i = below(content.size() + 1), end = std::min(content.size(), i + 4); i < end; ++i)
        content[i] = static_cast<std::byte>(below(256));
    }
  }
  return content;
}

/// How much a test does.
constexpr std::size_t share = test::sanitized ? 10 : 1;
/// So many inputs a target, spread evenly over what there is.
constexpr std::size_t changed_inputs = 30'000 / share, mutations = 10'000 / share;

void try_all(std::string_view name) {
  auto* target = find_target(name);
  REQUIRE(target);
  auto inputs = inputs_of(*target);
  REQUIRE_FALSE(inputs.empty());
  std::size_t total = 0;
  for (auto& x : inputs) {
    total += x.content.size();
    try_input(*target, x.name, x.content);
  }
  try_input(*target, "nothing", {});
  auto stride = std::max<std::size_t>(1, 2 * total * target->slowness / changed_inputs);
  std::size_t turn = 0;
  for (auto& x : inputs) {
    auto changed = x.content;
    for (std::size_t at = 0; at < changed.size(); ++at, ++turn) {
      if (turn % stride != 0)
        continue;
      try_input(*target, x.name + " cut at " + std::to_string(at), bytes_view(changed).first(at));
      auto bit = static_cast<std::byte>(1u << turn / stride % 8);
      changed[at] ^= bit;
      try_input(*target, x.name + " changed at " + std::to_string(at), changed);
      changed[at] ^= bit;
    }
  }
  std::mt19937_64 random(20210430);
  for (std::size_t i = 0; i < mutations / target->slowness; ++i) {
    auto& x = inputs[random() % inputs.size()];
    auto made = mutated(x.content, inputs, random);
    made.resize(std::min(made.size(), target->input_bytes_max));
    try_input(*target, x.name + " mutated", made);
  }
}

} // namespace

TEST_CASE("bytes that begin like a block are read as written or refused by name", "[block]") {
  try_all("block");
}
TEST_CASE("a block whose checksums hold is read as written or refused by name", "[block]") {
  try_all("sealed_block");
}
TEST_CASE("a segment of any bytes is read as far as it is whole, and what is not is named with its offset",
          "[segment]") {
  try_all("segment");
}
TEST_CASE("a segment whose checksums hold is read as far as it is whole, by verify and inspect alike",
          "[segment]") {
  try_all("sealed_segment");
}
TEST_CASE("an object is decoded to what encodes to the same bytes, or refused by name", "[metadata]") {
  try_all("metadata");
}
TEST_CASE("an object with a checksum that holds and any fields is decoded to what encodes to the same bytes, "
          "or refused",
          "[metadata]") {
  try_all("sealed_metadata");
}
TEST_CASE("whatever an object with right checksums says, a restore gives only what was written, in order and "
          "without a gap",
          "[archive]") {
  try_all("archive");
}
TEST_CASE("only the exact spelling is the name of an object", "[name]") {
  try_all("object_name");
}
TEST_CASE("a URI is read to what is written the same, or refused without repeating credentials", "[name]") {
  try_all("destination_uri");
}
TEST_CASE("a record of the catalog is read to what is written with the same bytes, or refused by name",
          "[catalog]") {
  try_all("catalog");
}
TEST_CASE(
    "a record with a checksum that holds and any fields is read or refused, and no view stumbles over it",
    "[catalog]") {
  try_all("sealed_catalog");
}
TEST_CASE("a text is refused with its place or parsed to statements, which the prompt cuts out one by one",
          "[statement]") {
  try_all("statement");
}
TEST_CASE("a value is refused in plain words or written so that it reads the same", "[option]") {
  try_all("option");
}
TEST_CASE("any SELECT is answered or refused within its limits", "[select]") {
  try_all("select");
}

TEST_CASE("every target is a test here and has a corpus") {
  CHECK(fuzz_targets().size() == 14);
  for (auto& target : fuzz_targets()) {
    INFO("tests/fuzz/run --keep " << target.name << " makes it");
    std::error_code gone;
    std::filesystem::directory_iterator files(corpus / target.name, gone);
    CHECK(files != std::filesystem::directory_iterator{});
  }
  for (auto& folder : std::filesystem::directory_iterator(corpus))
    CHECK(find_target(folder.path().filename().string()) != nullptr);
}

} // namespace varve::fuzz
