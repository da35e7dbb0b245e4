#pragma once

#include "catalog/catalog.hpp"
#include "tests/harness/catalog_samples.hpp"

#include <catch2/catch.hpp>

namespace varve::test {

/// Every answer a snapshot can give, for comparing two of them.
struct catalog_answers {
  std::optional<catalog_identity> identity;
  std::vector<setting_record> settings;
  std::vector<tenant_record> tenants;
  std::vector<round_status_record> statuses;
  std::vector<round_history_record> history;
  std::vector<piece_record> pieces;
  std::vector<std::vector<stream_record>> streams;
  std::vector<std::vector<lag_sample>> lag;
  std::vector<std::vector<outbox_record>> outbox;
  std::vector<std::vector<writer_record>> writers;
  std::vector<std::optional<round_status_record>> status_of;
  std::vector<std::pair<std::string, std::string>> raw;
  friend bool operator==(const catalog_answers&, const catalog_answers&) = default;
};

inline catalog_answers all_answers(const catalog_snapshot& at) {
  catalog_answers x;
  x.identity = at.identity().value();
  x.settings = at.settings().value();
  x.tenants = at.tenants().value();
  x.statuses = at.round_statuses().value();
  x.history = at.round_history().value();
  x.pieces = at.pieces().value();
  for (std::uint64_t t = 1000; t < 1005; ++t) {
    x.streams.push_back(at.streams(tenant_id{t}).value());
    x.lag.push_back(at.lag_samples(tenant_id{t}).value());
    x.outbox.push_back(at.outbox(tenant_id{t}).value());
    x.writers.push_back(at.writers(tenant_id{t}).value());
    x.status_of.push_back(at.round_status(tenant_id{t}).value());
  }
  REQUIRE(at.scan("", [&](std::string_view key, std::string_view value) {
              x.raw.emplace_back(key, value);
              return true;
            }).ok());
  return x;
}

/// A seeded change set of up to a few dozen changes of all kinds.
inline change_set random_changes(record_source& from) {
  change_set changes;
  for (auto n = 1 + from.below(30); n > 0; --n) {
    switch (from.below(60)) {
    case 0:
      changes.erase_archived_facts();
      break;
    case 1:
      changes.put(from.record<catalog_identity>());
      break;
    case 2:
    case 3:
      changes.erase_setting(tenant_id{0}, "option_" + std::to_string(from.below(6)));
      break;
    case 4:
    case 5:
      changes.erase_outbox(from.tenant(), from.below(6));
      break;
    case 6:
    case 7:
      changes.erase_stream(from.tenant(), stream_id{from.below(8)});
      break;
    case 8: {
      change_set later;
      later.put(from.record<piece_record>());
      if (from.flag())
        later.erase_archived_facts();
      later.put(from.record<setting_record>());
      changes.merge(std::move(later));
      break;
    }
    default:
      switch (from.below(9)) {
      case 0:
        changes.put(from.record<setting_record>());
        break;
      case 1:
        changes.put(from.record<tenant_record>());
        break;
      case 2:
        changes.put(from.record<round_status_record>());
        break;
      case 3:
        changes.put(from.record<round_history_record>());
        break;
      case 4:
        changes.put(from.record<piece_record>());
        break;
      case 5:
        changes.put(from.record<stream_record>());
        break;
      case 6:
        changes.put(from.record<lag_sample>());
        break;
      case 7:
        changes.put(from.record<outbox_record>());
        break;
      case 8:
        changes.put(from.record<writer_record>());
        break;
      }
    }
  }
  return changes;
}

/// What every catalog promises. `empty` is one without records. Call it from a TEST_CASE of the
/// implementation.
inline void check_catalog_contract(catalog& empty) {
  auto apply = [&](const change_set& changes) { REQUIRE(empty.apply(changes, durability::buffered).ok()); };
  auto filled = [&] {
    change_set all;
    all.put(sample_record<catalog_identity>());
    all.put(sample_record<setting_record>());
    all.put(sample_record<tenant_record>());
    all.put(sample_record<round_status_record>());
    all.put(sample_record<round_history_record>());
    all.put(sample_record<piece_record>());
    all.put(sample_record<stream_record>());
    all.put(sample_record<lag_sample>());
    all.put(sample_record<outbox_record>());
    all.put(sample_record<writer_record>());
    apply(all);
  };
  const tenant_id tenant{1001};

  SECTION("an empty catalog has nothing, without error") {
    auto at = empty.snapshot();
    CHECK(!at->identity().value());
    CHECK(!at->setting(tenant_id{0}, "backup_dest").value());
    CHECK(!at->round_status(tenant).value());
    CHECK(all_answers(*at).raw.empty());
  }
  SECTION("every record kind comes back as it was put") {
    filled();
    auto at = empty.snapshot();
    CHECK(at->identity().value() == sample_record<catalog_identity>());
    CHECK(at->setting(tenant_id{0}, "backup_dest").value() == "file:///b");
    CHECK(!at->setting(tenant, "backup_dest").value());
    CHECK(at->settings().value() == std::vector{sample_record<setting_record>()});
    CHECK(at->tenants().value() == std::vector{sample_record<tenant_record>()});
    CHECK(at->round_status(tenant).value() == sample_record<round_status_record>());
    CHECK(at->round_statuses().value() == std::vector{sample_record<round_status_record>()});
    CHECK(at->round_history().value() == std::vector{sample_record<round_history_record>()});
    CHECK(at->pieces().value() == std::vector{sample_record<piece_record>()});
    CHECK(at->streams(tenant).value() == std::vector{sample_record<stream_record>()});
    CHECK(at->lag_samples(tenant).value() == std::vector{sample_record<lag_sample>()});
    CHECK(at->outbox(tenant).value() == std::vector{sample_record<outbox_record>()});
    CHECK(at->writers(tenant).value() == std::vector{sample_record<writer_record>()});
    CHECK(at->streams(tenant_id{1002}).value().empty());
  }
  SECTION("the later change of a record wins, within a set and between sets") {
    change_set first, second;
    first.put(setting_record{tenant, "a", "1"});
    first.put(setting_record{tenant, "a", "2"});
    first.put(setting_record{tenant, "b", "1"});
    first.erase_setting(tenant, "b");
    second.erase_setting(tenant, "a");
    second.put(setting_record{tenant, "a", "3"});
    apply(first);
    CHECK(empty.snapshot()->settings().value() == std::vector{setting_record{tenant, "a", "2"}});
    apply(second);
    CHECK(empty.snapshot()->settings().value() == std::vector{setting_record{tenant, "a", "3"}});
  }
  SECTION("a snapshot does not see what is applied after it") {
    filled();
    auto before = empty.snapshot();
    auto answers = all_answers(*before);
    change_set changes;
    changes.erase_archived_facts();
    changes.put(setting_record{tenant_id{0}, "backup_dest", "file:///elsewhere"});
    apply(changes);
    CHECK(all_answers(*before) == answers);
    CHECK(!(all_answers(*empty.snapshot()) == answers));
  }
  SECTION("erase_archived_facts leaves settings, tenants, identity, lag history, outbox and writers") {
    filled();
    change_set changes;
    changes.put(sample_record<stream_record>()); // before: erased, too
    changes.erase_archived_facts();
    auto rebuilt = sample_record<piece_record>();
    rebuilt.copy = 7;
    changes.put(rebuilt); // after: stays
    apply(changes);
    auto at = empty.snapshot();
    CHECK(at->round_statuses().value().empty());
    CHECK(at->round_history().value().empty());
    CHECK(at->streams(tenant).value().empty());
    CHECK(at->pieces().value() == std::vector{rebuilt});
    CHECK(at->identity().value());
    CHECK(at->settings().value().size() == 1);
    CHECK(at->tenants().value().size() == 1);
    CHECK(at->lag_samples(tenant).value().size() == 1);
    CHECK(at->outbox(tenant).value().size() == 1);
    CHECK(at->writers(tenant).value().size() == 1);
  }
  SECTION("rows come in the order of their numbers, and tenants do not mix") {
    change_set changes;
    for (std::uint64_t n : {70000u, 2u, 300u, 255u, 256u, 1u}) {
      changes.put(outbox_record{.tenant = tenant, .number = n});
      changes.put(outbox_record{.tenant = tenant_id{n}, .number = 9});
      changes.put(piece_record{.tenant = tenant, .piece = {round_id{2}, piece_id{n}}});
    }
    changes.put(piece_record{.tenant = tenant, .piece = {round_id{1}, piece_id{70001}}});
    apply(changes);
    std::vector<std::uint64_t> numbers, pieces;
    auto at = empty.snapshot();
    const auto outbox = at->outbox(tenant).value();
    const auto rows = at->pieces().value();
    for (const auto& x : outbox)
      numbers.push_back(x.number);
    for (const auto& x : rows)
      pieces.push_back(x.piece.piece.value);
    CHECK(numbers == std::vector<std::uint64_t>{1, 2, 255, 256, 300, 70000});
    CHECK(pieces == std::vector<std::uint64_t>{70001, 1, 2, 255, 256, 300, 70000});
  }
  SECTION("the lag history is a ring, oldest first") {
    const auto last = 2 * lag_samples_max + 5;
    for (std::uint64_t n = 1; n <= last; ++n) {
      change_set changes;
      changes.put(lag_sample{.tenant = tenant, .number = n});
      apply(changes);
    }
    auto samples = empty.snapshot()->lag_samples(tenant).value();
    REQUIRE(samples.size() == lag_samples_max);
    for (std::size_t i = 0; i < samples.size(); ++i)
      CHECK(samples[i].number == last - lag_samples_max + 1 + i);
  }
  SECTION("a scan stops when the visitor says so") {
    filled();
    int seen = 0;
    REQUIRE(empty.snapshot()->scan("", [&](auto, auto) { return ++seen < 3; }).ok());
    CHECK(seen == 3);
  }
}

/// Strictest of all: both get the same random change sets and must give the same answers after each.
inline void check_same_answers(catalog& a, catalog& b, std::uint64_t seed, int sets) {
  record_source from(seed);
  std::size_t largest = 0;
  for (int i = 0; i < sets; ++i) {
    auto changes = random_changes(from);
    auto how = from.below(20) == 0 ? durability::synced : durability::buffered;
    REQUIRE(a.apply(changes, how).ok());
    REQUIRE(b.apply(changes, how).ok());
    auto answers = all_answers(*a.snapshot());
    INFO("seed " << seed << ", set " << i);
    REQUIRE(answers == all_answers(*b.snapshot()));
    largest = std::max(largest, answers.raw.size());
  }
  CHECK(largest > 50); // otherwise the comparison saw next to nothing
}

} // namespace varve::test
