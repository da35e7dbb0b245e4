#include "engine/data_directory.hpp"

#include "catalog/catalog.hpp"
#include "catalog/views/query.hpp"
#include "engine/catalog_rebuild.hpp"
#include "engine/destination/destination.hpp"
#include "engine/directory_lock.hpp"
#include "engine/metrics.hpp"
#include "engine/reader/archive_scan.hpp"

#include <filesystem>

namespace varve {

result<sql_result> query_data_directory(const std::string& data_directory, std::string_view select,
                                        unix_ns now) {
  VARVE_TRY_ASSIGN(auto where, open_rocksdb_catalog(data_directory + "/catalog", catalog_mode::read_only));
  view_input input{where->snapshot(), now, {}};
  input.metrics = [&] { return measure(*input.catalog, nullptr, input.now); };
  VARVE_TRY_ASSIGN(auto table, run_select(select, input));
  return sql_result{std::move(table.columns), std::move(table.rows), {}, {}};
}

result<std::string> metrics_of_data_directory(const std::string& data_directory, unix_ns now) {
  VARVE_TRY_ASSIGN(auto where, open_rocksdb_catalog(data_directory + "/catalog", catalog_mode::read_only));
  return metrics_text(*where->snapshot(), nullptr, now);
}

namespace {

/// A damaged catalog is kept beside the new one: somebody may want to look at it. One that cannot be opened
/// for another reason is left alone, with the settings that only it has.
result<std::unique_ptr<catalog>> open_or_replace(const std::string& directory,
                                                 std::vector<std::string>& notes) {
  auto opened = open_rocksdb_catalog(directory, catalog_mode::read_write);
  if (opened.code() != errc::catalog_error)
    return opened;
  auto aside = directory + ".damaged";
  std::error_code failed;
  std::filesystem::remove_all(aside, failed);
  std::filesystem::rename(directory, aside, failed);
  if (failed)
    return opened;
  notes.push_back("the catalog could not be opened and lies in " + aside + " now: " + opened.error().message);
  return open_rocksdb_catalog(directory, catalog_mode::read_write);
}

} // namespace

result<rebuilt_catalog> rebuild_catalog(const std::string& data_directory, std::string_view uri_text) {
  VARVE_TRY_ASSIGN(auto uri, parse_destination_uri(uri_text));
  VARVE_TRY_ASSIGN(auto where, open_destination(uri, open_mode::read_only, "rebuild"));
  VARVE_TRY(read_identity(*where)); // before anything is made or locked
  VARVE_TRY_ASSIGN(auto lock, directory_lock::take(data_directory));
  rebuilt_catalog made;
  VARVE_TRY_ASSIGN(auto catalog, open_or_replace(data_directory + "/catalog", made.notes));
  VARVE_TRY(rebuild_catalog(*catalog, data_directory, *where, uri.to_string(), made));
  return made;
}

} // namespace varve
