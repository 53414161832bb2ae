// The commands that talk to the admin door: usage errors end with 2, a door that is away with 1 and what to do.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "relay/cli/admin_options.h"
#include "relay/cli/dead.h"
#include "relay/cli/pause.h"
#include "relay/cli/status.h"
#include "relay/cli/top.h"

namespace forebay {
namespace {

using Main = int (*)(int, char**);

struct Said {
  int status = 0;
  std::string error;
};

Said run(Main command, std::vector<std::string> words) {
  words.insert(words.begin(), "command");
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  testing::internal::CaptureStderr();
  Said said;
  said.status = command(static_cast<int>(argv.size()), argv.data());
  said.error = testing::internal::GetCapturedStderr();
  return said;
}

struct Misuse {
  Main command;
  std::vector<std::string> arguments;
  std::string says;
};

class AdminArguments : public testing::TestWithParam<Misuse> {};

TEST_P(AdminArguments, AreRefused) {
  const Said said = run(GetParam().command, GetParam().arguments);
  EXPECT_EQ(said.status, 2);
  EXPECT_NE(said.error.find(GetParam().says), std::string::npos) << said.error;
}

INSTANTIATE_TEST_SUITE_P(
    All, AdminArguments,
    testing::Values(Misuse{status_main, {"--nonsense"}, "--nonsense"},
                    Misuse{status_main, {"--admin", "ftp://x"}, "'ftp://x' is not http://HOST"},
                    Misuse{status_main, {"--admin", "http://"}, "is not http://HOST"},
                    Misuse{status_main, {"--token", "a\r\nX: y"}, "it is no token"},
                    Misuse{top_main, {"--interval", "1"}, "--interval: '1'"},
                    Misuse{top_main, {"--interval", "1ms"}, "from 100ms"}, Misuse{pause_main, {}, "subcommand"},
                    Misuse{pause_main, {"queue"}, "names is required"},
                    Misuse{pause_main, {"class", "otp"}, "--queue is required"},
                    Misuse{resume_main, {"everything", "x"}, "subcommand"}, Misuse{dead_main, {}, "subcommand"},
                    Misuse{dead_main, {"list"}, "--queue is required"},
                    Misuse{dead_main, {"show", "--queue", "q"}, "--id is required"},
                    Misuse{dead_main, {"replay", "--queue", "q"}, "either --id ID or --all"},
                    Misuse{dead_main, {"purge", "--queue", "q", "--id", "x", "--all"}, "either --id ID or --all"},
                    Misuse{dead_main, {"list", "--queue", "q", "--limit", "0"}, "--limit"}));

// Port 1 of this machine: nobody listens there.
TEST(AdminDoorAway, IsSaidWithWhereAndWhatToDo) {
  const std::vector<std::string> there = {"--admin", "127.0.0.1:1"};
  for (const Main command : {status_main, top_main}) {
    const Said said = run(command, there);
    EXPECT_EQ(said.status, 1);
    EXPECT_NE(said.error.find("no answer from the admin door at http://127.0.0.1:1 ("), std::string::npos)
        << said.error;
    EXPECT_NE(said.error.find("--admin URL or -c FILE"), std::string::npos) << said.error;
  }
  EXPECT_EQ(run(pause_main, {"queue", "a", "b", "--admin", "127.0.0.1:1"}).status, 1);
  EXPECT_EQ(run(dead_main, {"list", "--queue", "q", "--admin", "127.0.0.1:1"}).status, 1);
}

TEST(AdminPlace, IsThatOfTheOptionsTheConfigOrTheDefault) {
  int status = 0;
  EXPECT_EQ(admin_place("x", {}, &status)->url, "http://127.0.0.1:7071");
  EXPECT_EQ(admin_place("x", {.admin = "host:1/"}, &status)->url, "http://host:1");
  EXPECT_EQ(admin_place("x", {.admin = "https://host"}, &status)->url, "https://host");
  const std::string path = testing::TempDir() + "forebay_admin_place.yaml";
  const auto write = [&](const std::string& doors) {
    FILE* file = fopen(path.c_str(), "w");
    fputs(("doors: [" + doors + "]\nsinks: {s: {url: 'http://h/'}}\nqueues: {q: {sink: s}}\n").c_str(), file);
    fclose(file);
  };
  write("{type: http, listen: '127.0.0.1:1'}, {type: admin, listen: '127.0.0.1:9999'}");
  EXPECT_EQ(admin_place("x", {.config = path}, &status)->url, "http://127.0.0.1:9999");
  EXPECT_EQ(admin_place("x", {.admin = "a:1", .config = path}, &status)->url, "http://a:1");
  write("{type: http, listen: '127.0.0.1:1'}");
  testing::internal::CaptureStderr();
  EXPECT_FALSE(admin_place("x", {.config = path}, &status));
  EXPECT_FALSE(admin_place("x", {.config = path + ".none"}, &status));
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_NE(said.find("has no admin door"), std::string::npos) << said;
  EXPECT_EQ(status, 1);
  setenv("FOREBAY_TOKEN", "from-there", 1);
  EXPECT_EQ(admin_place("x", {}, &status)->token, "from-there");
  EXPECT_EQ(admin_place("x", {.token = "t"}, &status)->token, "t");
  unsetenv("FOREBAY_TOKEN");
}

TEST(AdminPath, EncodesNames) {
  EXPECT_EQ(admin_path({"v1", "queues", "a b/c:d?"}), "/v1/queues/a%20b%2Fc%3Ad%3F");
  EXPECT_EQ(percent_encoded("+49 \xc3\xa9"), "%2B49%20%C3%A9");
}

}  // namespace
}  // namespace forebay
