// Rules about what code may name.
#include <algorithm>
#include <array>
#include <map>
#include <regex>
#include <set>

#include "tests/house/rules.h"

namespace forebay {
namespace {

using Names = std::set<std::string>;

// Who may include whom, by top-level folder. tests/ and bench/ see everything.
const std::map<std::string, Names> arrows{
    {"base", {"base"}},
    {"config", {"base", "config"}},
    {"limiter", {"base", "config", "limiter"}},
    {"backlog", {"base", "backlog"}},
    {"sinks", {"base", "config", "sinks"}},
    {"doors", {"base", "config", "doors"}},
    {"relay", {"base", "config", "limiter", "backlog", "sinks", "doors", "relay"}},
    {"sim", {"base", "config", "limiter", "backlog", "sinks", "doors", "relay", "sim"}},
};

// sim/ serves one command, which asks its world; nothing else of the program knows it.
bool is_plan(const std::string& path, const std::string& name) {
  return path.starts_with("relay/cli/plan") && name.starts_with("sim/plan/");
}

// The part of relay/ that touches the machine; the rest of it is the core.
const std::array<std::string, 10> relay_shell{
    "relay/assemble.",      "relay/cli/",       "relay/descriptors.",       "relay/loop.",
    "relay/main.",          "relay/metrics.",   "relay/process_collector.", "relay/system_clock.",
    "relay/thread_worker.", "relay/uv_mailbox."};

struct Concrete {
  std::string header;
  std::string home;  // the folder that may include it
};

const std::array<Concrete, 13> concretes{{{"backlog/journal.h", "backlog/"},
                                          {"backlog/posix_files.h", "backlog/"},
                                          {"doors/admin/admin_door.h", "doors/admin/"},
                                          {"doors/forward/forward_door.h", "doors/forward/"},
                                          {"doors/http/http_door.h", "doors/http/"},
                                          {"relay/system_clock.h", "relay/system_clock."},
                                          {"relay/thread_worker.h", "relay/thread_worker."},
                                          {"relay/uv_mailbox.h", "relay/uv_mailbox."},
                                          {"sinks/file/file_sink.h", "sinks/file/"},
                                          {"sinks/http/http_sink.h", "sinks/http/"},
                                          {"sinks/make_sink.h", "sinks/make_sink."},
                                          {"sinks/redis/redis_sink.h", "sinks/redis/"},
                                          {"sinks/smtp/smtp_sink.h", "sinks/smtp/"}}};

// It chooses among the types of sinks; the assembly knows no more than it.
constexpr std::string_view sink_assembly = "sinks/make_sink.cc";

// What of relay/ the commands may know.
const Names known_to_commands{"relay/assemble.h", "relay/version.h"};

struct Banned {
  std::string what;
  std::regex pattern;
};

const std::vector<Banned>& banned_in_core() {
  static const std::vector<Banned> banned{
      {"a clock", std::regex(R"(\bstd::chrono\b|\bclock_gettime\b|\bgettimeofday\b|\btimerfd_\w+|<ctime>|<chrono>|)"
                             R"(\b(steady|system)_clock\b|::time\s*\()")},
      {"chance", std::regex(R"(\bs?rand(om)?\s*\(|\brandom_device\b|\bmt19937|<random>|\bgetrandom\b|\bRAND_bytes\b)")},
      {"a thread", std::regex(R"(<(thread|mutex|atomic|future|condition_variable|pthread\.h)>|)"
                              R"(\bstd::(thread|jthread|mutex|atomic|async)\b|\bpthread_\w+)")},
      {"a socket", std::regex(R"(<(uv\.h|sys/socket\.h|netdb\.h|sys/epoll\.h|poll\.h|arpa/inet\.h|curl/.*)>|)"
                              R"(\buv_\w+\s*\(|\bgetaddrinfo\b|::(socket|connect|send|recv)\s*\()")},
      {"a pause", std::regex(R"(\bthis_thread\b|\b(u|nano)?sleep\s*\()")},
  };
  return banned;
}

std::string folder_of(const std::string& path) {
  return path.substr(0, path.find('/'));
}

bool has_prefix(const std::string& path, const std::string& prefix) {
  return path.compare(0, prefix.size(), prefix) == 0;
}

bool is_shell(const std::string& path) {
  return std::any_of(relay_shell.begin(), relay_shell.end(),
                     [&](const std::string& prefix) { return has_prefix(path, prefix); });
}

bool is_core(const std::string& path) {
  return is_source(path) && (has_prefix(path, "limiter/") || (has_prefix(path, "relay/") && !is_shell(path)));
}

bool is_free(const std::string& path) {
  return has_prefix(path, "tests/") || has_prefix(path, "bench/");
}

bool may_name_concretes(const std::string& path) {
  const bool offline_tool = has_prefix(path, "relay/cli/journal_");
  return path == "relay/assemble.cc" || offline_tool || is_free(path) || has_prefix(path, "sim/");
}

bool is_command(const std::string& path) {
  return path == "relay/main.cc" || (has_prefix(path, "relay/cli/") && !has_prefix(path, "relay/cli/journal_"));
}

}  // namespace

Complaints include_arrows(const Tree& tree) {
  Complaints out;
  for (const auto& [path, text] : tree) {
    const auto arrow = arrows.find(folder_of(path));
    if (!is_source(path) || arrow == arrows.end()) continue;
    for (const std::string& name : includes_of(text)) {
      const std::string folder = folder_of(name);
      const bool into_shell = folder_of(path) == "sim" && is_shell(name);
      if ((!arrow->second.contains(folder) && !is_plan(path, name)) || into_shell)
        out.push_back(path + " includes " + name);
    }
  }
  return out;
}

Complaints one_assembly(const Tree& tree) {
  Complaints out;
  for (const auto& [path, text] : tree) {
    if (!is_source(path) || may_name_concretes(path)) continue;
    for (const std::string& name : includes_of(text)) {
      const auto concrete =
          std::find_if(concretes.begin(), concretes.end(), [&](const Concrete& c) { return c.header == name; });
      const bool chosen = path == sink_assembly && has_prefix(name, "sinks/");
      const bool foreign = concrete != concretes.end() && !has_prefix(path, concrete->home) && !chosen;
      const bool behind_assembly = is_command(path) && has_prefix(name, "relay/") && !has_prefix(name, "relay/cli/") &&
                                   !known_to_commands.contains(name);
      if (foreign || behind_assembly) out.push_back(path + " includes " + name);
    }
  }
  return out;
}

Complaints pure_core(const Tree& tree) {
  Complaints out;
  for (const auto& [path, text] : tree) {
    if (!is_core(path)) continue;
    const std::string code = code_of(text);
    for (const Banned& banned : banned_in_core()) {
      std::smatch found;
      if (std::regex_search(code, found, banned.pattern)) {
        out.push_back(path + " has " + banned.what + ": " + found.str());
      }
    }
  }
  return out;
}

Complaints no_shortcuts(const Tree& tree) {
  static const std::regex left_over(
      "\\b(TO"
      "DO|FIX"
      "ME|X"
      "XX)\\b");
  static const std::regex sleeping(R"(\bthis_thread::sleep_\w+|\b(u|nano)?sleep\s*\()");
  static const std::regex skipped(
      "\\b(GTEST_"
      "SKIP\\b|DIS"
      "ABLED_)");
  Complaints out;
  for (const auto& [path, text] : tree) {
    if (!is_source(path)) continue;
    std::smatch found;
    if (std::regex_search(text, found, left_over)) out.push_back(path + " has a " + found.str());
    if (!is_free(path)) continue;
    const std::string code = code_of(text);
    if (std::regex_search(code, found, sleeping)) out.push_back(path + " sleeps: " + found.str());
    if (std::regex_search(code, found, skipped)) out.push_back(path + " skips: " + found.str());
  }
  return out;
}

Complaints short_files(const Tree& tree) {
  constexpr long lines_max = 400;
  Complaints out;
  for (const auto& [path, text] : tree) {
    const long lines = std::count(text.begin(), text.end(), '\n');
    if (is_source(path) && lines > lines_max) out.push_back(path + " has " + std::to_string(lines) + " lines");
  }
  return out;
}

}  // namespace forebay
