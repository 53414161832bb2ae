// What consumers and batches say in JSON is read in one way only.
#include "doors/http/pull_requests.h"

#include <gtest/gtest.h>

#include "doors/http/release_profile.h"
#include "doors/http/unique_json.h"

namespace forebay {
namespace {

TEST(PullRequests, a_member_given_twice_is_refused_by_name) {
  const auto lease = read_lease_request(R"({"max": 1, "m\u0061x": 2})");
  ASSERT_TRUE(std::holds_alternative<Problem>(lease));
  EXPECT_NE(std::get<Problem>(lease).detail.find("\"max\" is given more than once"), std::string::npos);
  for (const LeaseVerb verb : {LeaseVerb::ack, LeaseVerb::nack, LeaseVerb::extend}) {
    EXPECT_TRUE(
        std::holds_alternative<Problem>(read_lease_change(R"({"lease_ids": ["a"], "lease_ids": ["b"]})", verb)));
    EXPECT_TRUE(std::holds_alternative<LeaseChange>(read_lease_change(R"({"lease_ids": ["a", "a"]})", verb)));
  }
}

TEST(PullRequests, a_release_with_a_member_twice_is_refused_by_name) {
  ReleaseProfile profile;
  EXPECT_EQ(profile.read(R"({"release": {"rate": "1/s", "to": "1s", "rate": "2/s"}})"),
            "\"rate\" is given more than once");
}

// Found by fuzzing: nothing that is no release is looked into as if it were one.
TEST(PullRequests, a_release_that_is_none_is_refused) {
  ReleaseProfile profile;
  for (const char* line : {"{}", "[]", "1", "null", "[{}]", R"({"selerea": {}})", R"({"release": 1})", "{"}) {
    EXPECT_NE(profile.read(line), "") << line;
  }
}

TEST(UniqueJson, looks_at_each_object_by_itself) {
  std::string repeated;
  EXPECT_EQ(parse_unique_json(R"([{"a": {"a": 1}}, {"a": 2, "b": []}])", &repeated).size(), 2u);
  EXPECT_EQ(repeated, "");
  parse_unique_json(R"([{"a": {"b": 1, "c": {}, "b": 2}}])", &repeated);
  EXPECT_EQ(repeated, "b");
  EXPECT_TRUE(parse_unique_json("{\"a\"", &repeated).is_discarded());
}

}  // namespace
}  // namespace forebay
