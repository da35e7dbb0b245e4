#include "engine/format/object_name.hpp"
#include "engine/reader/piece_catalogue.hpp"
#include "engine/reader/segment_reader.hpp"

#include <algorithm>
#include <map>

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
      if (x.path.starts_with(folder) && std::holds_alternative<segment_name>(*parse_object_name(x.path)))
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
  /// has. Ended segments of the piece that lie in its folder and tell log that nothing else has are what it
  /// listed.
  status salvage(const object_path& path, epoch epoch, error why) {
    if (why.code == errc::io_error)
      return why;
    damage lost{path, 0, std::move(why), tenant(), {}, true};
    VARVE_TRY_ASSIGN(auto found, unlisted_segments(epoch));
    bool certain = !found.empty();
    for (auto& x : found)
      certain = certain && !overlaps(x);
    if (certain) {
      lost.lost_unknown = false; // what is missing nevertheless shows as a gap
      lost.why.message += "; rebuilt from the footers of " + std::to_string(found.size()) + " segments";
      parts_.push_back(std::move(found));
    }
    files_.damages.push_back(std::move(lost));
    return {};
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
      if (!size.ok())
        continue;
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

  /// Does another segment have some of the same log? Then a writer that lost the tenant wrote one of them,
  /// and only the lost object knew which. Also remembers the ranges of `x`.
  bool overlaps(const indexed_segment& x) {
    if (taken_.empty())
      for (auto& part : parts_)
        for (auto& segment : part)
          for (auto& range : segment.ranges)
            taken_[range.stream].push_back(range);
    bool found = false;
    for (auto& range : x.ranges) {
      auto& ranges = taken_[range.stream];
      for (auto& other : ranges)
        found = found || (range.first_lsn < other.next_lsn && other.first_lsn < range.next_lsn);
      ranges.push_back(range);
    }
    return found;
  }

  destination& where_;
  const piece_catalogue& catalogue_;
  const random_id* archive_;
  piece_files files_;
  std::vector<std::vector<indexed_segment>> parts_; // newest first
  std::map<stream_id, std::vector<stream_range>> taken_;
};

} // namespace

result<piece_files> read_piece_files(destination& where, const piece_catalogue& catalogue,
                                     const catalogued_piece& piece, const random_id* archive) {
  return files_reader(where, catalogue, piece, archive).read();
}

} // namespace varve
