#include "tests/house/tree.h"

#include <array>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

namespace forebay {
namespace {

namespace fs = std::filesystem;

constexpr uintmax_t file_bytes_max = 4 * 1024 * 1024;

bool is_left_out(const std::string& name) {
  return (name.starts_with('.') && name != ".ci") || name == "build" || name == "data";
}

// `at` stands behind the opening quote; returns the position behind the closing one.
size_t end_of_quoted(std::string_view text, size_t at, char quote) {
  while (at < text.size() && text[at] != quote && text[at] != '\n') at += text[at] == '\\' ? 2 : 1;
  return std::min(at + 1, text.size());
}

// `at` stands on the quote of R"delimiter(…)delimiter".
size_t end_of_raw(std::string_view text, size_t at) {
  const size_t open = text.find('(', at);
  if (open == std::string_view::npos) return text.size();
  const std::string close = ")" + std::string(text.substr(at + 1, open - at - 1)) + "\"";
  const size_t end = text.find(close, open);
  return end == std::string_view::npos ? text.size() : end + close.size();
}

bool is_digit_separator(std::string_view text, size_t at) {
  return at > 0 && std::isalnum(static_cast<unsigned char>(text[at - 1])) != 0;
}

}  // namespace

Tree read_tree(const std::string& root) {
  Tree tree;
  for (fs::recursive_directory_iterator it(root), end; it != end; ++it) {
    const std::string name = it->path().filename().string();
    if (is_left_out(name) && it->is_directory()) it.disable_recursion_pending();
    if (is_left_out(name) || !it->is_regular_file() || it->is_symlink() || it->file_size() > file_bytes_max) continue;
    std::ifstream in(it->path(), std::ios::binary);
    std::ostringstream content;
    content << in.rdbuf();
    if (content.str().find('\0') != std::string::npos) continue;
    tree.emplace(fs::relative(it->path(), root).generic_string(), content.str());
  }
  return tree;
}

std::vector<std::string> top_folders(const Tree& tree) {
  std::set<std::string> folders;
  for (const auto& [path, text] : tree) {
    const size_t slash = path.find('/');
    if (slash != std::string::npos && !path.starts_with('.')) folders.insert(path.substr(0, slash));
  }
  return {folders.begin(), folders.end()};
}

bool is_source(std::string_view path) {
  return path.ends_with(".h") || path.ends_with(".cc") || path.ends_with(".c");
}

std::string code_of(std::string_view text) {
  std::string code;
  for (size_t at = 0; at < text.size();) {
    const std::string_view rest = text.substr(at);
    if (rest.starts_with("//")) {
      at = std::min(text.find('\n', at), text.size());
    } else if (rest.starts_with("/*")) {
      const size_t end = text.find("*/", at + 2);
      at = end == std::string_view::npos ? text.size() : end + 2;
    } else if (rest.starts_with("R\"")) {
      at = end_of_raw(text, at + 1);
      code += "\"\"";
    } else if (text[at] == '"' || (text[at] == '\'' && !is_digit_separator(text, at))) {
      at = end_of_quoted(text, at + 1, text[at]);
      code += "\"\"";
    } else {
      code += text[at++];
    }
  }
  return code;
}

std::vector<std::string> includes_of(std::string_view text) {
  static const std::regex include("(?:^|\n)[ \t]*#[ \t]*include[ \t]+\"([^\"\n]+)\"");
  std::vector<std::string> names;
  const std::string copy(text);
  for (std::sregex_iterator it(copy.begin(), copy.end(), include), end; it != end; ++it) names.push_back((*it)[1]);
  return names;
}

}  // namespace forebay
