// A database in forty lines: archives two entries to a directory and reads them back from there alone.
// usage: host DATA_DIRECTORY DESTINATION_DIRECTORY
#include <varve/engine/archive_engine.hpp>
#include <varve/engine/reader/restore_reader.hpp>

#include <iostream>

using namespace varve;

int main(int count, char** arguments) {
  if (count != 3) return 2;
  auto refused = [](const error& e) { return std::cerr << e.to_string() << '\n', 1; };
  auto uri = "file://" + std::string(arguments[2]);
  tenant_id shop{1001};

  auto engine = archive_engine::open({.data_directory = arguments[1]});
  if (!engine.ok()) return refused(engine.error());
  auto set = (*engine)->execute("ALTER SYSTEM SET backup_dest = '" + uri + "'; ALTER SYSTEM ARCHIVELOG");
  if (!set.ok()) return refused(set.error());
  if (auto done = (*engine)->register_tenant(shop, "shop"); !done.ok()) return refused(done.error());
  auto stream = (*engine)->open_stream(shop, stream_id{1}, {});
  if (!stream.ok()) return refused(stream.error());
  (*stream)->append({.lsn = 0, .next_lsn = 6, .scn = 1, .payload = as_bytes("hello ")});
  (*stream)->append({.lsn = 6, .next_lsn = 11, .scn = 2, .payload = as_bytes("world")});
  if (auto durable = (*stream)->flush().get(); !durable.outcome.ok()) return refused(durable.outcome.error());

  auto where = open_destination(*parse_destination_uri(uri), open_mode::read_only, "host");
  if (!where.ok()) return refused(where.error());
  auto reader = restore_reader::open(*where, {.tenant = shop});
  if (!reader.ok()) return refused(reader.error());
  while (true) {
    auto batch = (*reader)->next();
    if (!batch.ok()) return refused(batch.error());
    if (!batch->has_value()) break;
    for (const auto& entry : (*batch)->entries) std::cout << as_text(entry.payload);
  }
  std::cout << '\n';
}
