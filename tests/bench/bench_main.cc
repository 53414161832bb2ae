// forebay_bench: every figure that Forebay promises, measured on this machine against a reference in the same
// run.
#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>

#include "rows.h"

namespace {

using forebay::bench::Options;
using forebay::bench::Row;

struct Group {
  const char* name;
  std::vector<Row> (*measure)(const Options&);
};

constexpr Group groups[] = {
    {"accept", forebay::bench::accept_rows},   {"store", forebay::bench::store_rows},
    {"deliver", forebay::bench::deliver_rows}, {"idle", forebay::bench::idle_rows},
    {"shape", forebay::bench::shape_rows},     {"overload", forebay::bench::overload_rows},
    {"tls", forebay::bench::tls_rows},         {"topics", forebay::bench::topic_rows},
    {"pull", forebay::bench::pull_rows},       {"streams", forebay::bench::stream_rows},
};

}  // namespace

int main(int argc, char** argv) {
  Options options;
  options.forebay = "build/forebay";
  options.directory = "build";
  std::string json;
  std::vector<std::string> only;
  CLI::App app("Measures Forebay against references on this machine.", "forebay_bench");
  app.add_option("--forebay", options.forebay, "the binary")->check(CLI::ExistingFile)->capture_default_str();
  app.add_option("--directory", options.directory, "where the data goes: the disk under test")
      ->check(CLI::ExistingDirectory)
      ->capture_default_str();
  app.add_option("--rounds", options.rounds, "alternations; the median counts")->capture_default_str();
  app.add_option("--only", only, "groups: accept store deliver idle shape overload tls topics pull streams");
  app.add_option("--json", json, "file to write the rows to");
  app.add_flag("--long", options.long_run, "10 M messages");
  CLI11_PARSE(app, argc, argv);
  options.forebay = std::filesystem::canonical(options.forebay);
  options.directory = std::filesystem::canonical(options.directory);
  signal(SIGPIPE, SIG_IGN);

  std::vector<Row> rows;
  for (const Group& group : groups) {
    if (!only.empty() && std::find(only.begin(), only.end(), group.name) == only.end()) continue;
    fprintf(stderr, "%s ...\n", group.name);
    for (Row& row : group.measure(options)) rows.push_back(std::move(row));
  }
  fputs(forebay::bench::table(rows).c_str(), stdout);
  if (!json.empty()) std::ofstream(json) << forebay::bench::json(rows);
  return 0;
}
