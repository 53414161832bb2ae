#include "sinks/http/classify.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace forebay {
namespace {

using Kind = Outcome::Kind;
using Then = ResponseRule::Then;

constexpr WallTime kNow = WallTime::from_ms(1'700'000'000'000);

Outcome classify(const SinkConfig& sink, int status, std::string_view body = "", std::string_view retry_after = "") {
  return classify_reply(sink, {.status = status, .body = body, .retry_after = retry_after}, kNow);
}

ResponseRule rule(std::vector<std::pair<int, int>> statuses, Then then, std::string pointer = "",
                  std::vector<std::string> in = {}) {
  ResponseRule out;
  out.statuses = std::move(statuses);
  out.then = then;
  out.json_pointer = std::move(pointer);
  out.in = std::move(in);
  return out;
}

TEST(Classify, DefaultsOfEveryStatus) {
  SinkConfig sink;
  for (int status = 200; status <= 999; status++) {
    Kind want = status < 300 ? Kind::delivered : status < 500 ? Kind::dead : Kind::retry;
    if (status == 408 || status == 425) want = Kind::retry;
    if (status == 429) want = Kind::throttled;
    if (status == 401 || status == 403 || status == 404 || status == 407) want = Kind::sink_fault;
    Outcome outcome = classify(sink, status);
    EXPECT_EQ(outcome.kind, want) << status;
    EXPECT_EQ(outcome.status, status);
    EXPECT_EQ(outcome.reason, "http " + std::to_string(status));
    EXPECT_TRUE(outcome.sent && outcome.answered);
    EXPECT_FALSE(outcome.pause_sink || outcome.throttle_key || outcome.retry_after);
  }
}

// A client's own request: its path, and its credentials unless the sink brings some.
TEST(Classify, AForwardedRequestDiesOfItsClientsMistakes) {
  SinkConfig sink;
  const auto kind = [&](int status) { return classify_reply(sink, {.status = status, .forwarded = true}, {}).kind; };
  for (const int status : {401, 403, 404, 407}) EXPECT_EQ(kind(status), Kind::dead) << status;
  sink.headers = {{"authorization", "Bearer x"}};
  EXPECT_EQ(kind(401), Kind::sink_fault);
  EXPECT_EQ(kind(404), Kind::dead);
}

TEST(Classify, A503IsAThrottleOnlyWithAUsableRetryAfter) {
  SinkConfig sink;
  EXPECT_EQ(classify(sink, 503, "", "3").kind, Kind::throttled);
  EXPECT_EQ(classify(sink, 503, "", "3").retry_after, Duration::seconds(3));
  EXPECT_EQ(classify(sink, 503, "", "soon").kind, Kind::retry);
  EXPECT_EQ(classify(sink, 500, "", "3").kind, Kind::retry);
  EXPECT_EQ(classify(sink, 500, "", "3").retry_after, Duration::seconds(3));
}

TEST(Classify, TheFirstRuleThatMatchesWins) {
  SinkConfig sink;
  sink.responses = {rule({{200, 200}}, Then::throttle, "/Code", {"isv.BUSINESS_LIMIT_CONTROL", "17"}),
                    rule({{200, 200}}, Then::dead, "/Code", {"bad", "true", "null", "1.5"}),
                    rule({{404, 404}, {410, 418}}, Then::retry), rule({}, Then::sink_fault, "/fatal"),
                    rule({{400, 499}}, Then::delivered)};
  sink.responses[0].scope = ResponseRule::Scope::key;
  sink.responses[0].for_duration = Duration::minutes(1);
  Outcome throttled = classify(sink, 200, R"({"Code":"isv.BUSINESS_LIMIT_CONTROL"})", "5");
  EXPECT_EQ(throttled.kind, Kind::throttled);
  EXPECT_TRUE(throttled.throttle_key);
  EXPECT_EQ(throttled.retry_after, Duration::minutes(1));
  EXPECT_EQ(throttled.reason, "http 200 /Code isv.BUSINESS_LIMIT_CONTROL");
  EXPECT_EQ(classify(sink, 200, R"({"Code":17})").kind, Kind::throttled) << "numbers compare as text";
  EXPECT_EQ(classify(sink, 201, R"({"Code":17})").kind, Kind::delivered) << "another status";
  for (const char* value : {"\"bad\"", "true", "null", "1.5"})
    EXPECT_EQ(classify(sink, 200, std::string("{\"Code\":") + value + "}").kind, Kind::dead) << value;
  EXPECT_EQ(classify(sink, 200, R"({"Code":"OK"})").kind, Kind::delivered);
  EXPECT_EQ(classify(sink, 200, R"({"Code":["bad"]})").kind, Kind::delivered);
  EXPECT_EQ(classify(sink, 404).kind, Kind::retry);
  EXPECT_EQ(classify(sink, 415).kind, Kind::retry);
  EXPECT_EQ(classify(sink, 419).kind, Kind::delivered);
  EXPECT_EQ(classify(sink, 200, R"({"fatal":{}})").kind, Kind::sink_fault) << "present is enough";
  EXPECT_EQ(classify(sink, 500, R"({"fatal":false})").reason, "http 500 /fatal");
}

TEST(Classify, PointersIntoBodies) {
  const char* body = R"({"a":{"b":[10,{"c":"deep"}]},"x/y":"slash","m~n":"tilde","":"empty","01":"text"})";
  auto matches = [&](std::string pointer, std::string value) {
    SinkConfig sink;
    sink.responses = {rule({}, Then::dead, std::move(pointer), {std::move(value)})};
    return classify(sink, 200, body).kind == Kind::dead;
  };
  EXPECT_TRUE(matches("/a/b/0", "10"));
  EXPECT_TRUE(matches("/a/b/1/c", "deep"));
  EXPECT_TRUE(matches("/x~1y", "slash"));
  EXPECT_TRUE(matches("/m~0n", "tilde"));
  EXPECT_TRUE(matches("/", "empty"));
  EXPECT_TRUE(matches("/01", "text"));
  for (const char* pointer :
       {"/a/b/2", "/a/b/01", "/a/b/-", "/a/b/-1", "/a/b/0/c", "/nothing", "a", "/a/b/99999999999999999999"})
    EXPECT_FALSE(matches(pointer, "10")) << pointer;
}

TEST(Classify, ABodyThatIsNoJsonOrWasCutMatchesNoPointer) {
  SinkConfig sink;
  sink.responses = {rule({}, Then::dead, "/Code")};
  for (const char* body : {"", "<html>", "{\"Code\":", "{\"Code\":1} trailing", "\xff\xfe"})
    EXPECT_EQ(classify(sink, 200, body).kind, Kind::delivered) << body;
  Outcome cut = classify_reply(sink, {.status = 200, .body = "{\"Code\":1}", .body_cut = true}, kNow);
  EXPECT_EQ(cut.kind, Kind::delivered);
  EXPECT_EQ(cut.reason, "http 200, reply above 64 KiB");
}

TEST(Classify, PauseOnKeepsTheMessageUnlessARuleSaysOtherwise) {
  SinkConfig sink;
  sink.pause_on = {410, 200};
  EXPECT_TRUE(classify(sink, 410).pause_sink);
  EXPECT_EQ(classify(sink, 410).kind, Kind::sink_fault);
  EXPECT_EQ(classify(sink, 200).kind, Kind::delivered);
  EXPECT_FALSE(classify(sink, 409).pause_sink);
  sink.responses = {rule({{410, 410}}, Then::dead)};
  EXPECT_EQ(classify(sink, 410).kind, Kind::dead);
  EXPECT_TRUE(classify(sink, 410).pause_sink);
}

TEST(Classify, FailuresBeforeAndAfterTheFirstByte) {
  for (int code = CURLE_UNSUPPORTED_PROTOCOL; code < CURL_LAST; code++) {
    Failure failure{.code = static_cast<CURLcode>(code), .detail = "words"};
    Outcome unsent = classify_failure(failure);
    EXPECT_EQ(unsent.kind, Kind::retry);
    failure.written = true;
    Outcome written = classify_failure(failure);
    EXPECT_EQ(written.kind, Kind::unanswered);
    EXPECT_FALSE(unsent.sent || unsent.answered || written.answered || !written.sent);
    EXPECT_EQ(unsent.status + written.status, 0);
    EXPECT_FALSE(unsent.reason.empty() || written.reason.empty());
  }
  EXPECT_EQ(classify_failure({.code = CURLE_COULDNT_RESOLVE_HOST, .host = "sms.example"}).reason,
            "name not found: sms.example");
}

TEST(Classify, WithoutASocketNothingWasTried) {
  for (int error : {EMFILE, ENFILE, ENOBUFS}) {
    const Outcome outcome = classify_failure({.code = CURLE_COULDNT_CONNECT, .open_error = error});
    EXPECT_EQ(outcome.kind, Kind::throttled);
    EXPECT_FALSE(outcome.sent);
    EXPECT_EQ(outcome.retry_after, kNoSocketWait);
  }
  // Another address was reached before: what was written counts.
  EXPECT_EQ(classify_failure({.code = CURLE_GOT_NOTHING, .open_error = EMFILE, .written = true}).kind,
            Kind::unanswered);
}

RC_GTEST_PROP(Classify, AnyReplyGivesOneBoundedOutcome, (const std::string& body, const std::string& retry_after)) {
  SinkConfig sink;
  sink.responses = {rule({{100, 250}}, Then::retry, "/0"), rule({}, Then::throttle, "/a/b", {"x"})};
  int status = *rc::gen::inRange(0, 1100);
  Outcome outcome = classify(sink, status, body, retry_after);
  RC_ASSERT(outcome.excerpt.size() <= kExcerptMax);
  RC_ASSERT(outcome.answered == (status >= 200 && status <= 999));
  RC_ASSERT((outcome.kind == Kind::unanswered) == !outcome.answered);
  RC_ASSERT(!outcome.reason.empty());
}

}  // namespace
}  // namespace forebay
