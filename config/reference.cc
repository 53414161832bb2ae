#include "config/reference.h"

#include <algorithm>

#include "config/schema.h"

namespace forebay {
namespace {

constexpr std::string_view head =
    R"(# Every key of Forebay's configuration, with its default and its range. Generated from config/keys.cc; a test holds
# the two together. Start from config/forebay.yaml, and look things up here.
#
# Durations are 5ms 30s 10m 24h 7d, sizes 256KiB 50GiB, counts 500 10k 10M, rates 300/1s, shares 20%.
# In every value ${NAME} is an environment variable, ${NAME:-default} one with a default, ${file:secrets/token} the
# content of a file beside this one, and $$ a dollar sign.
# NOT YET: of the contract, and refused as "not yet available" until its feature is there.
)";

size_t depth_of(std::string_view path) {
  const auto is_step = [](char c) { return c == '.' || c == '['; };
  return static_cast<size_t>(std::count_if(path.begin(), path.end(), is_step));
}

// The names that the reference gives to what people name.
std::string_view example_name(std::string_view names) {
  if (names == "sinks") return "sms-gateway";
  if (names == "queues") return "sms";
  if (names == "topics") return "order.paid";
  return "otp";
}

std::string choices_text(const Key& key) {
  std::string all;
  for (std::string_view choice : key.choices) all += (all.empty() ? "" : " | ") + std::string(choice);
  return all;
}

std::string comment(const Key& key) {
  std::string text = key.later ? "NOT YET: " : "";
  text += key.about;
  std::string range = range_text(key);
  if (!key.choices.empty()) range += (range.empty() ? "" : " | ") + choices_text(key);
  if (!range.empty() && !key.word.empty()) range += " | " + std::string(key.word);
  if (!range.empty()) text += " [" + range + "]";
  return text + (key.required ? " (required)" : "");
}

bool is_group(const Key& key) {
  return key.kind == Kind::section || key.kind == Kind::names || key.kind == Kind::sections ||
         key.kind == Kind::switched;
}

std::string value_of(const Key& key) {
  if (!key.example.empty()) return " " + std::string(key.example);
  return is_group(key) ? "" : " " + default_text(key);
}

class Writer {
 public:
  std::string write() {
    out_ = head;
    for (const Key& key : keys()) write_key(key);
    return out_;
  }

 private:
  // Keys of the items of a list or a map whose default is an empty one are shown, not live.
  static bool is_empty_by_default(std::string_view path) {
    const bool in_list = path.find("[]") != std::string_view::npos && !path.starts_with("doors");
    return in_list || is_of_some(path) || path.starts_with("queues.*.classes.*") || path.starts_with("topics.*");
  }
  // The door that is shown is of type http and cleartext, the sink of type http, and need not sign; the queue drains
  // into it, and names nobody else.
  static bool is_of_some(std::string_view path) {
    constexpr std::string_view keys[] = {"doors[].tls",   "doors[].queue",  "doors[].inline",     "doors[].reply",
                                         "sinks.*.sign",  "sinks.*.path",   "sinks.*.rotate",     "sinks.*.mail",
                                         "sinks.*.redis", "queues.*.lease", "queues.*.check_url", "queues.*.outcomes"};
    return std::any_of(std::begin(keys), std::end(keys), [&](std::string_view key) {
      return path == key || (path.starts_with(key) && path[key.size()] == '.');
    });
  }
  static bool is_live(const Key& key) { return !key.later && !is_empty_by_default(key.path); }

  void write_key(const Key& key) {
    const std::string indent(2 * depth_of(key.path), ' ');
    const std::string_view parent = parent_path(key.path);
    if (depth_of(key.path) == 0) out_ += "\n";
    if (parent != parent_) enter(parent);
    parent_ = parent;
    out_ += indent + "# " + comment(key) + "\n";
    std::string lead = indent;
    if (opens_item_ && parent == "doors[]") lead.replace(lead.size() - 2, 2, "- ");
    opens_item_ = false;
    if (!is_live(key)) lead += "#";
    out_ += lead + std::string(last_name(key.path)) + ":" + value_of(key) + "\n";
  }

  // The line that names an item of a map of names, once.
  void enter(std::string_view parent) {
    opens_item_ = parent == "doors[]" && !shows_door_;
    shows_door_ |= opens_item_;
    if (!parent.ends_with(".*") || std::find(entered_.begin(), entered_.end(), parent) != entered_.end()) return;
    entered_.emplace_back(parent);
    const std::string_view names = parent_path(parent);
    const Key* key = find_key(names);
    const std::string indent(2 * depth_of(parent), ' ');
    out_ += indent + (key->later || is_empty_by_default(parent) ? "#" : "") + std::string(example_name(names)) + ":\n";
  }

  std::string out_;
  std::string_view parent_;
  std::vector<std::string_view> entered_;
  bool opens_item_ = false;
  bool shows_door_ = false;
};

}  // namespace

std::string reference_yaml() {
  return Writer().write();
}

}  // namespace forebay
