#include "engine/shell/commands.hpp"
#include "engine/shell/exit_codes.hpp"
#include "engine/shell/line_editor.hpp"
#include "engine/shell/sql_session.hpp"
#include "engine/shell/statement_text.hpp"
#include "engine/shell/table_printer.hpp"

#include <CLI/CLI.hpp>

#include <iostream>
#include <memory>

namespace varve::shell {
namespace {

constexpr const char* shell_examples =
    R"(Examples:
  varve shell --data /var/lib/mydb/varve
  varve shell --data DIR -e "ALTER SYSTEM SET backup_dest = 'file:///backup/mydb'; ALTER SYSTEM ARCHIVELOG"
  varve shell --data DIR --format csv -e "SELECT * FROM CDB_OB_BACKUP_ARCHIVELOG" > status.csv
SELECT works whoever owns DIR. The first other statement makes the shell its owner until it
leaves; while another process is that, it is refused with the owner's pid.)";

constexpr const char* help_text = R"(A statement ends with ';' and may span lines. For example:
  ALTER SYSTEM SET backup_dest = 'file:///backup/mydb';
  ALTER SYSTEM SET backup_log_archive_option = 'optional compression= zstd_1.3.8';
  ALTER SYSTEM ARCHIVELOG;
  SELECT TENANT_ID, STATUS, MAX_NEXT_TIME FROM CDB_OB_BACKUP_ARCHIVELOG;
  SELECT * FROM CDB_OB_BACKUP_PIECE_FILES;
  SHOW PARAMETERS LIKE 'backup%';
quit, exit or Ctrl-D leaves; help shows this.
)";

struct shell_options {
  std::string data_directory, text, format = "table";
};

exit_code run_statement(sql_session& session, const std::string& statement, output_format format) {
  auto results = session.execute(statement);
  if (!results)
    return report(results.error());
  for (const auto& one : *results)
    print_result(one, format, std::cout, std::cerr);
  return exit_ok;
}

// Stops at the first statement that fails.
exit_code run_text(sql_session& session, const std::string& text, output_format format) {
  auto parts = split_statements(text);
  if (!parts.rest.empty())
    parts.complete.push_back(parts.rest);
  for (const auto& statement : parts.complete)
    if (auto code = run_statement(session, statement, format); code != exit_ok)
      return code;
  return exit_ok;
}

bool is_word(const std::string& line, std::string_view word) {
  auto begin = line.find_first_not_of(" \t");
  if (begin == std::string::npos)
    return false;
  auto rest = std::string_view(line).substr(begin);
  rest = rest.substr(0, rest.find_last_not_of(" \t;") + 1);
  return rest == word;
}

// At a terminal an error is told and the prompt goes on; a script stops there.
exit_code run_prompt(sql_session& session, const std::string& history_file, output_format format) {
  line_editor editor(history_file);
  if (editor.interactive())
    std::cout << "varve " VARVE_VERSION ". Type help for examples, quit to leave.\n";
  statement_splitter text;
  while (auto line = editor.read(text.waits() ? "    -> " : "varve> ")) {
    if (!text.waits() && (is_word(*line, "quit") || is_word(*line, "exit") || is_word(*line, "\\q")))
      break;
    if (!text.waits() && editor.interactive() && (is_word(*line, "help") || is_word(*line, "\\h"))) {
      std::cout << help_text;
      continue;
    }
    for (const auto& statement : text.add(*line + '\n')) {
      editor.remember(statement);
      auto code = run_statement(session, statement, format);
      if (code != exit_ok && !editor.interactive())
        return code;
    }
  }
  if (editor.interactive())
    std::cout << '\n';
  if (auto rest = text.rest(); !rest.empty() && !editor.interactive())
    return run_statement(session, rest, format);
  return exit_ok;
}

exit_code run(const shell_options& options) {
  auto format = parse_output_format(options.format);
  if (!format)
    return report_usage("--format is table, json or csv, not '" + options.format + "'");
  sql_session session(options.data_directory);
  if (auto sound = check_statements(options.text); !sound.ok())
    return report(sound.error()); // refused as a whole: nothing of it has run
  auto code = options.text.empty() ? run_prompt(session, options.data_directory + "/shell_history", *format)
                                   : run_text(session, options.text, *format);
  if (auto closed = session.close(); !closed.ok() && code == exit_ok)
    code = report(closed.error());
  return code;
}

} // namespace

void add_shell_command(CLI::App& program, int& outcome) {
  auto options = std::make_shared<shell_options>();
  auto* command = program.add_subcommand("shell", "type statements and SELECT on the views");
  command
      ->add_option("--data", options->data_directory, "data directory of the engine; made if it is not there")
      ->required();
  command->add_option("-e", options->text, "run these statements, separated by ';', and leave");
  command->add_option("--format", options->format, "table, json (one object per statement and line) or csv");
  command->footer(shell_examples);
  command->callback([options, &outcome] { outcome = run(*options); });
}

} // namespace varve::shell
