// A canary in every place where the config holds a secret, and a search through everything the program says.
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <sstream>

#include "tests/end_to_end/running_relay.h"
#include "tests/support/evil_server.h"

namespace forebay::testing {
namespace {

const std::string canary = "CANARY-9f2c71";

std::string as(const std::string& token) {
  return "Authorization: Bearer " + token + "\r\n";
}

std::string auth() {
  return "auth:\n  tokens:\n    - {name: shop, token: " + canary + "-shop, may: [publish:q, read:q]}\n" +
         "    - {name: boss, token: \"${BOSS}\", may: admin, limits: [5/1s]}\n";
}

std::string sinks(const std::string& url) {
  return "sinks:\n  s:\n    url: \"" + url + "?api_key=" + canary + "-query\"\n    headers: {Authorization: \"Bearer " +
         canary + "-header\", X-Key: \"${file:key.txt}\"}\n    retry_budget: 100%\nqueues:\n" +
         "  q: {sink: s, retry: {max_attempts: 1}}\n";
}

// Everything that was said so far, one text.
class Said {
 public:
  void add(const Reply& reply) { text_ += reply.headers + reply.body + "\n"; }
  void add(const std::string& output) { text_ += output; }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

TEST(Secrets, reach_no_log_metric_or_answer) {
  EvilServer server([](const EvilServer::Request& request) {
    return request.body == "bad" ? EvilServer::answer(400, "no") : EvilServer::answer(401, "who?");
  });
  RunningRelay relay(sinks(server.url("/send")), auth());
  std::ofstream(relay.directory() + "/key.txt") << canary << "-file\n";
  ASSERT_TRUE(relay.start({{"BOSS", canary + "-boss"}})) << relay.output();
  Said said;
  const std::string shop = as(canary + "-shop"), boss = as(canary + "-boss");
  said.add(relay.http("POST", "/v1/queues/q/messages", "bad", shop));
  said.add(relay.http("POST", "/v1/queues/q/messages", "good", shop));
  said.add(relay.http("POST", "/v1/queues/q/messages", "x", as(canary + "-wrong")));
  said.add(relay.http("POST", "/v1/queues/q/messages", "x", "Authorization: Basic " + canary + "\r\n"));
  said.add(relay.http("POST", "/v1/queues/other/messages", "x", shop));
  said.add(relay.http("POST", "/v1/queues/q/messages", "x", shop + "Forebay-Secret: " + canary + "\r\n"));
  said.add(relay.http("POST", "/v1/queues/q/messages", "x", shop + "Bad Header: " + canary + "\r\n"));
  said.add(relay.admin("GET", "/v1/status", "", shop));
  ASSERT_TRUE(RunningRelay::eventually([&] { return server.arrivals() >= 2; }));
  EXPECT_EQ(server.requests().at(0).header("X-Key"), canary + "-file");
  for (const char* path : {"/", "/metrics", "/readyz", "/v1/status", "/v1/queues", "/v1/sinks", "/v1/sinks/s",
                           "/v1/queues/q", "/v1/queues/q/dead"}) {
    const Reply reply = relay.admin("GET", path, "", boss);
    EXPECT_EQ(reply.status, 200) << path;
    said.add(reply);
  }
  said.add(relay.admin("PUT", "/v1/sinks/s/limits", "{\"limits\": [\"10/1s\"]}", boss));
  std::ofstream(relay.config_path(), std::ios::app) << "queeus: {}\n";
  said.add(relay.admin("POST", "/v1/config:reload", "", boss));
  relay.process().signal(SIGHUP);
  ASSERT_TRUE(relay.process().wait_for("nothing changed"));
  EXPECT_EQ(relay.stop(), 0);
  relay.process().read_all();
  said.add(relay.output());
  EXPECT_GT(said.text().size(), 5000u);
  EXPECT_EQ(said.text().find(canary), std::string::npos) << said.text();
}

// One secret each, in a place or a form where it is refused.
TEST(Secrets, reach_no_complaint_about_the_config) {
  const std::string tail = "queues: {q: {sink: s}}\nsinks:\n  s: {url: \"http://h/\"";
  const std::string token = "auth: {tokens: [{name: a, may: admin, token: ";
  const std::vector<std::string> broken{
      token + "[" + canary + "]}]}\n",
      token + "\"" + canary + " with a space\"}]}\n",
      token + "{" + canary + "}}]}\n",
      token + "*" + canary + "}]}\n",
      token + "\"" + canary + "\n",
      token + canary + "}, {name: b, may: admin, token: " + canary + "}]}\n",
      token + "\"${" + "NOBODY_SET_IT}" + canary + "\"}]}\n",
      token + "\"$ " + canary + "\"}]}\n",
      "queues: {q: {sink: s}}\nsinks: {s: {url: \"http://shop:" + canary + "@h/\"}}\n",
      "queues: {q: {sink: s}}\nsinks: {s: {url: \"https://h/#" + canary + "\"}}\n",
      tail + ", headers: {Authorization: [" + canary + "]}}\n",
      tail + ", headers: {Authorization: \"" + canary + "\\r\\nX: y\"}}\n",
      tail + ", headers: {Connection: " + canary + "}}\n",
      tail + ", sign: {scheme: standard-webhooks, secrets: [whsec_" + canary + "], secret: x}}\n",
  };
  TempDir directory;
  for (const std::string& text : broken) {
    const std::string path = directory.write("broken.yaml", text);
    for (const char* verb : {"check", "serve"}) {
      Process process({forebay_binary(), verb, "-c", path});
      const std::string said = process.read_all();
      EXPECT_EQ(process.wait(), 1) << verb << "\n" << text << said;
      EXPECT_FALSE(said.empty());
      EXPECT_EQ(said.find(canary), std::string::npos) << text << said;
    }
  }
}

}  // namespace
}  // namespace forebay::testing
