// Replies as JSON, for tests.
#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/end_to_end/running_relay.h"

namespace forebay::testing {

using Json = nlohmann::json;

inline Json json_of(const Reply& reply, int status = 200) {
  EXPECT_EQ(reply.status, status) << reply.body;
  return Json::parse(reply.body, nullptr, false);
}

// A consumer's calls on one queue.
class Consumer {
 public:
  Consumer(const RunningRelay& relay, std::string queue) : relay_(relay), queue_(std::move(queue)) {}

  Json lease(int max, const std::string& wait = "0s", const std::string& lease = "30s") const {
    const Json wanted = {{"max", max}, {"wait", wait}, {"lease", lease}};
    return json_of(post("lease", wanted))["messages"];
  }
  // Waits until there is one.
  Json one(const std::string& lease_for = "30s") const {
    const Json messages = lease(1, "20s", lease_for);
    return messages.size() == 1 ? messages[0] : Json();
  }
  std::string ack(const Json& message) const { return change("ack", message); }
  std::string nack(const Json& message) const { return change("nack", message); }
  std::string extend(const Json& message, const std::string& lease) const {
    return change("extend", message, {{"lease", lease}});
  }
  Reply post(const std::string& verb, const Json& body) const {
    return relay_.http("POST", "/v1/queues/" + queue_ + "/messages:" + verb, body.dump());
  }

 private:
  std::string change(const std::string& verb, const Json& message, Json body = Json::object()) const {
    body["lease_ids"] = {message.value("lease_id", "")};
    return json_of(post(verb, body))["results"][0].value("status", "");
  }

  const RunningRelay& relay_;
  std::string queue_;
};

}  // namespace forebay::testing
