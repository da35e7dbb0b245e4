#include "engine/reader/verify.hpp"

#include "engine/format/object_name.hpp"
#include "engine/reader/stream_check.hpp"

#include <algorithm>
#include <mutex>
#include <set>
#include <thread>

namespace varve {
namespace {

/// Of these the newest is read, or none.
bool is_commit_or_start(const object_path& path) {
  return is_path_of<commit_name>(path) || is_path_of<piece_start_name>(path);
}

template <class Object, class Name>
bool is_about(const Object& object, const Name& name) {
  if (object.tenant != name.tenant)
    return false;
  if constexpr (requires { name.piece; })
    return object.piece == name.piece;
  else if constexpr (requires { name.seq; })
    return object.seq == name.seq;
  else if constexpr (requires { name.round; })
    return object.round.id == name.round;
  else
    return true;
}

class verifier {
public:
  verifier(destination& where, const verify_options& options)
      : where_(where), options_(options),
        threads_(options.threads ? options.threads : std::max(1u, std::thread::hardware_concurrency())) {}

  result<verify_report> run() {
    VARVE_TRY(list_objects());
    check_identity();
    VARVE_TRY_ASSIGN(auto tenants, list_tenants(where_));
    if (!report_.identity && tenants.empty())
      return fail(errc::file_not_exist, "there is no archive at " + where_.describe());
    for (auto tenant : tenants)
      if (!options_.tenant || *options_.tenant == tenant)
        check_tenant(tenant);
    for (auto& [path, size] : objects_) {
      bool reached = reached_.contains(path);
      if (!reached)
        report_.unreferenced.push_back(path);
      if (!reached || is_commit_or_start(path))
        prove_unread(path);
    }
    report_.bytes_read = done_;
    if (options_.progress)
      options_.progress(total_, total_);
    return std::move(report_);
  }

private:
  using sized_objects = std::map<object_path, std::uint64_t>;

  status list_objects() {
    auto visit = [&](const object_info& x) {
      objects_[x.path] = x.size;
      total_ += x.size;
    };
    return where_.list(options_.tenant ? tenant_folder(*options_.tenant) : "", visit);
  }

  /// Marks an object as reached; its bytes were read.
  void reach(const object_path& path) {
    if (!reached_.insert(path).second)
      return;
    if (auto at = objects_.find(path); at != objects_.end())
      done_ += at->second;
  }

  void check_identity() {
    auto identity = read_identity(where_);
    reach(to_path(format_name{}));
    if (identity.ok()) {
      report_.identity = *identity;
      archive_ = &report_.identity->archive;
    } else {
      report_.problems.push_back({to_path(format_name{}), 0, identity.error(), {}, {}, false});
    }
  }

  void check_tenant(tenant_id tenant) {
    auto folder = commits_folder(tenant);
    for (auto& [path, size] : objects_)
      if (path.starts_with(folder + "/") && parse_object_name(path))
        reach(path); // the old ones go one by one
    auto found = read_piece_catalogue(where_, tenant, {.archive = archive_, .allow_previous = true});
    if (!found.ok()) {
      report_.problems.push_back({folder, 0, found.error(), tenant, {}, true});
      return;
    }
    if (!*found)
      return;
    auto& catalogue = **found;
    auto& record = catalogue.state.commit.record;
    if (!catalogue.state.commit.fallback.empty())
      report_.problems.push_back(
          {folder, 0, fail(errc::bytes_missing, catalogue.state.commit.fallback), tenant, {}, true});
    for (auto& x : catalogue.damages)
      if (!is_path_of<segment_name>(x.path))
        report_.problems.push_back(x); // segments are read again below
    for (auto& path : catalogue.list_objects)
      reach(path);

    verified_tenant summary{tenant, record.seq, record.round, catalogue.pieces.size(), 0, 0, {}};
    const catalogued_round* before = nullptr;
    for (auto& round : catalogue.rounds) {
      if (round.end_object)
        reach(*round.end_object);
      check_round(catalogue, round, before, summary);
      before = &round;
    }
    for (auto& x : report_.problems)
      reach(x.path); // damaged, but not unreferenced
    report_.tenants.push_back(summary);
  }

  void check_round(const piece_catalogue& catalogue, const catalogued_round& round,
                   const catalogued_round* before, verified_tenant& summary) {
    stream_check streams(catalogue.tenant, round, before);
    bool first = true;
    for (auto& piece : catalogue.pieces) {
      if (piece.piece.round != round.round.id)
        continue;
      check_piece(catalogue, piece, first, streams, summary);
      first = false;
    }
    streams.finish(report_.problems);
  }

  void check_piece(const piece_catalogue& catalogue, const catalogued_piece& piece, bool first,
                   stream_check& streams, verified_tenant& summary) {
    auto found = read_piece_files(where_, catalogue, piece, archive_);
    if (!found.ok()) {
      report_.problems.push_back(
          {piece_folder(catalogue.tenant, piece.piece), 0, found.error(), catalogue.tenant, {}, true});
      return;
    }
    for (auto& path : found->objects)
      reach(path);
    for (auto& x : found->damages)
      if (!is_path_of<segment_name>(x.path))
        report_.problems.push_back(x);
    if (piece.seal)
      check_old_starts(catalogue.tenant, piece);

    std::vector<segment_expectation> expected;
    std::vector<object_path> paths;
    auto recent = piece.open ? catalogue.state.open_pieces[*piece.open].recent.size() : 0;
    for (std::size_t i = 0; i < found->segments.size(); ++i) {
      auto& segment = found->segments[i];
      segment_name name{catalogue.tenant, piece.piece, segment.segment.epoch, segment.segment.number};
      bool proved = i + recent < found->segments.size();
      expected.push_back({name, std::move(segment), proved, piece.bounds, first});
      paths.push_back(to_path(name));
      reached_.insert(paths.back());
    }
    auto checked = check_segments(expected);

    byte_counts counts;
    bool whole = std::none_of(found->damages.begin(), found->damages.end(), costs_log);
    std::vector<proved_block> blocks;
    for (std::size_t i = 0; i < checked.size(); ++i) {
      for (auto& block : checked[i].blocks) {
        block.segment = i;
        blocks.push_back(block);
      }
      for (auto& x : checked[i].problems)
        whole = whole && !costs_log(x);
      counts += checked[i].counts;
      summary.counts += checked[i].counts;
      std::move(checked[i].problems.begin(), checked[i].problems.end(), std::back_inserter(report_.problems));
    }
    summary.segments += checked.size();
    summary.blocks += blocks.size();
    if (whole && (counts.entries != found->counts.entries || counts.input_bytes != found->counts.input_bytes))
      report_.problems.push_back(
          {piece_folder(catalogue.tenant, piece.piece),
           0,
           fail(errc::checksum_error, "the piece counts " + std::to_string(found->counts.entries) +
                                          " entries, its blocks have " + std::to_string(counts.entries)),
           catalogue.tenant,
           {},
           false});
    streams.follow(std::move(blocks), paths, report_.problems);
  }

  std::vector<checked_segment> check_segments(const std::vector<segment_expectation>& expected) {
    std::vector<checked_segment> checked(expected.size());
    std::atomic<std::size_t> next{0};
    auto work = [&] {
      for (auto i = next++; i < expected.size(); i = next++) {
        checked[i] = check_segment(where_, expected[i], archive_, done_);
        if (!options_.progress)
          continue;
        std::lock_guard lock(progress_mutex_);
        options_.progress(std::min(done_.load(), total_), total_);
      }
    };
    std::vector<std::thread> threads;
    for (std::size_t i = 1; i < std::min<std::size_t>(threads_, expected.size()); ++i)
      threads.emplace_back(work);
    work();
    for (auto& x : threads)
      x.join();
    return checked;
  }

  /// What no restore reads: leftovers, older commits, and the starts of pieces. All the same it appeared
  /// whole, so what is wrong with it now is damage of the medium. A segment may be torn where its writer was
  /// killed.
  void prove_unread(const object_path& path) {
    for (auto& known : report_.problems)
      if (known.path == path)
        return;
    auto name = parse_object_name(path);
    if (!name || std::holds_alternative<segment_name>(*name))
      return;
    auto object = where_.read_all(path, format::object_bytes_max);
    if (object.code() == errc::file_not_exist)
      return; // its engine has deleted it since it was listed
    status sound = object.ok() ? std::visit([&](auto& x) { return decodes(x, *object, path); }, *name)
                               : status(object.error());
    if (!sound.ok())
      report_.problems.push_back({path, 0, sound.error(), tenant_id{}, {}, false});
  }

  /// Is it a sound object of its kind, about what its name says?
  template <class Name>
  status decodes(const Name& name, bytes_view object, const object_path& path) const {
    auto outcome = [&](const auto& decoded) -> status {
      if (!decoded.ok())
        return decoded.error();
      if (!is_about(*decoded, name))
        return fail(errc::checksum_error, path + " is another object under this name");
      return {};
    };
    if constexpr (std::same_as<Name, commit_name>)
      return outcome(decode_commit(object, archive_, path));
    else if constexpr (std::same_as<Name, round_end_name>)
      return outcome(decode_round_end(object, archive_, path));
    else if constexpr (std::same_as<Name, piece_list_name>)
      return outcome(decode_piece_list(object, archive_, path));
    else if constexpr (std::same_as<Name, piece_start_name>)
      return outcome(decode_piece_start(object, archive_, path));
    else if constexpr (std::same_as<Name, index_name>)
      return outcome(decode_segment_index(object, archive_, path));
    else if constexpr (std::same_as<Name, seal_name>)
      return outcome(decode_seal(object, archive_, path));
    else
      return {};
  }

  /// The start object of a sealed piece is no longer named by anything; the one that the seal took over is no
  /// leftover.
  void check_old_starts(tenant_id tenant, const catalogued_piece& piece) {
    auto folder = piece_folder(tenant, piece.piece) + "/";
    for (auto at = objects_.lower_bound(folder); at != objects_.end() && at->first.starts_with(folder);
         ++at) {
      if (!is_path_of<piece_start_name>(at->first))
        continue;
      auto object = where_.read_all(at->first, format::object_bytes_max);
      auto start = object.ok() ? decode_piece_start(*object, archive_, at->first)
                               : result<piece_start>(object.error());
      if (start.ok() && start->bounds == piece.bounds)
        reach(at->first);
    }
  }

  destination& where_;
  const verify_options& options_;
  unsigned threads_;
  const random_id* archive_ = nullptr;
  verify_report report_;
  sized_objects objects_;
  std::set<object_path> reached_;
  std::uint64_t total_ = 0;
  std::atomic<std::uint64_t> done_{0};
  std::mutex progress_mutex_; ///< guards the call of options_.progress
};

} // namespace

result<verify_report> verify_archive(destination& where, const verify_options& options) {
  return verifier(where, options).run();
}

} // namespace varve
