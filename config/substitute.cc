#include "config/substitute.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

namespace forebay {
namespace {

constexpr size_t file_bytes_max = 64 * 1024;

bool is_variable_name(std::string_view name) {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
  for (char c : name) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    if (!letter && !(c >= '0' && c <= '9')) return false;
  }
  return true;
}

std::string read_secret(const std::string& name, const std::string& folder, std::string* error) {
  const std::string path = name.starts_with('/') || folder.empty() ? name : folder + "/" + name;
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  std::string content(file_bytes_max + 1, '\0');
  if (in) in.read(content.data(), static_cast<std::streamsize>(content.size()));
  if (!in && !in.eof()) {
    *error = "${file:" + name + "} cannot be read: " + std::strerror(errno != 0 ? errno : EIO);
    return "";
  }
  content.resize(static_cast<size_t>(in.gcount()));
  if (content.size() > file_bytes_max) *error = "${file:" + name + "} is larger than 64KiB";
  if (content.ends_with('\n')) content.pop_back();
  if (content.ends_with('\r')) content.pop_back();
  return content;
}

struct Context {
  const Variables& variables;
  const std::string& folder;
};

// `inside` is what stands between the braces.
void expand(std::string_view inside, const Context& context, Substituted* out) {
  if (inside.starts_with("file:")) {
    const std::string name(inside.substr(5));
    out->shown += "${file:" + name + "}";
    if (name.empty()) out->error = "${file:} names no file";
    if (out->error.empty()) out->text += read_secret(name, context.folder, &out->error);
    return;
  }
  const size_t dash = inside.find(":-");
  const std::string name(inside.substr(0, dash));
  if (!is_variable_name(name)) {
    out->error = "${…} does not hold the name of a variable";
    return;
  }
  out->shown += "${" + name + "}";
  std::optional<std::string> value = context.variables(name);
  const bool has_default = dash != std::string_view::npos;
  if (has_default && (!value || value->empty())) value = std::string(inside.substr(dash + 2));
  if (!value) out->error = "the environment variable " + name + " is not set";
  out->text += value.value_or("");
}

}  // namespace

Variables process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  };
}

Substituted substitute(std::string_view scalar, const Variables& variables, const std::string& folder) {
  Substituted out;
  const Context context{variables, folder};
  size_t at = 0;
  while (at < scalar.size() && out.error.empty()) {
    if (scalar[at] != '$') {
      out.text += scalar[at];
      out.shown += scalar[at++];
      continue;
    }
    out.error_offset = at;
    const std::string_view rest = scalar.substr(at);
    const size_t close = rest.find('}');
    if (rest.starts_with("$$")) {
      out.text += '$';
      out.shown += "$$";
      at += 2;
    } else if (rest.starts_with("${") && close != std::string_view::npos) {
      expand(rest.substr(2, close - 2), context, &out);
      at += close + 1;
    } else {
      out.error = rest.starts_with("${") ? "${ is not closed" : "a lone $";
    }
  }
  return out;
}

}  // namespace forebay
