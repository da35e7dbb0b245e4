#include "engine/statement/grammar.hpp"

#include "engine/statement/parameter_names.hpp"

#include <tao/pegtl.hpp>

#include <algorithm>
#include <limits>
#include <utility>

/// The grammar of STATEMENTS.md. Every token takes the blanks and comments behind it, so that a token that
/// does not match is missed exactly where the reader would look for it; rules with a member `expected` are
/// what an error message can name. No rule contains itself: the depth of the calls is that of the grammar,
/// whatever the text. Actions run as soon as their rule has matched, so a rule with actions is never tried
/// and taken back (where the text decides late, at<> looks ahead, which runs none).
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

namespace p = tao::pegtl;
using sql::object_kind;

// -- What the actions fill in
// ----------------------------------------------------------------------------------

struct builder {
  explicit builder(expectations& all) : expected(all) {}
  expectations& expected;
  match found;

  // the newest literal of each kind …
  std::uint64_t number = 0;
  std::string text, name;
  // … and what clauses have made of them
  std::string parameter, pattern = "%", table;
  object_kind object = object_kind::data;
  bool all = false, with_active = false, incremental = false;
  std::uint64_t target = 0, copy = 0;
  std::optional<std::uint64_t> times;
  const char* times_at = nullptr;
  tenant_clause tenant;
  std::optional<std::string> destination;
  std::vector<std::string> names;
  sql::restore restore;

  void complain(complaint_kind kind, const char* at, std::string_view clause = {}) {
    if (found.wrong.kind == complaint_kind::none)
      found.wrong = {kind, at, clause};
  }
  void set_tenant(const char* at, tenant_clause clause) {
    if (names_tenant(tenant))
      complain(complaint_kind::clause_twice, at, "the tenant");
    tenant = std::move(clause);
  }
};

// -- Words
// -----------------------------------------------------------------------------------------------------

struct word_char : p::sor<p::alnum, p::one<'_', '$'>> {};
struct line_comment : p::seq<p::sor<p::two<'-'>, p::one<'#'>>, p::until<p::sor<p::one<'\n', '\r'>, p::eof>>> {
};
struct block_comment : p::seq<p::string<'/', '*'>, p::until<p::string<'*', '/'>>> {};
struct comment : p::sor<line_comment, block_comment> {};
struct blank : p::star<p::sor<p::plus<p::space>, comment>> {};

struct wide_semicolon : p::string<'\xef', '\xbc', '\x9b'> {};
struct wide_comma : p::string<'\xef', '\xbc', '\x8c'> {};

template <std::size_t N>
struct spelling {
  char text[N]{};
  consteval spelling(const char (&from)[N]) { std::copy_n(from, N, text); }
};
template <spelling S, class = std::make_index_sequence<sizeof(S.text) - 1>>
struct any_case;
template <spelling S, std::size_t... I>
struct any_case<S, std::index_sequence<I...>> : p::istring<S.text[I]...> {};

/// A keyword, in any case.
template <spelling S>
struct word : p::seq<any_case<S>, p::not_at<word_char>, blank> {
  static constexpr std::string_view expected{S.text, sizeof(S.text) - 1};
};

struct equals : p::seq<p::one<'='>, blank> {
  static constexpr std::string_view expected = "'='";
};
struct silent_equals : p::seq<p::one<'='>, blank> {};
struct comma : p::seq<p::sor<p::one<','>, wide_comma>, blank> {
  static constexpr std::string_view expected = "','";
};

struct dot : p::seq<p::one<'.'>, blank> {
  static constexpr std::string_view expected = "'.'";
};

struct digits : p::seq<p::plus<p::digit>, p::not_at<word_char>> {};
struct number : p::seq<digits, blank> {
  static constexpr std::string_view expected = "a number";
};

template <char Quote>
struct quoted
    : p::seq<p::one<Quote>, p::star<p::sor<p::plus<p::not_one<Quote>>, p::two<Quote>>>, p::one<Quote>> {};
struct quoted_text : p::sor<quoted<'\''>, quoted<'"'>> {};
struct text : p::seq<quoted_text, blank> {
  static constexpr std::string_view expected = "a text in quotes";
};

struct plain_name : p::seq<p::sor<p::alpha, p::one<'_'>>, p::star<word_char>> {};
struct quoted_name : p::sor<quoted<'\''>, quoted<'"'>, quoted<'`'>> {};
struct any_name : p::sor<plain_name, quoted_name> {};
struct name : p::seq<any_name, blank> {
  static constexpr std::string_view expected = "a name";
};

struct end_of_statement : p::sor<p::one<';'>, wide_semicolon, p::eof> {
  static constexpr std::string_view expected = "the end of the statement";
};

// -- Clauses
// ---------------------------------------------------------------------------------------------------

struct tenant_name : p::seq<any_name, blank> {
  static constexpr std::string_view expected = "the name of a tenant (for a number write TENANT_ID = 1001)";
};
struct tenant_by_id : p::seq<word<"TENANT_ID">, p::opt<equals>, number> {};
struct tenant_by_name : p::seq<p::sor<word<"TENANT">, word<"TENANT_NAME">>, p::opt<equals>, tenant_name> {};
struct tenant : p::sor<tenant_by_name, tenant_by_id> {};
struct for_tenant : p::opt<tenant> {};

struct piece_word : word<"BACKUPPIECE"> {};
struct round_word : word<"BACKUPROUND"> {};
struct set_word : word<"BACKUPSET"> {};
struct target : p::seq<number> {};
struct copy_clause : p::seq<word<"COPY">, number> {};

struct piece_number : p::seq<digits, blank> {
  static constexpr std::string_view expected = "the number of a piece (BACKUPPIECE 1 or BACKUPPIECE = 1)";
};
struct set_number : p::seq<digits, blank> {
  static constexpr std::string_view expected = "the number of a set (BACKUPSET 1 or BACKUPSET = 1)";
};
struct times_number : p::seq<digits, blank> {
  static constexpr std::string_view expected = "a number";
};
struct times_clause : p::seq<word<"NOT">, word<"BACKED">, word<"UP">, times_number, word<"TIMES">> {};
struct all_word : word<"ALL"> {};
struct active_clause : p::seq<word<"WITH">, word<"ACTIVE">, p::opt<word<"BACKUPPIECE">>> {};
struct destination_clause : p::seq<word<"BACKUP_BACKUP_DEST">, p::opt<equals>, text> {};

template <class Number>
struct which : p::sor<p::seq<all_word, p::opt<times_clause>>, p::seq<p::opt<silent_equals>, Number>> {};

// -- Statements
// ------------------------------------------------------------------------------------------------

struct parameter_name : p::seq<plain_name> {
  static constexpr std::string_view expected = "the name of a parameter";
};
struct bare_value : p::seq<p::opt<p::one<'-', '+'>>, p::plus<p::sor<p::alnum, p::one<'_', '.'>>>> {};
struct value : p::seq<p::sor<quoted_text, bare_value>, blank> {
  static constexpr std::string_view expected = "a value in quotes";
};
struct set_parameter : p::seq<word<"SET">, parameter_name, blank, equals, value, for_tenant> {};

struct archivelog : p::seq<word<"ARCHIVELOG">, for_tenant> {};
struct noarchivelog : p::seq<word<"NOARCHIVELOG">, for_tenant> {};
struct start_archivelog : p::seq<word<"START">, word<"BACKUP">, word<"ARCHIVELOG">, for_tenant> {};
struct stop_archivelog : p::seq<word<"STOP">, word<"BACKUP">, word<"ARCHIVELOG">, for_tenant> {};

struct backup_piece
    : p::seq<piece_word, which<piece_number>, p::star<p::sor<active_clause, tenant, destination_clause>>> {};
struct backup_set : p::seq<set_word, which<set_number>, p::star<p::sor<tenant, destination_clause>>> {};
struct backup_copy : p::sor<backup_piece, backup_set> {};
struct incremental_word : word<"INCREMENTAL"> {};
struct backup_database : p::seq<p::opt<incremental_word>, word<"DATABASE">> {};
struct listed_name : p::seq<name> {};
struct backup_tenants : p::seq<word<"TENANT">, p::list<listed_name, comma>, word<"TO">, text> {};
struct backup : p::seq<word<"BACKUP">, p::sor<backup_copy, backup_database, backup_tenants>> {};

struct cancel_backup : p::seq<word<"BACKUP">, p::opt<p::sor<piece_word, set_word>>, for_tenant> {};
struct cancel_delete : p::seq<word<"DELETE">, word<"BACKUP">, for_tenant> {};
struct cancel_validate : p::seq<word<"VALIDATE">, target, p::opt<copy_clause>> {};
struct cancel_all : p::seq<word<"ALL">, word<"BACKUP">, word<"FORCE">> {};
struct cancel : p::seq<word<"CANCEL">, p::sor<cancel_backup, cancel_delete, cancel_validate, cancel_all>> {};

struct delete_object
    : p::seq<p::sor<piece_word, round_word, set_word>, target, p::opt<copy_clause>, for_tenant> {};
struct delete_obsolete : p::seq<word<"OBSOLETE">, word<"BACKUP">, for_tenant> {};
struct delete_expired : p::seq<word<"EXPIRED">, word<"BACKUP">, p::opt<copy_clause>> {};
struct delete_any : p::seq<word<"DELETE">, p::sor<delete_object, delete_obsolete, delete_expired>> {};

struct validate : p::seq<word<"VALIDATE">,
                         p::sor<word<"DATABASE">, p::seq<p::sor<piece_word, round_word, set_word>, target>>,
                         p::opt<copy_clause>, for_tenant> {};
struct suspend : p::seq<word<"SUSPEND">, word<"BACKUP">, for_tenant> {};
struct resume : p::seq<word<"RESUME">, word<"BACKUP">, for_tenant> {};

struct table_first : p::seq<name> {};
struct table_second : p::seq<name> {};
struct table : p::seq<table_first, p::opt<dot, table_second>> {};
struct tables : p::list<table, comma> {};
struct tables_clause : p::opt<p::at<tables, word<"FOR">>, tables, word<"FOR">> {};
struct restored_tenant : p::seq<name> {};
struct source_tenant : p::seq<name> {};
struct at_clause : p::seq<word<"AT">, text> {};
struct until_clause : p::seq<word<"UNTIL">, p::opt<equals>, text> {};
struct with_clause : p::seq<word<"WITH">, text> {};
struct preview_word : word<"PREVIEW"> {};
struct restore : p::seq<word<"RESTORE">, tables_clause, restored_tenant, word<"FROM">, source_tenant,
                        p::opt<at_clause>, p::opt<until_clause>, p::opt<with_clause>, p::opt<preview_word>> {
};
struct add_source : p::seq<word<"ADD">, word<"RESTORE">, word<"SOURCE">, text> {};
struct clear_source : p::seq<word<"CLEAR">, word<"RESTORE">, word<"SOURCE">> {};

struct alter
    : p::seq<word<"ALTER">, word<"SYSTEM">,
             p::sor<set_parameter, archivelog, noarchivelog, start_archivelog, stop_archivelog, backup,
                    cancel, delete_any, validate, suspend, resume, restore, add_source, clear_source>> {};

struct show_preview : p::seq<word<"RESTORE">, word<"PREVIEW">> {};
struct like_clause : p::seq<word<"LIKE">, text> {};
struct show_parameters : p::seq<word<"PARAMETERS">, p::opt<like_clause>, for_tenant> {};
struct show : p::seq<word<"SHOW">, p::sor<show_parameters, show_preview>> {};

/// SELECT is the view engine's: here only its end is found. Quotes as in SQL: doubled inside, no backslash.
struct select_plain : p::plus<p::not_one<';', '\'', '"', '`', '[', '-', '/', '#', '\xef'>> {};
struct select_quoted
    : p::sor<quoted<'\''>, quoted<'"'>, quoted<'`'>, p::seq<p::one<'['>, p::until<p::one<']'>>>> {};
struct select_comment : p::seq<comment> {};
struct select_comma : p::seq<wide_comma> {};
struct select_mark
    : p::seq<p::not_at<p::sor<p::string<'/', '*'>, wide_semicolon>>, p::one<'-', '/', '\xef'>> {};
struct select_text : p::star<p::sor<select_plain, select_quoted, select_comment, select_comma, select_mark>> {
};
struct select : p::seq<p::at<p::sor<word<"SELECT">, word<"WITH">>>, select_text> {};

struct one_statement : p::seq<p::sor<alter, select, show>, end_of_statement> {};
struct between_statements : p::star<p::sor<p::plus<p::space>, comment, p::one<';'>, wide_semicolon>> {};

// -- Actions
// ---------------------------------------------------------------------------------------------------

template <class Rule>
struct action : p::nothing<Rule> {};

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

#define VARVE_ON(rule)                                                                                       \
  template <>                                                                                                \
  struct action<rule>
#define VARVE_DO(rule, ...)                                                                                  \
  VARVE_ON(rule) {                                                                                           \
    static void apply0(builder& b) {                                                                         \
      __VA_ARGS__;                                                                                           \
    }                                                                                                        \
  }

VARVE_ON(digits){template <class Input> static void apply(const Input& in, builder& b){
    constexpr auto max = std::numeric_limits<std::uint64_t>::max();
b.number = 0;
for (auto c : in.string_view()) {
  auto digit = static_cast<std::uint64_t>(c - '0');
  if (b.number > (max - digit) / 10)
    return b.complain(complaint_kind::number_too_large, in.begin());
  b.number = b.number * 10 + digit;
}
} // namespace
}; // namespace varve::grammar
VARVE_ON(quoted_text){template <class Input>
                      static void apply(const Input& in, builder& b){b.text = unquoted(in.string_view());
}
}
;
VARVE_ON(plain_name){template <class Input>
                     static void apply(const Input& in, builder& b){b.name = in.string();
}
}
;
VARVE_ON(quoted_name){template <class Input>
                      static void apply(const Input& in, builder& b){b.name = unquoted(in.string_view());
}
}
;
VARVE_ON(wide_semicolon){template <class Input>
                         static void apply(const Input& in, builder& b){b.found.wide.push_back(in.begin());
}
}
;
VARVE_ON(wide_comma){template <class Input>
                     static void apply(const Input& in, builder& b){b.found.wide.push_back(in.begin());
}
}
;
VARVE_ON(end_of_statement){template <class Input>
                           static void apply(const Input& in, builder& b){b.found.end = in.begin();
}
}
;

VARVE_ON(tenant_by_id){template <class Input> static void apply(const Input& in, builder& b){
    b.set_tenant(in.begin(), tenant_id{b.number});
}
}
;
VARVE_ON(tenant_by_name){template <class Input> static void apply(const Input& in, builder& b){
    b.set_tenant(in.begin(), std::move(b.name));
}
}
;
VARVE_ON(times_number){template <class Input>
                       static void apply(const Input& in, builder& b){b.times = b.number;
b.times_at = in.begin();
if (b.number == 0)
  b.complain(complaint_kind::zero_times, in.begin());
}
}
;
VARVE_ON(active_clause){template <class Input> static void apply(const Input& in, builder& b){
    if (b.with_active) b.complain(complaint_kind::clause_twice, in.begin(), "WITH ACTIVE");
b.with_active = true;
}
}
;
VARVE_ON(destination_clause){template <class Input> static void apply(const Input& in, builder& b){
    if (b.destination) b.complain(complaint_kind::clause_twice, in.begin(), "BACKUP_BACKUP_DEST");
b.destination = std::move(b.text);
}
}
;
VARVE_ON(parameter_name){template <class Input> static void apply(const Input& in, builder& b){
    b.parameter = find_parameter(in.string_view());
if (b.parameter.empty())
  b.complain(complaint_kind::unknown_parameter, in.begin());
}
}
;
VARVE_ON(bare_value){template <class Input>
                     static void apply(const Input& in, builder& b){b.text = in.string();
}
}
;

VARVE_DO(piece_word, b.object = object_kind::piece);
VARVE_DO(round_word, b.object = object_kind::round);
VARVE_DO(set_word, b.object = object_kind::set);
VARVE_DO(all_word, b.all = true);
VARVE_DO(incremental_word, b.incremental = true);
VARVE_DO(target, b.target = b.number);
VARVE_DO(piece_number, b.target = b.number);
VARVE_DO(set_number, b.target = b.number);
VARVE_DO(copy_clause, b.copy = b.number);
VARVE_DO(listed_name, b.names.push_back(std::move(b.name)));
VARVE_DO(table_first, b.table = std::move(b.name));
VARVE_DO(table_second, b.table += "." + b.name);
VARVE_DO(table, b.names.push_back(std::move(b.table)));
VARVE_DO(restored_tenant, b.restore.tenant = std::move(b.name));
VARVE_DO(source_tenant, b.restore.source_tenant = std::move(b.name));
VARVE_DO(at_clause, b.restore.uri = std::move(b.text));
VARVE_DO(until_clause, b.restore.until = std::move(b.text));
VARVE_DO(with_clause, b.restore.options = std::move(b.text));
VARVE_DO(preview_word, b.restore.preview = true);
VARVE_DO(like_clause, b.pattern = std::move(b.text));

VARVE_DO(set_parameter,
         b.found.body = sql::set_parameter{b.parameter, std::move(b.text), std::move(b.tenant)});
VARVE_DO(archivelog, b.found.body = sql::archivelog{std::move(b.tenant)});
VARVE_DO(noarchivelog, b.found.body = sql::noarchivelog{std::move(b.tenant)});
VARVE_DO(start_archivelog, b.found.body = sql::start_backup_archivelog{std::move(b.tenant)});
VARVE_DO(stop_archivelog, b.found.body = sql::stop_backup_archivelog{std::move(b.tenant)});
VARVE_ON(backup_copy){
    static void apply0(builder & b){if (b.times && b.destination.value_or("").empty())
                                        b.complain(complaint_kind::times_without_destination, b.times_at);
b.found.body = sql::backup_copy{b.object,
                                b.all ? std::nullopt : std::optional(b.target),
                                b.times,
                                b.with_active,
                                std::move(b.tenant),
                                std::move(b.destination)};
}
}
;
VARVE_DO(backup_database, b.found.body = sql::backup_database{b.incremental});
VARVE_DO(backup_tenants, b.found.body = sql::backup_tenants{std::move(b.names), std::move(b.text)});
VARVE_DO(cancel_backup, b.found.body = sql::cancel_backup{b.object, std::move(b.tenant)});
VARVE_DO(cancel_delete, b.found.body = sql::cancel_delete{std::move(b.tenant)});
VARVE_DO(cancel_validate, b.found.body = sql::cancel_validate{b.target, b.copy});
VARVE_DO(cancel_all, b.found.body = sql::cancel_all_backup{});
VARVE_DO(delete_object, b.found.body = sql::delete_backup{b.object, b.target, b.copy, std::move(b.tenant)});
VARVE_DO(delete_obsolete, b.found.body = sql::delete_obsolete{std::move(b.tenant)});
VARVE_DO(delete_expired, b.found.body = sql::delete_expired{b.copy});
VARVE_DO(validate, b.found.body = sql::validate_backup{b.object, b.target, b.copy, std::move(b.tenant)});
VARVE_DO(suspend, b.found.body = sql::suspend_backup{std::move(b.tenant)});
VARVE_DO(resume, b.found.body = sql::resume_backup{std::move(b.tenant)});
VARVE_ON(restore){static void apply0(builder & b){b.restore.tables = std::move(b.names);
b.found.body = std::move(b.restore);
}
}
;
VARVE_DO(add_source, b.found.body = sql::add_restore_source{std::move(b.text)});
VARVE_DO(clear_source, b.found.body = sql::clear_restore_source{});
VARVE_DO(show_preview, b.found.body = sql::show_restore_preview{});
VARVE_DO(show_parameters, b.found.body = sql::show_parameters{std::move(b.pattern), std::move(b.tenant)});

VARVE_ON(select_plain){template <class Input>
                       static void apply(const Input& in, builder& b){b.text.append(in.string_view());
}
}
;
VARVE_ON(select_quoted){template <class Input>
                        static void apply(const Input& in, builder& b){b.text.append(in.string_view());
}
}
;
VARVE_ON(select_mark){template <class Input>
                      static void apply(const Input& in, builder& b){b.text.append(in.string_view());
}
}
;
VARVE_DO(select_comment, b.text.push_back(' '));
VARVE_DO(select_comma, b.text.push_back(','));
VARVE_ON(select){static void apply0(builder & b){b.text.erase(b.text.find_last_not_of(" \t\n\v\f\r") + 1);
b.found.body = sql::select{std::move(b.text)};
}
}
;

#undef VARVE_DO
#undef VARVE_ON

/// Notes what a rule with a name was looked for and not found.
template <class Rule>
struct tracking : p::normal<Rule> {
  template <p::apply_mode A, p::rewind_mode M, template <class...> class Action,
            template <class...> class Control, class Input>
  static bool match(Input& in, builder& b) {
    if constexpr (requires { Rule::expected; }) {
      auto at = in.current();
      bool matched = p::normal<Rule>::template match<A, M, Action, Control>(in, b);
      if (!matched)
        b.expected.add(at, Rule::expected);
      return matched;
    } else {
      return p::normal<Rule>::template match<A, M, Action, Control>(in, b);
    }
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
