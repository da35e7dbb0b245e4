#include "engine/restore_session.hpp"

#include "engine/restore_preview_list.hpp"

namespace varve {

restore_session::restore_session() : preview_(no_restore_preview("none has been made")) {}

result<bool> restore_session::add(source added) {
  std::lock_guard guard{mutex_};
  for (auto& each : sources_) {
    if (each.archive != added.archive)
      return fail(errc::foreign_destination,
                  "the restore source " + added.uri + " belongs to archive " + to_hex(added.archive) +
                      ", those that were added before to archive " + to_hex(each.archive),
                  "ALTER SYSTEM CLEAR RESTORE SOURCE first");
    if (each.uri == added.uri)
      return false;
  }
  sources_.push_back(std::move(added));
  return true;
}

std::size_t restore_session::clear() {
  std::lock_guard guard{mutex_};
  return std::exchange(sources_, {}).size();
}

std::vector<std::string> restore_session::sources() const {
  std::lock_guard guard{mutex_};
  std::vector<std::string> uris;
  for (auto& each : sources_)
    uris.push_back(each.uri);
  return uris;
}

void restore_session::keep(sql_result preview) {
  std::lock_guard guard{mutex_};
  preview_ = std::move(preview);
}

sql_result restore_session::preview() const {
  std::lock_guard guard{mutex_};
  return preview_;
}

} // namespace varve
