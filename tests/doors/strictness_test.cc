// Every request that could be read in two ways is refused on the wire: answered with a problem, its bytes
// never reach the handler, and the connection is closed without a reset.
#include <gtest/gtest.h>

#include "tests/doors/server_fixture.h"

namespace forebay::testing {
namespace {

using std::string_literals::operator""s;  // text with NULs in it

struct Hostile {
  const char* name;
  std::string bytes;
  int status;
};

class Strictness : public ::testing::TestWithParam<Hostile> {};

// The request, and one smuggled behind it that must never be seen.
TEST_P(Strictness, RefusesAndCloses) {
  ServerFixture fixture;
  RawClient client = fixture.connect();
  ASSERT_TRUE(client.send(GetParam().bytes + "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"));
  const auto response = client.read_response();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, GetParam().status) << response->body;
  EXPECT_EQ(response->header("Content-Type"), "application/problem+json");
  for (const char* member : {"\"type\":", "\"title\":", "\"status\":", "\"detail\":"}) {
    EXPECT_NE(response->body.find(member), std::string::npos) << response->body;
  }
  EXPECT_EQ(response->header("Connection"), "close");
  EXPECT_TRUE(client.closed_quietly());
  EXPECT_TRUE(fixture.seen().empty());
}

std::string post(std::string_view headers, std::string_view body = {}) {
  return "POST / HTTP/1.1\r\nHost: x\r\n" + std::string(headers) + "\r\n" + std::string(body);
}

const std::string chunked = "Transfer-Encoding: chunked\r\n";
const std::string h2c = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAA\r\n";

const Hostile list[] = {
    {"NoHost", "GET / HTTP/1.1\r\n\r\n", 400},
    {"TwoHosts", "GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n", 400},
    {"HostList", "GET / HTTP/1.1\r\nHost: x, y\r\n\r\n", 400},
    {"HostWithUser", "GET / HTTP/1.1\r\nHost: a@x\r\n\r\n", 400},
    {"HostWithPath", "GET / HTTP/1.1\r\nHost: x/y\r\n\r\n", 400},
    {"TwoHostsIn10", "GET / HTTP/1.0\r\nHost: x\r\nHost: y\r\n\r\n", 400},
    {"ObsFold", "GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n", 400},
    {"ObsFoldTab", "GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n\tc\r\n\r\n", 400},
    {"ObsFoldFirst", "GET / HTTP/1.1\r\n Host: x\r\n\r\n", 400},
    {"ChunkedIn10", "POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
    {"LengthAndChunked", post("Content-Length: 5\r\n" + chunked, "0\r\n\r\n"), 400},
    {"ChunkedAndLength", post(chunked + "Content-Length: 5\r\n", "0\r\n\r\n"), 400},
    {"TwoLengths", post("Content-Length: 1\r\nContent-Length: 1\r\n", "x"), 400},
    {"DifferentLengths", post("Content-Length: 1\r\nContent-Length: 2\r\n", "xx"), 400},
    {"LengthList", post("Content-Length: 1, 1\r\n", "x"), 400},
    {"LengthSigned", post("Content-Length: +1\r\n", "x"), 400},
    {"LengthNegative", post("Content-Length: -1\r\n", "x"), 400},
    {"LengthHex", post("Content-Length: 0x1\r\n", "x"), 400},
    {"LengthEmpty", post("Content-Length:\r\n", "x"), 400},
    {"LengthSpaced", post("Content-Length: 1 1\r\n", "x"), 400},
    {"LengthBeyond64Bits", post("Content-Length: 18446744073709551617\r\n", "x"), 400},
    {"LengthHuge", post("Content-Length: 99999999999999999\r\n", "x"), 413},
    {"GzipChunked", post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), 501},
    {"ChunkedGzip", post("Transfer-Encoding: chunked, gzip\r\n", "0\r\n\r\n"), 400},
    {"Identity", post("Transfer-Encoding: identity\r\n"), 501},
    {"TwoEncodings", post(chunked + chunked, "0\r\n\r\n"), 400},
    {"ChunkedTwice", post("Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n"), 400},
    {"XChunked", post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"), 501},
    {"EncodingEmpty", post("Transfer-Encoding:\r\n", "0\r\n\r\n"), 501},
    {"EncodingVerticalTab",
     post("Transfer-Encoding: \x0b"
          "chunked\r\n",
          "0\r\n\r\n"),
     400},
    {"Connect", "CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\n\r\n", 501},
    {"ConnectWithUpgrade", "CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n", 501},
    {"UpgradeWithTwoLengths", post(h2c + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400},
    {"Http2Preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
    {"ChunkSizeEmpty", post(chunked, "\r\n"), 400},
    {"ChunkSizeHuge", post(chunked, "FFFFFFFFFFFFFFFFF\r\n"), 400},
    {"ChunkSizeOverflow", post(chunked, "FFFFFFFFFFFFFFFE\r\n"), 413},
    {"ChunkSizeNegative", post(chunked, "-1\r\n"), 400},
    {"ChunkSizePrefix", post(chunked, "0x1\r\nx\r\n0\r\n\r\n"), 400},
    {"ChunkSizeSpace", post(chunked, "1 \r\nx\r\n0\r\n\r\n"), 400},
    {"ChunkBareLf", post(chunked, "1\nx\n0\n\n"), 400},
    {"ChunkExtensionLf", post(chunked, "1;a\nb\r\nx\r\n0\r\n\r\n"), 400},
    {"ChunkExtensionLong", post(chunked, "1;" + std::string(5000, 'a')), 400},
    {"ChunkTooLong", post(chunked, "1\r\nxx\r\n0\r\n\r\n"), 400},
    {"TrailerLong", post(chunked, "0\r\nA: " + std::string(20'000, 'a')), 431},
    {"TrailerFold", post(chunked, "0\r\nA: b\r\n c\r\n\r\n"), 400},
    {"BareLfLines", "GET / HTTP/1.1\nHost: x\n\n", 400},
    {"BareLfInHeaders", "GET / HTTP/1.1\r\nHost: x\nA: b\r\n\r\n", 400},
    {"BareCrInValue", "GET / HTTP/1.1\r\nHost: x\r\nA: b\rc\r\n\r\n", 400},
    {"CrBeforeCrLf", "GET / HTTP/1.1\r\nHost: x\r\nA: b\r\r\n\r\n", 400},
    {"NulInValue", "GET / HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n"s, 400},
    {"ControlInValue", "GET / HTTP/1.1\r\nHost: x\r\nA: \x01\r\n\r\n", 400},
    {"DeleteInValue", "GET / HTTP/1.1\r\nHost: x\r\nA: \x7f\r\n\r\n", 400},
    {"SpaceBeforeColon", "GET / HTTP/1.1\r\nHost: x\r\nA : b\r\n\r\n", 400},
    {"TabBeforeColon", "GET / HTTP/1.1\r\nHost: x\r\nContent-Length\t: 3\r\n\r\n", 400},
    {"EmptyName", "GET / HTTP/1.1\r\nHost: x\r\n: b\r\n\r\n", 400},
    {"NoColon", "GET / HTTP/1.1\r\nHost: x\r\nabc\r\n\r\n", 400},
    {"NameNotToken", "GET / HTTP/1.1\r\nHost: x\r\nA(b): c\r\n\r\n", 400},
    {"NameNotAscii", "GET / HTTP/1.1\r\nHost: x\r\nA\xc3\xa9: c\r\n\r\n", 400},
    {"NulInName", "GET / HTTP/1.1\r\nHost: x\r\nA\0: b\r\n\r\n"s, 400},
    {"MethodUnknown", "BREW / HTTP/1.1\r\nHost: x\r\n\r\n", 501},
    {"MethodLower", "get / HTTP/1.1\r\nHost: x\r\n\r\n", 501},
    {"MethodNotToken", "G@T / HTTP/1.1\r\nHost: x\r\n\r\n", 400},
    {"TargetEmpty", "GET  HTTP/1.1\r\nHost: x\r\n\r\n", 400},
    {"TargetSpaces", "GET /a b HTTP/1.1\r\nHost: x\r\n\r\n", 400},
    {"TargetRelative", "GET a HTTP/1.1\r\nHost: x\r\n\r\n", 400},
    {"TargetFragment", "GET /a#b HTTP/1.1\r\nHost: x\r\n\r\n", 400},
    {"TargetControl", "GET /a\x01 HTTP/1.1\r\nHost: x\r\n\r\n", 400},
    {"TargetNotAscii", "GET /\xc3\xa9 HTTP/1.1\r\nHost: x\r\n\r\n", 400},
    {"TargetPercentCut", "GET /a%2 HTTP/1.1\r\nHost: x\r\n\r\n", 400},
    {"TargetPercentBad", "GET /a%zz HTTP/1.1\r\nHost: x\r\n\r\n", 400},
    {"TargetStar", "GET * HTTP/1.1\r\nHost: x\r\n\r\n", 400},
    {"AbsoluteOtherHost", "GET http://y/ HTTP/1.1\r\nHost: x\r\n\r\n", 400},
    {"AbsoluteHttps", "GET https://x/ HTTP/1.1\r\nHost: x\r\n\r\n", 400},
    {"AbsoluteUser", "GET http://a@x/ HTTP/1.1\r\nHost: x\r\n\r\n", 400},
    {"Http09", "GET /\r\n\r\n", 400},
    {"TwoSpaces", "GET /  HTTP/1.1\r\nHost: x\r\n\r\n", 400},
    {"TabSeparated", "GET\t/\tHTTP/1.1\r\nHost: x\r\n\r\n", 400},
    {"LeadingSpace", " GET / HTTP/1.1\r\nHost: x\r\n\r\n", 400},
    {"VersionTwo", "GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505},
    {"VersionOther", "GET / HTTP/1.2\r\nHost: x\r\n\r\n", 505},
    {"VersionLong", "GET / HTTP/1.10\r\nHost: x\r\n\r\n", 400},
    {"VersionLower", "GET / http/1.1\r\nHost: x\r\n\r\n", 400},
    {"EmptyLinesFirst", "\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", 400},
    {"LongLine", "GET /" + std::string(20'000, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n", 431},
    {"LongHeader", "GET / HTTP/1.1\r\nHost: x\r\nA: " + std::string(20'000, 'a') + "\r\n\r\n", 431},
    {"ManyHeaders",
     [] {
       std::string text = "GET / HTTP/1.1\r\nHost: x\r\n";
       for (int i = 0; i < 100; ++i) text += "A: b\r\n";
       return text + "\r\n";
     }(),
     431},
    {"BodyTooLong", post("Content-Length: 262145\r\n"), 413},
    {"ExpectOther", post("Content-Length: 1\r\nExpect: 200-ok\r\n"), 417},
    {"ExpectTwice", post("Content-Length: 1\r\nExpect: 100-continue\r\nExpect: 100-continue\r\n"), 417},
    {"Tls", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n"s, 400},
    {"Garbage", "\xff\xfe\xfd\r\n\r\n", 400},
};

INSTANTIATE_TEST_SUITE_P(List, Strictness, ::testing::ValuesIn(list),
                         [](const auto& tested) { return std::string(tested.param.name); });

struct Accepted {
  const char* name;
  std::string bytes;
  std::string body;
};

class Tolerance : public ::testing::TestWithParam<Accepted> {};

TEST_P(Tolerance, Answers) {
  ServerFixture fixture;
  RawClient client = fixture.connect();
  ASSERT_TRUE(client.send(GetParam().bytes));
  const auto response = client.read_response();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->body, GetParam().body);
}

// RFC 9110 section 7.8: a server may ignore Upgrade. Java's HttpClient and `curl --http2` offer h2c unasked; they are
// answered in HTTP/1.1, their bodies read by the same rules, and what is pipelined behind them goes on.
TEST(Upgrade, IsIgnoredWithAndWithoutBody) {
  ServerFixture fixture;
  RawClient client = fixture.connect();
  ASSERT_TRUE(client.send("GET /a HTTP/1.1\r\nHost: x\r\n" + h2c + "\r\n" +         //
                          post(h2c + "Content-Length: 3\r\n", "abc") +              //
                          post(chunked + h2c, "3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n") +  //
                          "GET /b HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n" +
                          "GET /c HTTP/1.1\r\nHost: x\r\n\r\n"));
  for (const char* body : {"GET /a ", "POST / abc", "POST / abcd", "GET /b ", "GET /c "}) {
    const auto response = client.read_response();
    ASSERT_TRUE(response) << body;
    EXPECT_EQ(response->status, 200);
    EXPECT_EQ(response->body, body);
    EXPECT_EQ(response->header("Upgrade"), "");
  }
}

// A body that comes in pieces behind its head.
TEST(Upgrade, IsIgnoredWhenTheBodyComesLater) {
  ServerFixture fixture;
  RawClient client = fixture.connect();
  ASSERT_TRUE(client.send(post(h2c + "Expect: 100-continue\r\nContent-Length: 4\r\n")));
  ASSERT_EQ(client.read_line(), "HTTP/1.1 100 Continue\r\n");
  ASSERT_EQ(client.read_line(), "\r\n");
  ASSERT_TRUE(client.send("ab"));
  ASSERT_TRUE(client.send("cd"));
  EXPECT_EQ(client.read_response()->body, "POST / abcd");
}

INSTANTIATE_TEST_SUITE_P(
    List, Tolerance,
    ::testing::Values(Accepted{"AbsoluteForm", "GET http://X:1/a?b HTTP/1.1\r\nHost: x:1\r\n\r\n", "GET /a "},
                      Accepted{"HostEmpty", "GET / HTTP/1.1\r\nHost:\r\n\r\n", "GET / "},
                      Accepted{"EmptyLineFirst", "\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", "GET / "},
                      Accepted{"LeadingZeros", post("Content-Length: 0003\r\n", "abc"), "POST / abc"},
                      Accepted{"ChunkedCase",
                               post("transfer-encoding: CHUNKED\r\n", "3;a=\"b\"\r\nabc\r\n0\r\nT: u\r\n\r\n"),
                               "POST / abc"},
                      Accepted{"ValueNotAscii", "GET / HTTP/1.1\r\nHost: x\r\nA: \xc3\xa9\r\n\r\n", "GET / "},
                      Accepted{"HeadersOfTheLimit",
                               [] {
                                 std::string text = "GET / HTTP/1.1\r\nHost: x\r\n";
                                 for (int i = 0; i < 99; ++i) text += "A: b\r\n";
                                 return text + "\r\n";
                               }(),
                               "GET / "}),
    [](const auto& tested) { return std::string(tested.param.name); });

}  // namespace
}  // namespace forebay::testing
