// A canary in every place where the config holds a secret, and a search through everything the program says.
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <sstream>

#include "tests/end_to_end/json_reply.h"
#include "tests/support/evil_server.h"
#include "tests/support/line_server.h"

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

// Their servers are no friends: the Redis repeats what it was given, as one does that does not know AUTH.
TEST(Secrets, of_sinks_of_every_type_reach_no_log_metric_or_answer) {
  const std::string key = "CANARY9f2c71CANARY9f2c71CANARYxx";  // base64 of 24 bytes
  LineServer redis([](const LineServer::Line& line) -> LineServer::Answer {
    if (line.text.find(canary) == std::string::npos) return {};
    return {"-ERR unknown command 'AUTH', with args beginning with: '" + line.text + "'\r\n"};
  });
  LineServer mail([](const LineServer::Line& line) -> LineServer::Answer {
    if (line.nth == 0) return {"220 here\r\n"};
    if (line.text.starts_with("EHLO")) return {"250-here\r\n250 AUTH PLAIN LOGIN\r\n"};
    return {"535 no\r\n"};
  });
  EvilServer web([](const EvilServer::Request&) { return EvilServer::answer(400, "no"); });
  const auto at = [](const LineServer& server) { return canary + "@127.0.0.1:" + std::to_string(server.port()); };
  RunningRelay relay("sinks:\n  redis: {type: redis, url: \"redis://:" + at(redis) + "\", redis: {name: x}}\n" +
                     "  mail: {type: smtp, url: \"smtp://me:" + at(mail) + "\", mail: {from: a@h, to: b@h}}\n" +
                     "  web: {url: \"" + web.url() + "\", sign: {secrets: [whsec_" + key + "]}}\n" +
                     "  file: {type: file, path: /dev/full}\nqueues:\n  r: {sink: redis}\n  m: {sink: mail}\n" +
                     "  w: {sink: web}\n  f: {sink: file}\ntopics: {all: {queues: [r, m, w, f]}}\n");
  ASSERT_TRUE(relay.start()) << relay.output();
  Said said;
  said.add(relay.http("POST", "/v1/topics/all/messages", "x"));
  ASSERT_TRUE(RunningRelay::eventually([&] {
    return redis.count("AUTH") > 0 && mail.count("AUTH") > 0 && web.arrivals() > 0 &&
           json_of(relay.admin("GET", "/v1/sinks/redis"))["state"] == "breaker" &&
           json_of(relay.admin("GET", "/v1/sinks/mail"))["state"] == "breaker";
  })) << relay.output();
  for (const char* path : {"/", "/metrics", "/readyz", "/v1/status", "/v1/queues", "/v1/sinks", "/v1/sinks/redis",
                           "/v1/sinks/mail", "/v1/sinks/web", "/v1/queues/r", "/v1/queues/w/dead"}) {
    said.add(relay.admin("GET", path));
  }
  std::ofstream(relay.config_path(), std::ios::app) << "queeus: {}\n";
  said.add(relay.admin("POST", "/v1/config:reload"));
  EXPECT_EQ(relay.stop(), 0);
  relay.process().read_all();
  said.add(relay.output());
  EXPECT_NE(said.text().find("redis ERR to AUTH"), std::string::npos) << "the case was not met";
  for (const std::string& word : {canary, std::string("CANARY9f2c71")}) {
    EXPECT_EQ(said.text().find(word), std::string::npos) << said.text();
  }
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
      tail + ", sign: {secrets: [" + canary + "]}}\n",
      tail + ", type: redis, redis: {name: x}}\n  r: {type: redis, url: \"redis://:" + canary + "@h/x\"}\n",
      tail + "}\n  r: {type: redis, url: \"rediss://:" + canary + "@h\", redis: {name: x}}\n",
      tail + "}\n  m: {type: smtp, url: \"smtp://me:" + canary + "%@h\", mail: {from: a@h, to: b@h}}\n",
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
