#include "engine/shell/demo_restore.hpp"

#include "engine/reader/restore_reader.hpp"
#include "engine/shell/demo_host.hpp"
#include "engine/shell/wal_source.hpp"

#include <rocksdb/db.h>

namespace varve::shell {
namespace {

void note_difference(demo_comparison& found, const std::string& what) {
  if (found.differences++ == 0)
    found.first_difference = what;
}

// Both sides in key order.
status compare(rocksdb::DB& restored, const std::map<std::string, std::string>& wanted,
               demo_comparison& found) {
  std::unique_ptr<rocksdb::Iterator> at(restored.NewIterator(rocksdb::ReadOptions()));
  auto want = wanted.begin();
  for (at->SeekToFirst(); at->Valid(); at->Next()) {
    auto key = at->key().ToString();
    for (; want != wanted.end() && want->first < key; ++want)
      note_difference(found, want->first + " is missing");
    if (want == wanted.end() || want->first != key) {
      note_difference(found, key + " should not be there");
      continue;
    }
    if (at->value().ToString() != want->second)
      note_difference(found, key + " has another value");
    ++found.keys;
    ++want;
  }
  if (!at->status().ok())
    return fail(errc::io_error, "reading the restored database: " + at->status().ToString());
  for (; want != wanted.end(); ++want)
    note_difference(found, want->first + " is missing");
  return {};
}

} // namespace

result<demo_comparison> restore_and_compare(const std::string& destination, scn until,
                                            const std::string& directory, const demo_journal& journal) {
  rocksdb::Options options;
  options.create_if_missing = options.error_if_exists = true;
  options.info_log_level = rocksdb::WARN_LEVEL;
  rocksdb::DB* opened = nullptr;
  if (auto status = rocksdb::DB::Open(options, directory, &opened); !status.ok())
    return fail(errc::io_error, "making the database '" + directory + "' failed: " + status.ToString());
  std::unique_ptr<rocksdb::DB> restored(opened);

  VARVE_TRY_ASSIGN(auto uri, parse_destination_uri(destination));
  VARVE_TRY_ASSIGN(auto where, open_destination(uri, open_mode::read_only, "reader"));
  restore_options wanted;
  wanted.tenant = tenant_id{demo_tenant};
  wanted.until = until;
  VARVE_TRY_ASSIGN(auto reader, restore_reader::open(where, wanted));
  demo_comparison found;
  while (true) {
    VARVE_TRY_ASSIGN(auto batch, reader->next());
    if (!batch)
      break;
    for (const auto& entry : batch->entries) {
      VARVE_TRY(apply_entry(*restored, entry));
      ++found.entries;
      found.log_bytes += entry.payload.size();
    }
  }
  VARVE_TRY(compare(*restored, journal.contents(until), found));
  return found;
}

} // namespace varve::shell
