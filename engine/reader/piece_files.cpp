#include "engine/format/object_name.hpp"
#include "engine/reader/piece_catalogue.hpp"
#include "engine/reader/segment_reader.hpp"

#include <algorithm>

namespace varve {
namespace {

/// The work of read_piece_files: segments come in from the newest object back, in `parts_`.
class files_reader {
public:
  files_reader(destination& where, const piece_catalogue& catalogue, const catalogued_piece& piece,
               const random_id* archive)
      : where_(where), catalogue_(catalogue), archive_(archive) {
    files_.piece = piece;
  }

  result<piece_files> read() {
    if (files_.piece.open)
      VARVE_TRY(read_open());
    else
      VARVE_TRY(read_frozen());
    for (auto part = parts_.rbegin(); part != parts_.rend(); ++part)
      std::move(part->begin(), part->end(), std::back_inserter(files_.segments));
    return std::move(files_);
  }

private:
  tenant_id tenant() const { return catalogue_.tenant; }
  const piece_key& key() const { return files_.piece.piece; }

  status read_open() {
    auto& state = catalogue_.state;
    auto& open = state.open_pieces[*files_.piece.open];
    auto named_by = "commit " + to_string(state.commit.record.seq);
    files_.checkpoint_scn = state.commit.record.round.checkpoint_scn;
    files_.counts = open.piece.counts;
    parts_.push_back(open.recent);
    auto folder = piece_folder(tenant(), key()) + "/";
    for (auto& x : state.damages)
      if (x.path.starts_with(folder) && is_path_of<segment_name>(x.path))
        files_.damages.push_back(x);

    auto path = to_path(piece_start_name{tenant(), key(), open.piece.start.epoch});
    files_.objects.push_back(path);
    auto object = read_referenced(where_, path, open.piece.start.digest, named_by);
    auto start =
        object.ok() ? decode_piece_start(*object, archive_, path) : result<piece_start>(object.error());
    if (start.code() == errc::io_error)
      return start.error();
    if (start.ok())
      files_.created_at = start->created_at;
    else
      files_.damages.push_back(
          {path, 0, start.error(), tenant(), {}, false}); // the commit has the bounds, too
    return read_indexes(open.piece.index, named_by);
  }

  status read_frozen() {
    auto& ref = *files_.piece.seal;
    auto path = to_path(seal_name{tenant(), key(), ref.epoch});
    files_.objects.push_back(path);
    auto object = read_referenced(where_, path, ref.digest, "the list of frozen pieces");
    auto seal = object.ok() ? decode_seal(*object, archive_, path) : result<piece_seal>(object.error());
    if (seal.ok() && (seal->tenant != tenant() || seal->piece != key()))
      seal = fail(errc::checksum_error, path + " is about another piece");
    if (!seal.ok())
      return salvage(path, ref.epoch, seal.error());
    files_.created_at = seal->created_at;
    files_.sealed_at = seal->sealed_at;
    files_.checkpoint_scn = seal->checkpoint_scn;
    files_.counts = seal->counts;
    files_.streams = std::move(seal->streams);
    parts_.push_back(std::move(seal->segments));
    return read_indexes(seal->last_index, path);
  }

  status read_indexes(std::optional<object_ref> next, std::string named_by) {
    std::optional<object_ref> after;
    while (next) {
      auto path = to_path(index_name{tenant(), key(), next->epoch, next->number});
      files_.objects.push_back(path);
      auto object = read_referenced(where_, path, next->digest, named_by);
      auto index =
          object.ok() ? decode_segment_index(*object, archive_, path) : result<segment_index>(object.error());
      if (index.ok() &&
          (index->tenant != tenant() || index->piece != key() || (after && !older(*next, *after))))
        index =
            fail(errc::checksum_error, path + " is about another piece, or newer than the index after it");
      if (!index.ok())
        return salvage(path, next->epoch, index.error());
      parts_.push_back(std::move(index->segments));
      after = next;
      next = index->previous;
      named_by = path;
    }
    return {};
  }

  static bool older(const object_ref& a, const object_ref& b) {
    return a.epoch < b.epoch || (a.epoch == b.epoch && a.number < b.number);
  }

  /// `path`, written in `epoch`, is lost, and with it the names of all segments that no object read so far
  /// has. They lie in the folder, among others that a writer who lost the tenant left there.
  status salvage(const object_path& path, epoch epoch, error why) {
    if (why.code == errc::io_error)
      return why;
    damage lost{path, 0, std::move(why), tenant(), {}, true};
    VARVE_TRY_ASSIGN(auto found, unlisted_segments(epoch));
    if (files_.sealed_at == 0 && files_.piece.seal ? all_of(found, epoch) : cut_to_counts(found)) {
      lost.lost_unknown = false;
      lost.why.message += "; rebuilt from the footers of " + std::to_string(found.size()) + " segments";
      parts_.push_back(std::move(found));
    }
    files_.damages.push_back(std::move(lost));
    return {};
  }

  /// Is this all that one writer made? Then it is all that its seal named.
  static bool all_of(const std::vector<indexed_segment>& found, epoch epoch) {
    for (std::size_t i = 0; i < found.size(); ++i)
      if (found[i].segment.epoch != epoch || found[i].segment.number != i + 1)
        return false;
    return !found.empty();
  }

  /// Are these, up to one of them, exactly what the piece counts beside the segments known? The others are
  /// too new.
  bool cut_to_counts(std::vector<indexed_segment>& found) const {
    byte_counts counts;
    for (auto& part : parts_)
      for (auto& x : part)
        counts += x.counts;
    std::size_t taken = 0;
    while (taken < found.size() && counts.entries < files_.counts.entries)
      counts += found[taken++].counts;
    found.resize(taken);
    return taken > 0 && follow_each_other(found) && counts.entries == files_.counts.entries &&
           counts.input_bytes == files_.counts.input_bytes;
  }

  /// Does no log come twice? Else a writer that lost the tenant wrote one of them.
  bool follow_each_other(const std::vector<indexed_segment>& found) const {
    std::vector<stream_range> ranges;
    auto add = [&](const std::vector<indexed_segment>& segments) {
      for (auto& x : segments)
        ranges.insert(ranges.end(), x.ranges.begin(), x.ranges.end());
    };
    add(found);
    for (auto& part : parts_)
      add(part);
    std::sort(ranges.begin(), ranges.end(), [](auto& a, auto& b) {
      return std::pair(a.stream, a.first_lsn) < std::pair(b.stream, b.first_lsn);
    });
    auto twice = [](auto& a, auto& b) { return a.stream == b.stream && b.first_lsn < a.next_lsn; };
    return std::adjacent_find(ranges.begin(), ranges.end(), twice) == ranges.end();
  }

  result<std::vector<indexed_segment>> unlisted_segments(epoch newest) {
    auto folder = piece_folder(tenant(), key());
    VARVE_TRY_ASSIGN(auto names, where_.list_folder(folder));
    std::vector<indexed_segment> found;
    for (auto& x : names) {
      auto path = folder + "/" + x;
      auto name = parse_object_name(path);
      auto* segment = name ? std::get_if<segment_name>(&*name) : nullptr;
      if (!segment || segment->epoch > newest || listed(*segment))
        continue;
      auto size = where_.size(path);
      if (size.code() == errc::file_not_exist)
        continue; // merged or given up meanwhile
      if (!size.ok())
        return size.error();
      segment_ref ref{segment->epoch, segment->number, *size, true};
      auto blocks = read_segment_blocks(where_, *segment, ref, archive_);
      if (blocks.code() == errc::io_error)
        return blocks.error();
      if (blocks.ok() && blocks->from_footer)
        found.push_back(index_segment(ref, blocks->blocks));
    }
    std::sort(found.begin(), found.end(), [](auto& a, auto& b) {
      return std::pair(a.segment.epoch, a.segment.number) < std::pair(b.segment.epoch, b.segment.number);
    });
    return found;
  }

  bool listed(const segment_name& name) const {
    for (auto& part : parts_)
      for (auto& x : part)
        if (x.segment.epoch == name.epoch && x.segment.number == name.number)
          return true;
    return false;
  }

  destination& where_;
  const piece_catalogue& catalogue_;
  const random_id* archive_;
  piece_files files_;
  std::vector<std::vector<indexed_segment>> parts_; // newest first
};

} // namespace

result<piece_files> read_piece_files(destination& where, const piece_catalogue& catalogue,
                                     const catalogued_piece& piece, const random_id* archive) {
  return files_reader(where, catalogue, piece, archive).read();
}

} // namespace varve
