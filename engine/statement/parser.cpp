#include "engine/statement/parser.hpp"

#include "engine/base/text.hpp"
#include "engine/statement/grammar.hpp"
#include "engine/statement/parameters.hpp"

namespace varve {
namespace {

constexpr std::string_view name_letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";

/// One text being parsed: knows where it is and words its errors.
class text_parser {
public:
  explicit text_parser(std::string_view text) : text_(text) {}

  result<parsed_text> run() {
    if (auto bad = find_bad_byte(text_); bad != std::string_view::npos)
      return complain(errc::parse_error, bad,
                      text_[bad] == '\0' ? "a statement cannot contain a NUL byte"
                                         : show_found(text_, bad) + " is not UTF-8 text");
    parsed_text parsed;
    for (std::size_t offset = 0;;) {
      auto match = grammar::next(text_.substr(offset), expected_);
      if (match.outcome == grammar::match_outcome::failed)
        return complain_of_form();
      for (auto wide : match.wide)
        warn(parsed, offset_of(wide));
      if (match.outcome == grammar::match_outcome::end_of_text)
        return parsed;
      if (match.wrong.kind != grammar::complaint_kind::none)
        return complain_of(match.wrong);
      auto begin = offset_of(match.begin), end = offset_of(match.end);
      while (is_blank(text_[end - 1])) // its first word stops it
        --end;
      last_ = position_after(text_, last_, begin);
      parsed.statements.push_back(
          {std::move(match.body), std::string(text_.substr(begin, end - begin)), last_});
      offset = offset_of(match.next);
    }
  }

private:
  std::size_t offset_of(const char* at) const { return static_cast<std::size_t>(at - text_.data()); }

  error complain(errc code, std::size_t offset, const std::string& what) const {
    auto at = position_after(text_, last_, offset);
    return fail(code, to_string(at) + ": " + what + "\n" + show_place(text_, at));
  }

  error complain_of_form() const {
    auto offset = offset_of(expected_.furthest());
    auto rest = text_.substr(offset);
    if (rest.substr(0, 2) == "/*") // one that is closed is a blank, and no error stands at a blank
      return complain(errc::parse_error, offset, "the comment is never closed: expected */");
    if (!rest.empty() && (rest[0] == '\'' || rest[0] == '"' || rest[0] == '`') && !closes(rest))
      return complain(errc::parse_error, offset,
                      std::string("the text in quotes is never closed: expected ") + rest[0]);
    auto what = "expected " + expected_.to_string() + ", found " + show_found(text_, offset);
    if (rest.empty()) // point behind the last word, not at an empty line; without a word, nothing is missed
      while (is_blank(text_[offset - 1]))
        --offset;
    return complain(errc::parse_error, offset, what);
  }

  /// Does the quoted text at the front of `rest` end? (A doubled quote stands for itself.)
  static bool closes(std::string_view rest) {
    for (std::size_t i = 1;; i += 2) {
      i = rest.find(rest[0], i);
      if (i == rest.npos)
        return false;
      if (i + 1 >= rest.size() || rest[i + 1] != rest[0])
        return true;
    }
  }

  error complain_of(const grammar::complaint& wrong) const {
    using enum grammar::complaint_kind;
    auto offset = offset_of(wrong.at);
    switch (wrong.kind) {
    case number_too_large:
      return complain(errc::parse_error, offset, "the number is larger than 18446744073709551615");
    case clause_twice:
      return complain(errc::parse_error, offset, std::string(wrong.clause) + " is given twice");
    case zero_times:
      return complain(errc::invalid_argument, offset,
                      "NOT BACKED UP n TIMES needs n of at least 1: 0 would copy nothing");
    case times_without_destination:
      return complain(errc::not_supported, offset,
                      "NOT BACKED UP n TIMES needs a destination of its own in the statement: add "
                      "BACKUP_BACKUP_DEST = 'uri' (not backed up N times to the backup_backup_dest of sys "
                      "parameter is not supported)");
    case unknown_parameter:
    case none: // nobody complains of it
      break;
    }
    auto rest = text_.substr(offset);
    auto near = nearest_parameter(rest.substr(0, rest.find_first_not_of(name_letters)));
    auto what = "there is no parameter " + show_found(text_, offset);
    what += near.empty() ? "; SHOW PARAMETERS lists them all" : "; did you mean " + std::string(near) + "?";
    return complain(errc::invalid_argument, offset, what);
  }

  void warn(parsed_text& parsed, std::size_t offset) {
    if (parsed.warnings.size() >= warnings_max)
      return;
    last_wide_ = position_after(text_, last_wide_, offset);
    auto third = static_cast<unsigned char>(text_[offset + 2]);
    parsed.warnings.push_back(to_string(last_wide_) + (third == 0x9b ? ": full-width '；' is read as ';'"
                                                                     : ": full-width '，' is read as ','"));
  }

  std::string_view text_;
  grammar::expectations expected_;
  text_position last_;      // of the last statement: counting goes on from here, so that all of it is linear
  text_position last_wide_; // of the last full-width mark, likewise
};

} // namespace

result<parsed_text> parse_statements(std::string_view text) {
  return text_parser(text).run();
}

} // namespace varve
