#pragma once

#include <tao/pegtl.hpp>

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>

/// The grammar of STATEMENTS.md, for grammar.cpp alone. Every token takes the blanks and comments behind it,
/// so that a token that does not match is missed exactly where the reader would look for it; rules with a
/// member `expected` are what an error message can name. No rule contains itself: the depth of the calls is
/// that of the grammar, whatever the text. Actions run as soon as their rule has matched, so a rule with an
/// action is never tried and taken back (where the text decides late, at<> looks ahead, which runs none).
namespace varve::grammar::rules {

namespace p = tao::pegtl;

// Words

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

// Clauses

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

// Statements

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

} // namespace varve::grammar::rules
