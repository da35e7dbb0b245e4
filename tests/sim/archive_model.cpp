#include "tests/sim/archive_model.hpp"

#include "engine/reader/restore_reader.hpp"
#include "engine/reader/verify.hpp"

#include <algorithm>

namespace varve::test {
namespace {

std::string name(tenant_id tenant, stream_id stream) {
  return "tenant " + to_string(tenant) + " stream " + to_string(stream);
}

[[noreturn]] void broken(const std::string& what) {
  throw broken_claim(what);
}

} // namespace

void archive_model::acknowledged(tenant_id tenant, stream_id stream, const stream_position& position) {
  auto& of = log_.at(tenant, stream);
  auto at = host_log::find(of, position.next_lsn);
  bool whole = at < of.entries.size() ? of.entries[at].lsn == position.next_lsn
                                      : position.next_lsn == host_log::end_of(of);
  if (!whole)
    broken(name(tenant, stream) + ": LSN " + std::to_string(position.next_lsn) +
           " was acknowledged, and no entry ends there");
  if (at > 0 && of.entries[at - 1].scn != position.last_scn)
    broken(name(tenant, stream) + ": LSN " + std::to_string(position.next_lsn) +
           " was acknowledged with SCN " + std::to_string(position.last_scn) +
           ", but the entry before it has SCN " + std::to_string(of.entries[at - 1].scn));
  auto& known = acknowledged_[tenant][stream];
  known = std::max(known, position.next_lsn);
  ++acknowledgements_;
}

void archive_model::published(tenant_id tenant, scn checkpoint) {
  auto& known = checkpoints_[tenant];
  known = std::max(known, checkpoint);
}

archive_model::found archive_model::read(const std::shared_ptr<destination>& where, tenant_id tenant) {
  found all;
  for (auto& [id, of] : log_.streams(tenant))
    all.entries[id] = 0;
  restore_options options;
  options.tenant = tenant;
  options.threads = 1;
  auto reader = restore_reader::open(where, options);
  if (reader.code() == errc::entry_not_exist)
    return all; // no commit, or none that holds log
  if (!reader.ok())
    broken("tenant " + to_string(tenant) + " cannot be restored: " + reader.error().to_string());
  all.checkpoint = (*reader)->preview().window.checkpoint_scn;
  scn last_scn = 0;
  for (;;) {
    auto batch = (*reader)->next();
    if (!batch.ok())
      broken("tenant " + to_string(tenant) + ": the restore ends early: " + batch.error().to_string());
    if (!*batch)
      return all;
    auto id = (*batch)->stream;
    auto& of = log_.at(tenant, id);
    auto& next = all.entries[id];
    for (auto& entry : (*batch)->entries) {
      if (next >= of.entries.size())
        broken(name(tenant, id) + ": LSN " + std::to_string(entry.lsn) + " came back, and was never written");
      auto& wanted = of.entries[next++];
      if (entry.lsn != wanted.lsn || entry.next_lsn != wanted.next_lsn || entry.scn != wanted.scn)
        broken(name(tenant, id) + ": LSN " + std::to_string(entry.lsn) + " SCN " + std::to_string(entry.scn) +
               " came back where LSN " + std::to_string(wanted.lsn) + " SCN " + std::to_string(wanted.scn) +
               " was expected");
      if (!equal(entry.payload, host_log::payload(tenant, id, wanted)))
        broken(name(tenant, id) + ": LSN " + std::to_string(entry.lsn) + " came back with other bytes");
      if (entry.scn < last_scn)
        broken(name(tenant, id) + ": LSN " + std::to_string(entry.lsn) + " came back out of order");
      last_scn = entry.scn;
    }
  }
}

void archive_model::check(std::shared_ptr<destination> where) {
  ++checks_;
  for (auto& [tenant, streams] : acknowledged_) {
    auto got = read(where, tenant);
    for (auto& [id, acknowledged] : streams) {
      auto& entries = log_.at(tenant, id).entries;
      auto count = got.entries[id];
      auto end = count == 0 ? lsn{0} : entries[count - 1].next_lsn;
      if (end < acknowledged)
        broken(name(tenant, id) + ": everything below LSN " + std::to_string(acknowledged) +
               " was acknowledged, but the archive ends at LSN " + std::to_string(end));
    }
    for (auto& [id, of] : log_.streams(tenant)) {
      auto count = got.entries[id];
      if (count < of.entries.size() && of.entries[count].scn <= got.checkpoint)
        broken(name(tenant, id) + ": the checkpoint " + std::to_string(got.checkpoint) + " claims LSN " +
               std::to_string(of.entries[count].lsn) + " with SCN " + std::to_string(of.entries[count].scn) +
               ", but the archive ends there");
    }
    if (got.checkpoint < checkpoints_[tenant])
      broken("tenant " + to_string(tenant) + ": the checkpoint " + std::to_string(checkpoints_[tenant]) +
             " was published, but the archive's is " + std::to_string(got.checkpoint));
  }
}

void archive_model::check_complete(std::shared_ptr<destination> where, scn checkpoint) {
  check(where);
  for (auto& [tenant, streams] : acknowledged_) {
    auto got = read(where, tenant);
    for (auto& [id, of] : log_.streams(tenant))
      if (got.entries[id] != of.entries.size())
        broken(name(tenant, id) + ": " + std::to_string(got.entries[id]) + " of " +
               std::to_string(of.entries.size()) + " entries came back at the end");
    if (got.checkpoint < checkpoint)
      broken("tenant " + to_string(tenant) + ": the checkpoint is " + std::to_string(got.checkpoint) +
             " at the end, expected " + std::to_string(checkpoint));
  }
  auto report = verify_archive(*where, {.tenant = {}, .threads = 1, .progress = {}});
  if (!report.ok())
    broken("the archive cannot be verified: " + report.error().to_string());
  if (!report->problems.empty())
    broken("verify: " + describe(report->problems.front()));
}

} // namespace varve::test
