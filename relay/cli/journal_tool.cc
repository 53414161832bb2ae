#include "relay/cli/journal_tool.h"

#include <CLI/CLI.hpp>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>

#include "backlog/offline.h"
#include "backlog/posix_files.h"

namespace forebay {

int journal_main(int argc, char** argv) {
  CLI::App app{"Looks at a data_dir without opening it. Stop forebay first for a verdict.", "forebay journal"};
  app.require_subcommand(1);
  std::string directory;
  CLI::App* verify = app.add_subcommand("verify", "read and check every frame and message");
  CLI::App* stat = app.add_subcommand("stat", "what is there: segments, checkpoints, messages");
  for (CLI::App* command : {verify, stat}) command->add_option("DIR", directory, "the data_dir")->required();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (!std::filesystem::is_directory(directory)) {
    std::cerr << "forebay journal: there is no directory " << directory << '\n';
    return 1;
  }
  std::unique_ptr<Files> files;
  if (const int error = open_posix_files(directory, &files)) {
    std::cerr << "forebay journal: cannot read " << directory << ": " << std::strerror(error) << '\n';
    return 1;
  }
  std::string report;
  const int status = verify->parsed() ? journal_verify(*files, &report) : journal_stat(*files, &report);
  std::cout << report;
  return status;
}

}  // namespace forebay
