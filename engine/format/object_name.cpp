#include "engine/format/object_name.hpp"

#include "engine/format/block_format.hpp"

#include <charconv>

namespace varve {
namespace {

constexpr std::size_t epoch_digits = 20, number_digits = 8;

std::string padded(std::uint64_t value, std::size_t digits) {
  auto text = std::to_string(value);
  return text.size() >= digits ? text : std::string(digits - text.size(), '0') + text;
}
std::string padded(epoch x) {
  return padded(x.value, epoch_digits);
}
std::string numbered(epoch x, std::uint32_t number) {
  return padded(x) + "-" + padded(number, number_digits);
}

struct path_of {
  std::string operator()(const format_name&) const { return "format"; }
  std::string operator()(const commit_name& x) const {
    return commits_folder(x.tenant) + "/" + padded(x.seq.value, epoch_digits);
  }
  std::string operator()(const round_end_name& x) const {
    return tenant_folder(x.tenant) + "/rounds/" + to_string(x.round) + "-" + padded(x.epoch);
  }
  std::string operator()(const piece_list_name& x) const {
    return tenant_folder(x.tenant) + "/lists/" + numbered(x.epoch, x.number);
  }
  std::string operator()(const piece_start_name& x) const {
    return piece_folder(x.tenant, x.piece) + "/start-" + padded(x.epoch);
  }
  std::string operator()(const segment_name& x) const {
    return piece_folder(x.tenant, x.piece) + "/seg-" + numbered(x.epoch, x.number);
  }
  std::string operator()(const index_name& x) const {
    return piece_folder(x.tenant, x.piece) + "/index-" + numbered(x.epoch, x.number);
  }
  std::string operator()(const seal_name& x) const {
    return piece_folder(x.tenant, x.piece) + "/seal-" + padded(x.epoch);
  }
};

/// Takes a name off from the left; after the first mismatch everything fails.
class name_parser {
public:
  explicit name_parser(std::string_view text) : rest_(text) {}

  /// Takes `text` if it comes next.
  bool accept(std::string_view text) {
    if (!ok_ || !rest_.starts_with(text))
      return false;
    rest_.remove_prefix(text.size());
    return true;
  }
  void expect(std::string_view text) {
    if (!accept(text))
      ok_ = false;
  }
  /// Decimal without leading zeros.
  std::uint64_t plain(std::uint64_t least) {
    auto count = digits();
    if (count > 1 && rest_[0] == '0')
      ok_ = false;
    return number(count, least);
  }
  /// Exactly `count` digits.
  std::uint64_t fixed(std::size_t count, std::uint64_t least) {
    if (digits() != count)
      ok_ = false;
    return number(count, least);
  }
  varve::epoch epoch() { return varve::epoch{fixed(epoch_digits, 1)}; }
  std::uint32_t object_number() { return static_cast<std::uint32_t>(fixed(number_digits, 1)); }
  bool at_end() const { return ok_ && rest_.empty(); }

private:
  std::size_t digits() const {
    std::size_t count = 0;
    while (count < rest_.size() && rest_[count] >= '0' && rest_[count] <= '9')
      ++count;
    return count;
  }
  std::uint64_t number(std::size_t count, std::uint64_t least) {
    std::uint64_t value = 0;
    if (!ok_)
      return 0;
    auto [end, problem] = std::from_chars(rest_.data(), rest_.data() + count, value);
    if (count == 0 || problem != std::errc{} || value < least) {
      ok_ = false;
      return 0;
    }
    rest_.remove_prefix(count);
    return value;
  }

  std::string_view rest_;
  bool ok_ = true;
};

std::optional<object_name> parse_in_piece(name_parser& in, tenant_id tenant, piece_key piece) {
  object_name name;
  if (in.accept("start-")) {
    name = piece_start_name{tenant, piece, in.epoch()};
  } else if (in.accept("seal-")) {
    name = seal_name{tenant, piece, in.epoch()};
  } else if (in.accept("seg-")) {
    segment_name x{tenant, piece, in.epoch()};
    in.expect("-");
    x.number = in.object_number();
    name = x;
  } else if (in.accept("index-")) {
    index_name x{tenant, piece, in.epoch()};
    in.expect("-");
    x.number = in.object_number();
    name = x;
  } else {
    return std::nullopt;
  }
  return in.at_end() ? std::optional(name) : std::nullopt;
}

} // namespace

std::string to_path(const object_name& name) {
  return std::visit(path_of{}, name);
}

std::optional<object_name> parse_object_name(std::string_view path) {
  if (path == "format")
    return format_name{};
  name_parser in(path);
  in.expect("t");
  tenant_id tenant{in.plain(0)};
  in.expect("/");
  object_name name;
  if (in.accept("commits/")) {
    name = commit_name{tenant, commit_seq{in.fixed(epoch_digits, 0)}};
  } else if (in.accept("rounds/")) {
    round_end_name x{tenant, round_id{in.plain(1)}, {}};
    in.expect("-");
    x.epoch = in.epoch();
    name = x;
  } else if (in.accept("lists/")) {
    piece_list_name x{tenant, in.epoch()};
    in.expect("-");
    x.number = in.object_number();
    name = x;
  } else {
    in.expect("r");
    piece_key piece;
    piece.round = round_id{in.plain(1)};
    in.expect("_p");
    piece.piece = piece_id{in.plain(0)};
    in.expect("/");
    return parse_in_piece(in, tenant, piece);
  }
  return in.at_end() ? std::optional(name) : std::nullopt;
}

std::string tenant_folder(tenant_id tenant) {
  return "t" + to_string(tenant);
}
std::string commits_folder(tenant_id tenant) {
  return tenant_folder(tenant) + "/commits";
}
std::string piece_folder(tenant_id tenant, piece_key piece) {
  return tenant_folder(tenant) + "/r" + to_string(piece.round) + "_p" + to_string(piece.piece);
}

std::optional<tenant_id> parse_tenant_folder(std::string_view folder) {
  name_parser in(folder);
  in.expect("t");
  tenant_id tenant{in.plain(0)};
  return in.at_end() ? std::optional(tenant) : std::nullopt;
}

} // namespace varve
