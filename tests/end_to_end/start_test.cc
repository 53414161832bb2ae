// What keeps the real process from starting: it says what, exactly, ends with 1, and touches nothing.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include "tests/end_to_end/running_relay.h"

namespace forebay::testing {
namespace {

const std::string sinks_and_queues =
    "sinks:\n  s: {type: http, url: \"http://127.0.0.1:1/\"}\nqueues:\n  q: {sink: s}\n";

std::string content(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::map<std::string, std::string> contents(const std::string& directory) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    files[entry.path().filename()] = content(entry.path());
  }
  return files;
}

TEST(BrokenStart, tells_every_error_of_the_config_with_its_place) {
  TempDir directory;
  const std::string path =
      directory.write("forebay.yaml", "data_dir: " + directory.path() +
                                          "/data\n"
                                          "sinks:\n"
                                          "  s: {type: http, url: \"http://127.0.0.1:1/\", timout: 3s}\n"
                                          "queues:\n"
                                          "  q: {sink: z, max_messages: many}\n");
  Process process({forebay_binary(), "serve", "-c", path});
  EXPECT_EQ(process.wait(), 1);
  const std::string said = process.read_all();
  EXPECT_NE(said.find(path + ":3:47: "), std::string::npos) << said;
  EXPECT_NE(said.find("timeout"), std::string::npos) << "a suggestion: " << said;
  EXPECT_NE(said.find(path + ":5:13: "), std::string::npos) << said;
  EXPECT_NE(said.find(path + ":5:30: "), std::string::npos) << said;
  EXPECT_FALSE(std::filesystem::exists(directory.path() + "/data"));
}

TEST(BrokenStart, refuses_another_versions_journal_by_name_and_leaves_it_alone) {
  RunningRelay relay(sinks_and_queues, "journal: {segment: 1MiB}\n");
  ASSERT_TRUE(relay.start()) << relay.output();
  ASSERT_NE(relay.publish("q", "kept", "Forebay-Delay: 1h\r\n"), "");
  ASSERT_EQ(relay.stop(), 0);
  for (const std::string name : {"store", "00000001.segment"}) {
    const std::string path = relay.data_dir() + "/" + name;
    for (const char version : {'\0', '\4'}) {
      const std::string good = content(path);
      std::string other = good;
      other[8] = version;
      std::ofstream(path, std::ios::binary) << other;
      const auto before = contents(relay.data_dir());
      ASSERT_FALSE(relay.start());
      EXPECT_EQ(relay.process().wait(), 1);
      EXPECT_NE(relay.output().find(path + ": format version " + std::to_string(version) +
                                    " (this program reads versions 1 to 3)"),
                std::string::npos)
          << relay.output();
      EXPECT_TRUE(contents(relay.data_dir()) == before);
      std::ofstream(path, std::ios::binary) << good;
    }
  }
  ASSERT_TRUE(relay.start()) << relay.output();
  EXPECT_EQ(relay.metric("forebay_backlog_messages{class=\"default\",queue=\"q\",state=\"delayed\"}"), 1.0);
}

// Nobody would drain what waits in a queue that is not there.
TEST(BrokenStart, names_a_queue_that_left_the_config_while_it_holds_messages) {
  RunningRelay relay(sinks_and_queues);
  ASSERT_TRUE(relay.start()) << relay.output();
  for (int i = 0; i < 3; ++i) ASSERT_NE(relay.publish("q", "kept", "Forebay-Delay: 1h\r\n"), "");
  ASSERT_EQ(relay.stop(), 0);
  const std::string config = content(relay.config_path());
  std::string other = config;
  other.replace(other.rfind("  q:"), 4, "  r:");
  std::ofstream(relay.config_path()) << other;
  ASSERT_FALSE(relay.start());
  EXPECT_EQ(relay.process().wait(), 1);
  EXPECT_NE(relay.output().find("queue \"q\" is not in the configuration, and " + relay.data_dir() +
                                " holds 3 waiting messages and 0 dead letters of it: put it back"),
            std::string::npos)
      << relay.output();
  std::ofstream(relay.config_path()) << config;
  ASSERT_TRUE(relay.start()) << relay.output();
  EXPECT_EQ(relay.metric("forebay_backlog_messages{class=\"default\",queue=\"q\",state=\"delayed\"}"), 3.0);
}

TEST(BrokenStart, a_second_process_on_the_same_data_dir_is_told_which) {
  RunningRelay relay(sinks_and_queues);
  ASSERT_TRUE(relay.start()) << relay.output();
  Process second({forebay_binary(), "serve", "-c", relay.config_path()});
  EXPECT_EQ(second.wait(), 1);
  const std::string said = second.read_all();
  EXPECT_NE(said.find("another forebay uses this data_dir (" + relay.data_dir() + ")"), std::string::npos) << said;
  EXPECT_NE(relay.publish("q", "the first goes on"), "");
  relay.kill();
  EXPECT_TRUE(relay.start()) << "the lock goes with its process: " << relay.output();
}

TEST(Start, the_help_names_every_command) {
  Process help({forebay_binary(), "--help"});
  const std::string text = help.read_all();
  EXPECT_EQ(help.wait(), 0);
  for (const char* command : {"serve", "check", "send", "gateway", "journal", "demo"}) {
    EXPECT_NE(text.find("\n  " + std::string(command) + " "), std::string::npos) << command;
  }
}

}  // namespace
}  // namespace forebay::testing
