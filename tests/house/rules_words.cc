// Rules about what the files around the code say.
#include <algorithm>
#include <filesystem>
#include <regex>
#include <set>
#include <sstream>

#include "tests/house/rules.h"

namespace forebay {
namespace {

using Names = std::set<std::string>;

Names matches(const std::string& text, const std::regex& pattern, size_t group) {
  Names found;
  for (std::sregex_iterator it(text.begin(), text.end(), pattern), end; it != end; ++it) {
    found.insert((*it)[group].str());
  }
  return found;
}

const std::string* file(const Tree& tree, const std::string& path) {
  const auto found = tree.find(path);
  return found == tree.end() ? nullptr : &found->second;
}

// Paths of the source files that a CMakeLists.txt names, relative to the root.
Names named_sources(const std::string& cmake_path, const std::string& text) {
  static const std::regex source(R"(([\w./${}-]+\.(?:cc|c|py|sh))\b)");
  const std::string here = std::filesystem::path(cmake_path).parent_path().generic_string();
  Names paths;
  for (std::string name : matches(text, source, 1)) {
    const std::string absolute = "${CMAKE_SOURCE_DIR}/", current = "${CMAKE_CURRENT_SOURCE_DIR}/";
    if (name.starts_with(absolute)) {
      name = name.substr(absolute.size());
    } else {
      name = here + "/" + (name.starts_with(current) ? name.substr(current.size()) : name);
    }
    paths.insert(std::filesystem::path(name).lexically_normal().generic_string());
  }
  return paths;
}

Names all_tests(const Tree& tree) {
  static const std::regex test(
      R"(\b(?:TEST|TEST_F|TEST_P|TYPED_TEST|TYPED_TEST_P|RC_GTEST_PROP|RC_GTEST_FIXTURE_PROP)\(\s*(\w+)\s*,\s*(\w+))");
  static const std::regex script(R"((?:^|\n)forebay_(?:example|docs_test)\((\w+\.\w+))");
  Names names;
  for (const auto& [path, text] : tree) {
    if (path.ends_with("CMakeLists.txt")) names.merge(matches(text, script, 1));
    if (!path.starts_with("tests/") || !is_source(path)) continue;
    const std::string code = code_of(text);
    for (std::sregex_iterator it(code.begin(), code.end(), test), end; it != end; ++it) {
      names.insert((*it)[1].str() + "." + (*it)[2].str());
    }
  }
  return names;
}

std::string trimmed(const std::string& text) {
  const size_t first = text.find_first_not_of(" \t`");
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t`") - first + 1);
}

std::vector<std::string> cells(const std::string& row) {
  std::vector<std::string> out;
  std::istringstream in(row.substr(1));
  for (std::string cell; std::getline(in, cell, '|');) out.push_back(trimmed(cell));
  return out;
}

// "All/Suite.Test/3" is an instance of Suite.Test.
std::string plain_test_name(std::string name) {
  const size_t dot = name.find('.'), first = name.find('/');
  if (first != std::string::npos && first < dot) name.erase(0, first + 1);
  return name.substr(0, name.find('/'));
}

void check_row(const std::string& row, const Names& tests, Complaints* out) {
  static const std::regex test_name(R"([\w/]+\.[\w/]+)");
  const std::vector<std::string> parts = cells(row);
  const bool heading = parts.size() > 2 && (parts[2].starts_with("--") || parts[2].starts_with(":-"));
  if (heading || parts.empty() || parts[0] == "fault") return;
  const Names named = parts.size() > 2 ? matches(parts[2], test_name, 0) : Names{};
  if (named.empty()) out->push_back("docs/faults.md: no test shows \"" + parts[0] + "\"");
  for (const std::string& name : named) {
    if (!tests.contains(plain_test_name(name))) out->push_back("docs/faults.md: there is no test " + name);
  }
}

std::string without_suffix(const std::string& name) {
  for (const std::string suffix : {"_bucket", "_sum", "_count"}) {
    if (name.ends_with(suffix)) return name.substr(0, name.size() - suffix.size());
  }
  return name;
}

bool is_dashboard(const std::string& path) {
  return path.starts_with("dashboards/") &&
         (path.ends_with(".json") || path.ends_with(".yml") || path.ends_with(".yaml"));
}

}  // namespace

Complaints named_tests(const Tree& tree) {
  Names named;
  for (const auto& [path, text] : tree) {
    if (path.ends_with("CMakeLists.txt")) named.merge(named_sources(path, text));
  }
  Complaints out;
  for (const auto& [path, text] : tree) {
    const bool test = path.starts_with("tests/") &&
                      (path.ends_with(".cc") || path.ends_with("_test.py") || path.ends_with("_test.sh"));
    if (test && !named.contains(path)) out.push_back(path + " is named by no CMake target");
  }
  return out;
}

Complaints tested_faults(const Tree& tree) {
  Complaints out;
  const std::string* faults = file(tree, "docs/faults.md");
  if (faults == nullptr) return out;
  const Names tests = all_tests(tree);
  std::istringstream in(*faults);
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with('|')) check_row(line, tests, &out);
  }
  return out;
}

Complaints exported_metrics(const Tree& tree) {
  static const std::regex used(R"(\b((?:forebay|process)_[a-z_]+))"), quoted(R"re("((?:forebay|process)_[a-z_]+)")re");
  Names exported;
  for (const auto& [path, text] : tree) {
    if (path.starts_with("relay/") && is_source(path)) exported.merge(matches(text, quoted, 1));
  }
  Complaints out;
  for (const auto& [path, text] : tree) {
    if (!is_dashboard(path)) continue;
    for (const std::string& name : matches(text, used, 1)) {
      if (exported.contains(name) || exported.contains(without_suffix(name))) continue;
      out.push_back(path + " uses " + name + ", which is not exported");
    }
  }
  return out;
}

Complaints no_machine_paths(const Tree& tree) {
  // Put together from halves, so that this file does not break its own rule.
  static const std::regex machine(
      "(^|[\\s\"'`(=:])/(wo"
      "rk|ro"
      "ot|ho"
      "me|tmp/f"
      "b)/");
  Complaints out;
  for (const auto& [path, text] : tree) {
    std::smatch found;
    if (std::regex_search(text, found, machine)) out.push_back(path + " holds a path below /" + found[2].str());
  }
  return out;
}

Complaints whole_map(const Tree& tree) {
  Complaints out;
  const std::string* readme = file(tree, "README.md");
  if (readme == nullptr) return out;
  for (const std::string& folder : top_folders(tree)) {
    if (readme->find("`" + folder + "/`") == std::string::npos)
      out.push_back("README.md's map has no `" + folder + "/`");
  }
  return out;
}

}  // namespace forebay
