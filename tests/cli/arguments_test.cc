// Usage errors end with 2 and say what is wrong; nothing is sent or listened on.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "relay/cli/gateway.h"
#include "relay/cli/send.h"

namespace forebay {
namespace {

using Main = int (*)(int, char**);

struct Misuse {
  Main command;
  std::vector<std::string> arguments;
  std::string says;
};

class Arguments : public testing::TestWithParam<Misuse> {};

TEST_P(Arguments, AreRefused) {
  std::vector<std::string> words = GetParam().arguments;
  words.insert(words.begin(), "command");
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  testing::internal::CaptureStderr();
  EXPECT_EQ(GetParam().command(static_cast<int>(argv.size()), argv.data()), 2);
  EXPECT_NE(testing::internal::GetCapturedStderr().find(GetParam().says), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Gateway, Arguments,
                         testing::Values(Misuse{gateway_main, {"--limit", "300"}, "--limit: '300'"},
                                         Misuse{gateway_main, {"--latency", "20"}, "--latency: '20'"},
                                         Misuse{gateway_main, {"--fail", "200%"}, "--fail: '200%'"},
                                         Misuse{gateway_main, {"--listen", "7080"}, "--listen: '7080'"},
                                         Misuse{gateway_main, {"--nonsense"}, "--nonsense"}));

INSTANTIATE_TEST_SUITE_P(
    Send, Arguments,
    testing::Values(
        Misuse{send_main, {}, "--queue is required"}, Misuse{send_main, {"--queue", "q"}, "either --file or --count"},
        Misuse{send_main, {"--queue", "q", "--count", "1"}, "--count needs --body"},
        Misuse{send_main, {"--queue", "q", "--count", "1", "--file", "-"}, "either --file or --count"},
        Misuse{send_main, {"--queue", "q", "--file", "-", "--key", "k"}, "fields of each envelope"},
        Misuse{send_main, {"--queue", "q", "--file", "-", "--batch", "0"}, "at least 1"},
        Misuse{send_main, {"--queue", "a/b", "--file", "-"}, "not a queue name"},
        Misuse{send_main, {"--queue", "q", "--file", "-", "--url", "ftp://x"}, "--url: 'ftp://x'"},
        Misuse{send_main, {"--queue", "q", "--file", "-", "--rate", "5"}, "--rate: '5'"},
        Misuse{send_main, {"--queue", "q", "--count", "1", "--body", "b", "--ttl", "1\r\nX: y"}, "no line break"}));

}  // namespace
}  // namespace forebay
