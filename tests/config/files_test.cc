// The config files that ship with Forebay, and the table they come from.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include "config/load.h"
#include "config/reference.h"
#include "config/schema.h"
#include "config/warnings.h"

namespace forebay {
namespace {

const std::string source = FOREBAY_SOURCE;

std::string content(const std::string& path) {
  std::ifstream in(path);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

std::optional<std::string> no_variables(const std::string&) {
  return std::nullopt;
}

Config load(const std::string& path) {
  Config config;
  std::vector<ConfigError> errors;
  EXPECT_TRUE(load_config(path, &config, &errors, no_variables));
  for (const ConfigError& error : errors) ADD_FAILURE() << to_string(error);
  return config;
}

TEST(ReferenceFile, is_what_the_table_says) {
  EXPECT_EQ(content(source + "/config/reference.yaml"), reference_yaml())
      << "build forebay_reference and run it: forebay_reference > config/reference.yaml";
}

// The reference shows defaults; loading them must change nothing.
TEST(ReferenceFile, loads_as_the_defaults_of_the_structs) {
  Target loaded;
  loaded.config = load(source + "/config/reference.yaml");
  ASSERT_EQ(loaded.config.doors.size(), 1u);
  loaded.door = loaded.config.doors[0];
  loaded.sink = loaded.config.sinks.at("sms-gateway");
  loaded.queue = loaded.config.queues.at("sms");
  EXPECT_EQ(loaded.door.host, "127.0.0.1");
  EXPECT_EQ(loaded.door.port, 7070);
  EXPECT_TRUE(loaded.sink.limits.empty() && loaded.sink.responses.empty() && loaded.sink.headers.empty());
  Target fresh;
  for (const Key& key : keys()) {
    const bool has_text = key.slot != nullptr && !default_text(key).empty();
    if (!has_text || key.path.find("[].") != std::string_view::npos) continue;
    EXPECT_EQ(slot_text(key, loaded), slot_text(key, fresh)) << key.path;
  }
}

TEST(KeyTable, parents_come_first_and_no_path_comes_twice) {
  std::set<std::string> seen{""};
  for (const Key& key : keys()) {
    std::string parent(parent_path(key.path));
    for (const char* item : {"[]", ".*"}) {
      if (parent.ends_with(item)) parent.resize(parent.size() - 2);
    }
    EXPECT_TRUE(seen.contains(parent)) << key.path;
    EXPECT_TRUE(seen.insert(std::string(key.path)).second) << key.path;
    EXPECT_FALSE(key.about.empty()) << key.path;
  }
}

TEST(KeyTable, every_default_is_within_its_range) {
  for (const Key& key : keys()) {
    const bool of_item = key.path.find("limits[]") != std::string_view::npos || key.path.ends_with("closed[].for");
    if (key.slot == nullptr || key.range.max == UINT64_MAX || of_item) continue;
    Target target;
    const Slot slot = key.slot(target);
    uint64_t number = key.range.min;
    if (auto* narrow = std::get_if<uint32_t*>(&slot)) number = **narrow;
    if (auto* wide = std::get_if<uint64_t*>(&slot)) number = **wide;
    if (auto* share = std::get_if<double*>(&slot); share != nullptr && key.kind == Kind::percent) {
      number = static_cast<uint64_t>(**share * 100 + 0.5);
    }
    if (auto* time = std::get_if<Duration*>(&slot); time != nullptr && **time != Duration::max()) {
      number = static_cast<uint64_t>((*time)->ns);
    }
    EXPECT_GE(number, key.range.min) << key.path;
    EXPECT_LE(number, key.range.max) << key.path;
  }
}

TEST(ExampleFile, loads_without_errors_and_is_what_it_says) {
  const Config config = load(source + "/config/forebay.yaml");
  ASSERT_EQ(config.doors.size(), 2u);
  EXPECT_EQ(config.doors[0].port, 7070);
  EXPECT_EQ(config.doors[1].port, 7071);
  const SinkConfig& sink = config.sinks.at("sms-gateway");
  ASSERT_EQ(sink.limits.size(), 2u);
  EXPECT_EQ(sink.limits[0].name, "300/1s");
  EXPECT_EQ(sink.limits[1].name, "10000000/day");
  EXPECT_EQ(sink.headers.at(0).second, "Bearer none");
  EXPECT_EQ(config.queues.at("otp").ttl, Duration::minutes(5));
  EXPECT_TRUE(config.queues.at("otp").refuse_late);
  const QueueConfig& sms = config.queues.at("sms");
  EXPECT_EQ(sms.dead.max_messages, 100'000u);
  EXPECT_EQ(sms.key.name, "/phone");
  EXPECT_EQ(sms.key_limits.size(), 2u);
  EXPECT_EQ(sms.classes.at("marketing").floor, 0.05);
  EXPECT_EQ(config_warnings(config), std::vector<std::string>{});
}

// The full example of the contract, to the letter.
TEST(ContractExample, is_accepted) {
  Config config;
  std::vector<ConfigError> errors;
  EXPECT_TRUE(load_config(source + "/tests/config/contract.yaml", &config, &errors, [](const std::string& name) {
    return name == "SHOP_TOKEN" ? std::optional<std::string>("hunter2") : std::nullopt;
  }));
  for (const ConfigError& error : errors) ADD_FAILURE() << to_string(error);
  ASSERT_EQ(config.doors.size(), 3u);
  EXPECT_EQ(config.doors[2].type, DoorConfig::Type::forward);
  EXPECT_EQ(config.doors[2].queue, "sms");
  EXPECT_EQ(config.doors[2].reply.status, 202u);
  EXPECT_FALSE(config.doors[2].inline_reply);
}

// What a new user copies first.
TEST(Readme, has_a_minimal_config_that_checks_without_a_warning) {
  const std::string readme = content(source + "/README.md");
  const std::string fence = "```yaml\n";
  const size_t begin = readme.find(fence);
  ASSERT_NE(begin, std::string::npos);
  const size_t end = readme.find("```", begin + fence.size());
  const std::string yaml = readme.substr(begin + fence.size(), end - begin - fence.size());
  Config config;
  std::vector<ConfigError> errors;
  ASSERT_TRUE(load_config_text(yaml, "README.md", &config, &errors));
  EXPECT_EQ(config.sinks.at("sms-gateway").limits.at(0).name, "300/1s");
  EXPECT_EQ(config_warnings(config), std::vector<std::string>{});
}

}  // namespace
}  // namespace forebay
