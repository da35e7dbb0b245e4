#include "engine/statement/grammar.hpp"

#include "engine/statement/grammar_rules.hpp"
#include "engine/statement/parameters.hpp"

#include <limits>

namespace varve::grammar {

std::string expectations::to_string() const {
  std::string text;
  for (std::size_t i = 0; i < count_; ++i) {
    if (i > 0)
      text += i + 1 == count_ ? " or " : ", ";
    text += what_[i];
  }
  return text;
}

namespace {

using namespace rules;
using sql::object_kind;

/// "The text at hand matched this rule."
template <class Rule>
struct is {};

/// The text between the quotes, doubled ones made single.
std::string unquoted(std::string_view written) {
  auto quote = written.front();
  std::string out;
  out.reserve(written.size());
  for (std::size_t i = 1; i + 1 < written.size(); ++i) {
    out.push_back(written[i]);
    if (written[i] == quote)
      ++i;
  }
  return out;
}

/// Makes the statement: on() is called for every rule that has one, as it matches, inner rules first.
class builder {
public:
  explicit builder(expectations& all) : expected(all) {}
  expectations& expected;
  match found;

  // literals
  void on(is<digits>, std::string_view m) {
    constexpr auto max = std::numeric_limits<std::uint64_t>::max();
    number_ = 0;
    for (auto c : m) {
      auto digit = static_cast<std::uint64_t>(c - '0');
      if (number_ > (max - digit) / 10)
        return complain(complaint_kind::number_too_large, m);
      number_ = number_ * 10 + digit;
    }
  }
  void on(is<quoted_text>, std::string_view m) { text_ = unquoted(m); }
  void on(is<bare_value>, std::string_view m) { text_ = m; }
  void on(is<plain_name>, std::string_view m) { name_ = m; }
  void on(is<quoted_name>, std::string_view m) { name_ = unquoted(m); }
  void on(is<wide_semicolon>, std::string_view m) { found.wide.push_back(m.data()); }
  void on(is<wide_comma>, std::string_view m) { found.wide.push_back(m.data()); }
  void on(is<end_of_statement>, std::string_view m) { found.end = m.data(); }

  // clauses
  void on(is<tenant_by_id>, std::string_view m) { set_tenant(m, tenant_id{number_}); }
  void on(is<tenant_by_name>, std::string_view m) { set_tenant(m, std::move(name_)); }
  void on(is<piece_word>, std::string_view) { object_ = object_kind::piece; }
  void on(is<round_word>, std::string_view) { object_ = object_kind::round; }
  void on(is<set_word>, std::string_view) { object_ = object_kind::set; }
  void on(is<target>, std::string_view) { target_ = number_; }
  void on(is<piece_number>, std::string_view) { target_ = number_; }
  void on(is<set_number>, std::string_view) { target_ = number_; }
  void on(is<copy_clause>, std::string_view) { copy_ = number_; }
  void on(is<all_word>, std::string_view) { all_ = true; }
  void on(is<times_number>, std::string_view m) {
    times_ = number_;
    times_at_ = m;
    if (number_ == 0)
      complain(complaint_kind::zero_times, m);
  }
  void on(is<active_clause>, std::string_view m) {
    if (with_active_)
      complain(complaint_kind::clause_twice, m, "WITH ACTIVE");
    with_active_ = true;
  }
  void on(is<destination_clause>, std::string_view m) {
    if (destination_)
      complain(complaint_kind::clause_twice, m, "BACKUP_BACKUP_DEST");
    destination_ = std::move(text_);
  }

  // statements
  void on(is<parameter_name>, std::string_view m) {
    if (auto* known = find_parameter(m))
      parameter_ = known->name;
    else
      complain(complaint_kind::unknown_parameter, m);
  }
  void on(is<set_parameter>, std::string_view) {
    found.body = sql::set_parameter{parameter_, std::move(text_), std::move(tenant_)};
  }
  void on(is<archivelog>, std::string_view) { found.body = sql::archivelog{std::move(tenant_)}; }
  void on(is<noarchivelog>, std::string_view) { found.body = sql::noarchivelog{std::move(tenant_)}; }
  void on(is<start_archivelog>, std::string_view) {
    found.body = sql::start_backup_archivelog{std::move(tenant_)};
  }
  void on(is<stop_archivelog>, std::string_view) {
    found.body = sql::stop_backup_archivelog{std::move(tenant_)};
  }

  void on(is<backup_copy>, std::string_view) {
    if (times_ && destination_.value_or("").empty())
      complain(complaint_kind::times_without_destination, times_at_);
    sql::backup_copy copy;
    copy.object = object_;
    if (!all_)
      copy.number = target_;
    copy.not_backed_up_times = times_;
    copy.with_active = with_active_;
    copy.tenant = std::move(tenant_);
    copy.destination = std::move(destination_);
    found.body = std::move(copy);
  }
  void on(is<incremental_word>, std::string_view) { incremental_ = true; }
  void on(is<backup_database>, std::string_view) { found.body = sql::backup_database{incremental_}; }
  void on(is<listed_name>, std::string_view) { names_.push_back(std::move(name_)); }
  void on(is<backup_tenants>, std::string_view) {
    found.body = sql::backup_tenants{std::move(names_), std::move(text_)};
  }

  void on(is<cancel_backup>, std::string_view) {
    found.body = sql::cancel_backup{object_, std::move(tenant_)};
  }
  void on(is<cancel_delete>, std::string_view) { found.body = sql::cancel_delete{std::move(tenant_)}; }
  void on(is<cancel_validate>, std::string_view) { found.body = sql::cancel_validate{target_, copy_}; }
  void on(is<cancel_all>, std::string_view) { found.body = sql::cancel_all_backup{}; }

  void on(is<delete_object>, std::string_view) {
    found.body = sql::delete_backup{object_, target_, copy_, std::move(tenant_)};
  }
  void on(is<delete_obsolete>, std::string_view) { found.body = sql::delete_obsolete{std::move(tenant_)}; }
  void on(is<delete_expired>, std::string_view) { found.body = sql::delete_expired{copy_}; }
  void on(is<validate>, std::string_view) {
    found.body = sql::validate_backup{object_, target_, copy_, std::move(tenant_)};
  }
  void on(is<suspend>, std::string_view) { found.body = sql::suspend_backup{std::move(tenant_)}; }
  void on(is<resume>, std::string_view) { found.body = sql::resume_backup{std::move(tenant_)}; }

  void on(is<table_first>, std::string_view) { table_ = std::move(name_); }
  void on(is<table_second>, std::string_view) { table_.append(".").append(name_); }
  void on(is<table>, std::string_view) { restore_.tables.push_back(std::move(table_)); }
  void on(is<restored_tenant>, std::string_view) { restore_.tenant = std::move(name_); }
  void on(is<source_tenant>, std::string_view) { restore_.source_tenant = std::move(name_); }
  void on(is<at_clause>, std::string_view) { restore_.uri = std::move(text_); }
  void on(is<until_clause>, std::string_view) { restore_.until = std::move(text_); }
  void on(is<with_clause>, std::string_view) { restore_.options = std::move(text_); }
  void on(is<preview_word>, std::string_view) { restore_.preview = true; }
  void on(is<restore>, std::string_view) { found.body = std::move(restore_); }
  void on(is<add_source>, std::string_view) { found.body = sql::add_restore_source{std::move(text_)}; }
  void on(is<clear_source>, std::string_view) { found.body = sql::clear_restore_source{}; }

  void on(is<show_preview>, std::string_view) { found.body = sql::show_restore_preview{}; }
  void on(is<like_clause>, std::string_view) { pattern_ = std::move(text_); }
  void on(is<show_parameters>, std::string_view) {
    found.body = sql::show_parameters{std::move(pattern_), std::move(tenant_)};
  }

  void on(is<select_plain>, std::string_view m) { text_ += m; }
  void on(is<select_quoted>, std::string_view m) { text_ += m; }
  void on(is<select_mark>, std::string_view m) { text_ += m; }
  void on(is<select_comment>, std::string_view) { text_ += ' '; }
  void on(is<select_comma>, std::string_view) { text_ += ','; }
  void on(is<select>, std::string_view) {
    text_.erase(text_.find_last_not_of(" \t\n\v\f\r") + 1);
    found.body = sql::select{std::move(text_)};
  }

private:
  void complain(complaint_kind kind, std::string_view m, std::string_view clause = {}) {
    if (found.wrong.kind == complaint_kind::none)
      found.wrong = {kind, m.data(), clause};
  }
  void set_tenant(std::string_view m, tenant_clause clause) {
    if (names_tenant(tenant_))
      complain(complaint_kind::clause_twice, m, "the tenant");
    tenant_ = std::move(clause);
  }

  // the newest literal of each kind …
  std::uint64_t number_ = 0;
  std::string text_, name_;
  // … and what clauses have made of them
  std::string parameter_, pattern_ = "%", table_;
  object_kind object_ = object_kind::data;
  bool all_ = false, with_active_ = false, incremental_ = false;
  std::uint64_t target_ = 0, copy_ = 0;
  std::optional<std::uint64_t> times_;
  std::string_view times_at_;
  tenant_clause tenant_;
  std::optional<std::string> destination_;
  std::vector<std::string> names_;
  sql::restore restore_;
};

template <class Rule>
concept acted_on = requires(builder& b, std::string_view m) {
  b.on(is<Rule>{}, m);
};

template <class Rule>
struct action : p::nothing<Rule> {};
template <acted_on Rule>
struct action<Rule> {
  template <class Input>
  static void apply(const Input& in, builder& b) {
    b.on(is<Rule>{}, in.string_view());
  }
};

/// Notes what a rule with a name was looked for and not found.
template <class Rule>
struct tracking : p::normal<Rule> {
  template <p::apply_mode A, p::rewind_mode M, template <class...> class Action,
            template <class...> class Control, class Input>
  static bool match(Input& in, builder& b) {
    auto at = in.current();
    bool matched = p::normal<Rule>::template match<A, M, Action, Control>(in, b);
    if constexpr (requires { Rule::expected; })
      if (!matched)
        b.expected.add(at, Rule::expected);
    return matched;
  }
};

} // namespace

match next(std::string_view rest, expectations& expected) {
  p::memory_input<p::tracking_mode::lazy> in(rest.data(), rest.data() + rest.size(), "");
  builder b(expected);
  p::parse<between_statements, action>(in, b);
  b.found.begin = in.current();
  expected.reset(in.current());
  if (in.empty())
    b.found.outcome = match_outcome::end_of_text;
  else if (p::parse<one_statement, action, tracking>(in, b))
    b.found.outcome = match_outcome::statement;
  b.found.next = in.current();
  return std::move(b.found);
}

} // namespace varve::grammar
