#include "tests/end_to_end/broken_configs.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace forebay::testing {
namespace {

using Change = std::function<std::string(const std::string& good)>;

BrokenConfig text(std::string name, Change change) {
  return {std::move(name), [change = std::move(change)](const std::string& path, const std::string& good) {
            put_file(path, change(good));
          }};
}

BrokenConfig instead(std::string name, std::string whole) {
  return text(std::move(name), [whole = std::move(whole)](const std::string&) { return whole; });
}

BrokenConfig swapped(std::string from, std::string to) {
  return text("\"" + from + "\" is \"" + to + "\"", [from, to](const std::string& good) {
    std::string changed = good;
    const size_t at = changed.find(from);
    if (at == changed.npos) ADD_FAILURE() << "the good file has no " << from;
    return at == changed.npos ? "broken" : changed.replace(at, from.size(), to);
  });
}

BrokenConfig followed(std::string more) {
  return text("followed by \"" + more.substr(0, 40) + "\"", [more](const std::string& good) { return good + more; });
}

void add_files(std::vector<BrokenConfig>* all) {
  all->push_back({"missing", [](const std::string& path, const std::string&) { std::filesystem::remove_all(path); }});
  all->push_back({"a directory", [](const std::string& path, const std::string&) {
                    std::filesystem::remove_all(path);
                    std::filesystem::create_directory(path);
                  }});
  all->push_back({"a link to itself", [](const std::string& path, const std::string&) {
                    std::filesystem::remove_all(path);
                    std::filesystem::create_symlink(path, path);
                  }});
  all->push_back(text("too large", [](const std::string& good) { return good + std::string(5 << 20, '#'); }));
  all->push_back(instead("binary", std::string("\x7f"
                                               "ELF\0\x01\xff\xfe\x80",
                                               9)));
}

void add_yaml(std::vector<BrokenConfig>* all) {
  all->push_back(instead("empty", ""));
  all->push_back(instead("blank", " \n\n  \n"));
  all->push_back(instead("a list", "- sinks\n- queues\n"));
  all->push_back(instead("a word", "sinks\n"));
  all->push_back(instead("deep", "sinks: " + std::string(100'000, '[') + "\n"));
  all->push_back(
      text("cut in a text", [](const std::string& good) { return good.substr(0, good.find("http://") + 9); }));
  all->push_back(text("cut in a list", [](const std::string& good) { return good.substr(0, good.find("/1s]")); }));
  all->push_back(
      text("cut before the queues", [](const std::string& good) { return good.substr(0, good.find("queues:")); }));
  all->push_back(text("two documents", [](const std::string& good) { return good + "---\n" + good; }));
  all->push_back(followed("  - out of place\n"));
  all->push_back(followed("max_bytes: *nosuch\n"));
  all->push_back(followed("\tmax_bytes: 1GiB\n"));
  all->push_back(followed("sinks: {}\n"));
  all->push_back(swapped("  kept:", "  q:"));
}

void add_keys(std::vector<BrokenConfig>* all) {
  all->push_back(followed("quues: {}\n"));
  all->push_back(swapped("limits:", "limts:"));
  all->push_back(swapped("{sink: s}", "{sink: s, retires: {}}"));
  all->push_back(swapped("{type: http, listen", "{type: http, lisen"));
  all->push_back(swapped("    url:", "    ulr:"));
}

void add_references(std::vector<BrokenConfig>* all) {
  all->push_back(swapped("{sink: s}", "{sink: nosuch}"));
  all->push_back(swapped("{sink: s}", "{}"));
  all->push_back(swapped("  s:\n", "  t:\n"));
  all->push_back(swapped("  kept: {sink: s}\n", ""));
  all->push_back(swapped("  kept:", "  renamed:"));
}

void add_values(std::vector<BrokenConfig>* all) {
  for (const char* limits : {"0/1s", "-1/1s", "100/1parsec", "many", "{count: 100}", "{per: 1s}", "100/1s, 100/1s",
                             "{count: x, per: 1s}", "99999999999999999999999/1s"}) {
    all->push_back(swapped("limits: [100/1s]", "limits: [" + std::string(limits) + "]"));
  }
  for (const char* concurrency : {"0", "-1", "few", "[1]", "1e99"}) {
    all->push_back(swapped("concurrency: 8", "concurrency: " + std::string(concurrency)));
  }
  for (const char* timeout : {"0s", "soon", "-5s", "{}"}) {
    all->push_back(swapped("timeout: 5s", "timeout: " + std::string(timeout)));
  }
  all->push_back(swapped("http://", "ftp://"));
  all->push_back(swapped("type: http\n", "type: carrier-pigeon\n"));
  all->push_back(swapped("{type: admin", "{type: door"));
  all->push_back(swapped("127.0.0.1:0", "127.0.0.1:70000"));
  all->push_back(swapped("{sink: s}", "{sink: s, retry: {max_attempts: 0}}"));
  all->push_back(swapped("{sink: s}", "{sink: s, retry: 5}"));
  all->push_back(swapped("{sink: s}", "{sink: s, ttl: -1s}"));
  all->push_back(swapped("{sink: s}", "{sink: s, max_messages: plenty}"));
  all->push_back(swapped("timeout: 5s", "timeout: ${FOREBAY_TEST_NOT_SET}"));
  all->push_back(swapped("timeout: 5s", "timeout: ${file:nosuch}"));
  all->push_back(swapped("timeout: 5s", "headers: {X-A: \"a\\nX-B: b\"}"));
  all->push_back(swapped("timeout: 5s", "responses: [{status: 200, then: shrug}]"));
}

}  // namespace

void put_file(const std::string& path, const std::string& text) {
  std::filesystem::remove_all(path);
  std::ofstream(path, std::ios::binary) << text;
}

std::vector<BrokenConfig> broken_configs() {
  std::vector<BrokenConfig> all;
  add_files(&all);
  add_yaml(&all);
  add_keys(&all);
  add_references(&all);
  add_values(&all);
  return all;
}

}  // namespace forebay::testing
