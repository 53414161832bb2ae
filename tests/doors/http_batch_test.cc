#include <gtest/gtest.h>

#include <algorithm>

#include "tests/doors/http_door_fixture.h"

namespace forebay::testing {
namespace {

using std::string_literals::operator""s;  // text with NULs in it

TEST(HttpBatch, AnswersPerLine) {
  HttpDoorFixture fixture;
  const RawResponse response = fixture.batch("{\"body\":\"a\"}\r\n\n   \n{\"body\":\"b\"}");
  EXPECT_EQ(response.status, 202);
  EXPECT_EQ(response.body,
            "{\"accepted\":2,\"estimated_delivery_time\":{\"first\":\"1970-01-01T00:00:00.001Z\",\"last\":"
            "\"1970-01-01T00:00:00.002Z\"},\"messages\":[{\"id\":\"" +
                fake_id_text(1) + "\",\"position\":0,\"deduplicated\":false},{\"id\":\"" + fake_id_text(2) +
                "\",\"position\":1,\"deduplicated\":false}]}");
}

TEST(HttpBatch, AnswersCountsOnlyWhenPreferred) {
  HttpDoorFixture fixture;
  const RawResponse response = fixture.batch("{\"body\":1}\n", "Prefer: respond-async, return=minimal\r\n");
  EXPECT_EQ(response.header("Preference-Applied"), "return=minimal");
  EXPECT_EQ(response.body,
            "{\"accepted\":1,\"estimated_delivery_time\":{\"first\":\"1970-01-01T00:00:00.001Z\",\"last\":"
            "\"1970-01-01T00:00:00.001Z\"}}");
}

struct BodyCase {
  const char* envelope;
  std::string body;
  const char* type;
};

class HttpBatchBodies : public ::testing::TestWithParam<BodyCase> {};

TEST_P(HttpBatchBodies, GoOutAsTheyAreMeant) {
  HttpDoorFixture fixture;
  const RawResponse response = fixture.batch(GetParam().envelope);
  ASSERT_EQ(response.status, 202) << response.body;
  EXPECT_EQ(fixture.intake().seen().at(0).body, GetParam().body);
  EXPECT_EQ(fixture.intake().seen().at(0).content_type, GetParam().type);
}

INSTANTIATE_TEST_SUITE_P(
    All, HttpBatchBodies,
    ::testing::Values(BodyCase{R"({"body":"plain"})", "plain", "text/plain"},
                      BodyCase{R"({"body" : "" })", "", "text/plain"},
                      BodyCase{R"({"body":"a\"\\\/\n\u0000\u00e9\ud83d\ude00"})", "a\"\\/\n\0\xc3\xa9\xf0\x9f\x98\x80"s,
                               "text/plain"},
                      BodyCase{R"({"body":{"b" : [1, 2.50],"c":"\u00e9"} , "key":"k"})",
                               R"({"b" : [1, 2.50],"c":"\u00e9"})", "application/json"},
                      BodyCase{R"({"body":[ ]  })", "[ ]", "application/json"},
                      BodyCase{R"({"body":null})", "null", "application/json"},
                      BodyCase{R"({"body":true })", "true", "application/json"},
                      BodyCase{R"({"body": 123456789012345678901234567890.0e+400 })",
                               "123456789012345678901234567890.0e+400", "application/json"},
                      BodyCase{R"({"body_base64":"AP8="})", "\0\xff"s, "application/octet-stream"},
                      BodyCase{R"({"body_base64":"\u0041\/8="})", "\x03\xff"s, "application/octet-stream"},
                      BodyCase{R"({"body_base64":""})", "", "application/octet-stream"},
                      BodyCase{R"({"headers":{"content-type":"text/xml"},"body":"<a/>"})", "<a/>", "text/xml"},
                      BodyCase{R"({"body":"<a/>","headers":{"Content-Type":""}})", "<a/>", ""}));

TEST(HttpBatch, ReadsEveryMember) {
  HttpDoorFixture fixture;
  const RawResponse response = fixture.batch(
      R"({"body":"x"})"
      "\n"
      R"({"key":"k\u0031","class":"otp","delay":"5s","not_before":60.5,"ttl":"1h","retries":0,"idempotency_key":"i",)"
      R"("headers":{"X-A":"1","X-B":"2\/"},"body":"y","hold":null})"
      "\n"
      R"({"body":"z","not_before":"1970-01-01T00:00:01Z","key":null,"headers":{"X-C":"3"}})");
  ASSERT_EQ(response.status, 202) << response.body;
  const auto seen = fixture.intake().seen();
  ASSERT_EQ(seen.size(), 3u);
  EXPECT_TRUE(seen[0].forward.empty());
  EXPECT_EQ(seen[1].key, "k1");
  EXPECT_EQ(seen[1].klass, "otp");
  EXPECT_EQ(seen[1].delay, Duration::seconds(5));
  EXPECT_EQ(seen[1].not_before, WallTime::from_ms(60'500));
  EXPECT_EQ(seen[1].ttl, Duration::hours(1));
  EXPECT_EQ(seen[1].retries, 0u);
  EXPECT_EQ(seen[1].idempotency_key, "i");
  const std::vector<std::pair<std::string, std::string>> forward{{"X-A", "1"}, {"X-B", "2/"}};
  EXPECT_EQ(seen[1].forward, forward);
  EXPECT_EQ(seen[2].not_before, WallTime::from_ms(1000));
  EXPECT_EQ(seen[2].key, "");
  EXPECT_EQ(seen[2].forward.at(0).first, "X-C");
}

struct BadLine {
  std::string line;
  const char* said;
};

class HttpBatchBadLines : public ::testing::TestWithParam<BadLine> {};

TEST_P(HttpBatchBadLines, RefuseTheWholeBatchByNumber) {
  HttpDoorFixture fixture;
  const RawResponse response = fixture.batch("{\"body\":1}\n\n" + GetParam().line + "\n{\"body\":2}\n");
  EXPECT_EQ(response.status, 422) << GetParam().line;
  EXPECT_NE(response.body.find("line 3"), std::string::npos) << response.body;
  EXPECT_NE(response.body.find(GetParam().said), std::string::npos) << response.body;
  EXPECT_TRUE(fixture.intake().seen().empty());
}

std::string repeat(std::string_view text, int n) {
  std::string out;
  for (int i = 0; i < n; ++i) out += text;
  return out;
}

INSTANTIATE_TEST_SUITE_P(
    All, HttpBatchBadLines,
    ::testing::Values(
        BadLine{"[]", "not a JSON object"}, BadLine{"1", "not a JSON object"}, BadLine{"\"x\"", "not a JSON object"},
        BadLine{"{", "not JSON"}, BadLine{"{\"body\":1", "not JSON"}, BadLine{"{\"body\":\"x}", "not JSON"},
        BadLine{"{\"body\":1,}", "not JSON"}, BadLine{"{\"body\" 1}", "not JSON"}, BadLine{"{body:1}", "not JSON"},
        BadLine{"{\"body\":1}}", "not JSON"}, BadLine{"{\"body\":1}{\"body\":2}", "something follows"},
        BadLine{"{\"body\":1} x", "not JSON"}, BadLine{"{\"body\":\"x\"y}", "not JSON"},
        BadLine{"{\"body\":[1,]}", "not JSON"}, BadLine{"{\"body\":[1 2]}", "not JSON"},
        BadLine{"{\"body\":{\"a\":1]}", "not JSON"}, BadLine{"{\"body\":tru}", "not JSON"},
        BadLine{"{\"body\":01}", "not JSON"}, BadLine{"{\"body\":.5}", "not JSON"},
        BadLine{"{\"body\":{\"a\":\"\\x\"}}", "not JSON"}, BadLine{"{\"body\":\"\\ud800\"}", "not JSON"},
        BadLine{"{\"body\":\"a\tb\"}", "not JSON"}, BadLine{"{\"body\":\"\xff\"}", "not JSON"},
        BadLine{"{\"body\":\"\xc0\xaf\"}", "not JSON"}, BadLine{"\xef\xbb\xbf{\"body\":1}", "not"},
        BadLine{"{\"body\":" + repeat("[", 100'000) + repeat("]", 100'000) + "}", "nested deeper"},
        BadLine{repeat("{\"body\":", 5'000) + "1" + repeat("}", 5'000), "nested deeper"}, BadLine{"{}", "neither"},
        BadLine{"{\"key\":\"a\"}", "neither"}, BadLine{"{\"body\":1,\"body_base64\":\"\"}", "beside another body"},
        BadLine{"{\"body\":1,\"body\":1}", "more than once"},
        BadLine{"{\"body\":1,\"b\\u006fdy\":1}", "more than once"},
        BadLine{"{\"body\":1,\"key\":\"a\",\"key\":\"b\"}", "more than once"},
        BadLine{"{\"body\":1,\"dely\":\"5s\"}", "did you mean \\\"delay\\\"?"},
        BadLine{"{\"body\":1,\"hold\":60}", "\\\"hold\\\" must be a string"},
        BadLine{"{\"body\":1,\"delay\":5}", "\\\"delay\\\" must be a string"},
        BadLine{"{\"body\":1,\"delay\":\"5\"}", "must be a duration"},
        BadLine{"{\"body\":1,\"not_before\":1e9}", "unix seconds"},
        BadLine{"{\"body\":1,\"retries\":\"3\"}", "must be a number"},
        BadLine{"{\"body\":1,\"retries\":1.5}", "0 to 254"},
        BadLine{"{\"body\":1,\"key\":\"a\\nb\"}", "control character"},
        BadLine{"{\"body\":1,\"key\":\"a\\u0000\"}", "control character"},
        BadLine{"{\"body\":1,\"key\":[]}", "must be a string"}, BadLine{"{\"body_base64\":\"A\"}", "not base64"},
        BadLine{"{\"body_base64\":\"AB==\"}", "not base64"}, BadLine{"{\"body_base64\":\"AA=A\"}", "not base64"},
        BadLine{"{\"body_base64\":\"AA-_\"}", "not base64"}, BadLine{"{\"body_base64\":7}", "must be a string"},
        BadLine{"{\"body\":1,\"headers\":[]}", "object of names"},
        BadLine{"{\"body\":1,\"headers\":{\"X\":1}}", "must be a string"},
        BadLine{"{\"body\":1,\"headers\":{\"X\":\"1\",\"x\":\"2\"}}", "more than once"},
        BadLine{"{\"body\":1,\"headers\":{\"Content-Type\":\"a\",\"content-type\":\"b\"}}", "more than once"},
        BadLine{"{\"body\":1,\"headers\":{\"X Y\":\"1\"}}", "not a header name"},
        BadLine{"{\"body\":1,\"headers\":{\"X\":\"a\\r\\nHost: b\"}}", "control character"},
        BadLine{"{\"body\":1,\"headers\":{\"Host\":\"a\"}}", "cannot be forwarded"}));

TEST(HttpBatch, NeedsNdjsonAndALine) {
  HttpDoorFixture fixture;
  const char* path = "/v1/queues/sms/messages:batch";
  EXPECT_EQ(fixture.ask("POST", path, "", "{\"body\":1}").status, 415);
  EXPECT_EQ(fixture.ask("POST", path, "Content-Type: application/json\r\n", "{\"body\":1}").status, 415);
  EXPECT_EQ(fixture.ask("POST", path, "Content-Type: Application/X-NDJSON; charset=utf-8\r\n", "{\"body\":1}").status,
            202);
  EXPECT_EQ(fixture.batch("").status, 422);
  EXPECT_EQ(fixture.batch("\n \r\n").status, 422);
  EXPECT_EQ(fixture.batch("{\"body\":1}", "Forebay-Key: k\r\n").status, 422);
}

TEST(HttpBatch, TakesManyLinesAndNoMoreThanItSays) {
  HttpDoorFixture fixture;
  std::string body = repeat("{\"body\":\"x\\n\",\"headers\":{\"A\":\"b\"}}\n", 50'000);
  EXPECT_EQ(fixture.batch(body, "Prefer: return=minimal\r\n").status, 202);
  EXPECT_EQ(fixture.intake().seen().size(), 50'000u);
  EXPECT_EQ(fixture.intake().seen()[49'999].forward.at(0).second, "b");
  body += "{\"body\":1}\n";
  const RawResponse response = fixture.batch(body);
  EXPECT_EQ(response.status, 422);
  EXPECT_NE(response.body.find("line 50001"), std::string::npos);
}

}  // namespace
}  // namespace forebay::testing
