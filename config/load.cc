#include "config/load.h"

#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "config/reader.h"

namespace forebay {
namespace {

constexpr std::streamsize file_bytes_max = 4 * 1024 * 1024;

// 0, or an errno value.
int read_file(const std::string& path, std::string* content) {
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  if (!in) return errno != 0 ? errno : EIO;
  content->resize(file_bytes_max + 1);
  in.read(content->data(), file_bytes_max + 1);
  if (!in && !in.eof()) return errno != 0 ? errno : EIO;
  if (in.gcount() > file_bytes_max) return EFBIG;
  content->resize(static_cast<size_t>(in.gcount()));
  return 0;
}

// yaml-cpp's words for a tab do not mention it.
std::string hint_about(std::string_view text, int line) {
  for (; line > 0; --line) text.remove_prefix(std::min(text.size(), text.find('\n') + 1));
  const std::string_view indentation = text.substr(0, text.find_first_not_of(" \t"));
  return indentation.find('\t') == std::string_view::npos ? "" : "indent with spaces, not with tabs";
}

// yaml-cpp speaks through exceptions; they end here.
bool parse_yaml(std::string_view text, const std::string& name, YAML::Node* root, std::vector<ConfigError>* errors) {
  try {
    // Without the blanks at its end: yaml-cpp takes a quoted text that is never closed for closed by a line
    // end.
    const std::string trimmed(text.substr(0, text.find_last_not_of(" \t\r\n") + 1));
    const std::vector<YAML::Node> documents = YAML::LoadAll(trimmed);
    if (documents.size() > 1) {
      const YAML::Mark mark = documents[1].Mark();
      errors->push_back(
          {name, mark.line + 1, mark.column + 1, "a second YAML document begins here", "a config is one map of keys"});
      return false;
    }
    if (!documents.empty()) *root = documents[0];
    return true;
  } catch (const YAML::DeepRecursion&) {
    errors->push_back({name, 1, 1, "not YAML: nested too deeply", ""});
  } catch (const YAML::Exception& error) {
    errors->push_back({name, error.mark.line + 1, error.mark.column + 1, "not YAML: " + error.msg,
                       hint_about(text, error.mark.line)});
  }
  return false;
}

}  // namespace

std::string to_string(const ConfigError& error) {
  std::string place = error.file;
  if (error.line > 0) place += ":" + std::to_string(error.line) + ":" + std::to_string(error.column);
  return place + ": " + error.what + (error.hint.empty() ? "" : " (" + error.hint + ")");
}

bool load_config_text(std::string_view text, const std::string& name, Config* config, std::vector<ConfigError>* errors,
                      const Variables& variables) {
  YAML::Node root;
  std::vector<ConfigError> found;
  Config fresh;
  if (parse_yaml(text, name, &root, &found)) fresh = Reader(name, variables, &found).read(root);
  if (found.empty()) {
    fresh.path = name;
    *config = std::move(fresh);
    return true;
  }
  std::stable_sort(found.begin(), found.end(), [](const ConfigError& a, const ConfigError& b) {
    return std::pair(a.line, a.column) < std::pair(b.line, b.column);
  });
  errors->insert(errors->end(), found.begin(), found.end());
  return false;
}

bool load_config(const std::string& path, Config* config, std::vector<ConfigError>* errors,
                 const Variables& variables) {
  std::string text;
  if (const int error = read_file(path, &text); error != 0) {
    errors->push_back({path, 0, 0, std::string("cannot be read: ") + std::strerror(error), ""});
    return false;
  }
  return load_config_text(text, path, config, errors, variables);
}

}  // namespace forebay
