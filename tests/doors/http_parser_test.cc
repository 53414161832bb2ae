// The parser by itself: the same bytes give the same events however they are cut.
#include "doors/http_parser.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "doors/chunk_decoder.h"

namespace forebay::testing {
namespace {

using std::string_literals::operator""s;  // text with NULs in it

constexpr uint64_t body_limit = 64;

std::string describe(const HttpParser& parser) {
  const RequestHead& head = parser.head();
  std::string text = std::string(head.method) + " " + std::string(head.path) + "?" + std::string(head.query);
  for (const auto& [name, value] : head.headers) text += "|" + std::string(name) + "=" + std::string(value);
  return text + (head.keep_alive ? "|keep" : "|close") + (head.expect_continue ? "|expect" : "");
}

// What comes of `bytes` when they are shown in pieces, each in memory of its own that is gone afterwards.
std::vector<std::string> events_of(const std::string& bytes, const std::vector<size_t>& pieces, ParserLimits limits) {
  HttpParser parser(limits);
  std::vector<std::string> events;
  size_t at = 0;
  for (size_t i = 0; at < bytes.size(); ++i) {
    const size_t n = std::min(i < pieces.size() ? std::max<size_t>(pieces[i], 1) : bytes.size(), bytes.size() - at);
    std::string piece = bytes.substr(at, n);
    piece.reserve(n + body_padding_bytes);
    at += n;
    std::string_view left = piece;
    while (true) {
      const auto event = parser.next(&left);
      if (event == HttpParser::Event::more) break;
      if (event == HttpParser::Event::refused) {
        events.push_back("refused " + std::to_string(parser.problem().status) + " " + parser.problem().detail);
        return events;
      }
      if (event == HttpParser::Event::head) {
        parser.limit_body(body_limit);
        events.push_back("head " + describe(parser));
      } else {
        events.push_back("request " + describe(parser) + " " + std::string(parser.body()));
      }
    }
    EXPECT_TRUE(left.empty());
    std::fill(piece.begin(), piece.end(), '#');
  }
  return events;
}

std::vector<std::string> whole(const std::string& bytes, ParserLimits limits = {}) {
  return events_of(bytes, {bytes.size()}, limits);
}

const std::vector<std::string>& corpus() {
  static const std::vector<std::string> lines = {
      "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
      "\r\nPOST /a?b=c HTTP/1.1\r\nHost:a\r\nContent-Length: 5\r\n\r\nhello",
      "POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
      "chunked\r\n\r\n3;x=y\r\nabc\r\n0a\r\n0123456789\r\n0\r\nT: v\r\n\r\n",
      "POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n40\r\n",
      "PUT /d HTTP/1.0\r\nConnection: keep-alive\r\nX:\r\nY: \t z \t\r\n\r\n",
      "DELETE http://a/e HTTP/1.1\r\nHost: a\r\nConnection: foo, close\r\n\r\n",
      "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 65\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\nFold: b\r\n c\r\n\r\n",
      "GET / HTTP/1.1\nHost: a\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
      "\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\nX: \x01\r\n\r\n",
      "0\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n"s,
  };
  return lines;
}

TEST(HttpParser, ReadsPipelinedRequests) {
  const auto events = whole(corpus()[0] + corpus()[1] + corpus()[2] + corpus()[4]);
  const std::vector<std::string> expected = {
      "head GET /?|Host=a|keep",
      "request GET /?|Host=a|keep ",
      "head POST /a?b=c|Host=a|Content-Length=5|keep",
      "request POST /a?b=c|Host=a|Content-Length=5|keep hello",
      "head POST /c?|Host=a|Transfer-Encoding=chunked|keep",
      "request POST /c?|Host=a|Transfer-Encoding=chunked|keep abc0123456789",
      "head PUT /d?|Connection=keep-alive|X=|Y=z|keep",
      "request PUT /d?|Connection=keep-alive|X=|Y=z|keep ",
  };
  EXPECT_EQ(events, expected);
}

// Concatenations of the corpus, sometimes with bytes changed, cut anywhere.
RC_GTEST_PROP(HttpParser, EventsDoNotDependOnTheCuts, ()) {
  std::string bytes;
  for (size_t i :
       *rc::gen::resize(5, rc::gen::container<std::vector<size_t>>(rc::gen::inRange<size_t>(0, corpus().size())))) {
    bytes += corpus()[i];
  }
  RC_PRE(!bytes.empty());
  for (auto& [at, c] :
       *rc::gen::resize(3, rc::gen::container<std::vector<std::pair<size_t, char>>>(
                               rc::gen::pair(rc::gen::inRange<size_t>(0, bytes.size()), rc::gen::arbitrary<char>())))) {
    bytes[at] = c;
  }
  ParserLimits limits;
  limits.max_header_bytes = *rc::gen::element<uint64_t>(24, 40, 60, 80, 200, 16384);
  limits.max_header_count = *rc::gen::element<uint32_t>(1, 2, 3, 100);
  const auto piece = rc::gen::oneOf(rc::gen::inRange<size_t>(1, 12), rc::gen::inRange<size_t>(30, 100));
  const auto pieces = *rc::gen::container<std::vector<size_t>>(piece);
  const auto expected = events_of(bytes, {bytes.size()}, limits);
  RC_ASSERT(events_of(bytes, pieces, limits) == expected);
  RC_ASSERT(events_of(bytes, std::vector<size_t>(bytes.size(), 1), limits) == expected);
}

TEST(HttpParser, EveryTwoCutsGiveTheSameEvents) {
  const std::string bytes = corpus()[1] + corpus()[2];
  const auto expected = whole(bytes);
  for (size_t first = 1; first < bytes.size(); ++first) {
    for (size_t second = 1; second < bytes.size() - first; second += 7) {
      ASSERT_EQ(events_of(bytes, {first, second}, {}), expected) << first << " " << second;
    }
  }
}

TEST(HttpParser, LimitsTheHead) {
  ParserLimits limits{60, 2};
  const std::string fits = "GET / HTTP/1.1\r\nHost: a\r\nX: 2345678901234567890123456789\r\n\r\n";
  ASSERT_EQ(fits.size(), 60u);
  EXPECT_EQ(whole(fits, limits).size(), 2u);
  EXPECT_EQ(whole(fits + fits, limits).size(), 4u);
  const std::string longer = "GET / HTTP/1.1\r\nHost: a\r\nX: 23456789012345678901234567890\r\n\r\n";
  EXPECT_EQ(whole(longer, limits).at(0).substr(0, 11), "refused 431");
  EXPECT_EQ(whole(std::string(61, 'a'), limits).at(0).substr(0, 11), "refused 431");
  EXPECT_TRUE(whole(std::string(60, 'a'), limits).empty());
  EXPECT_EQ(whole("GET / HTTP/1.1\r\nHost: a\r\nA:\r\nB:\r\n\r\n", limits).at(0).substr(0, 11), "refused 431");
}

TEST(HttpParser, GivesBackWhatItHeld) {
  const ParserLimits limits;
  HttpParser parser(limits);
  const std::string head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n";
  std::string_view bytes = head;
  ASSERT_EQ(parser.next(&bytes), HttpParser::Event::head);
  parser.limit_body(1'000'000);
  ASSERT_EQ(parser.next(&bytes), HttpParser::Event::more);
  EXPECT_LT(parser.held_bytes(), 32'768u);  // an announced length is no reason to allocate
  const std::string body(1'000'000, 'b');
  bytes = body;
  ASSERT_EQ(parser.next(&bytes), HttpParser::Event::request);
  EXPECT_EQ(parser.body().size(), body.size());
  EXPECT_EQ(parser.head().method, "POST");
  ASSERT_EQ(parser.next(&bytes), HttpParser::Event::more);
  EXPECT_TRUE(parser.between_requests());
  EXPECT_LT(parser.held_bytes(), 4096u);
}

TEST(ChunkDecoder, BoundsSizesExtensionsAndTrailers) {
  struct Case {
    std::string bytes;
    int status;  // 0: done
  };
  const Case cases[] = {{"0\r\n\r\n", 0},
                        {"0000000000000003\r\nabc\r\n0\r\n\r\n", 0},
                        {"00000000000000003\r\nabc\r\n0\r\n\r\n", 400},
                        {"FFFFFFFFFFFFFFFF\r\n", 413},
                        {"41\r\n", 413},
                        {"40\r\n" + std::string(64, 'x') + "\r\n1\r\n", 413},
                        {"3;" + std::string(4096, 'e') + "\r\nabc\r\n0\r\n\r\n", 0},
                        {"3;" + std::string(4097, 'e') + "\r\n", 400},
                        {"3;a\nb\r\n", 400},
                        {"3 \r\n", 400},
                        {" 3\r\n", 400},
                        {"+3\r\n", 400},
                        {"0x3\r\n", 400},
                        {"\r\n", 400},
                        {"3\n", 400},
                        {"3\r\r\n", 400},
                        {"3\r\nabcd\r\n", 400},
                        {"3\r\nabc\n", 400},
                        {"3\r\nabc\r\r", 400},
                        {"0\r\nA: b\r\nC:\r\n\r\n", 0},
                        {"0\r\nA : b\r\n\r\n", 400},
                        {"0\r\n: b\r\n\r\n", 400},
                        {"0\r\nA: b\n\r\n", 400},
                        {"0\r\nA: b\r\n c\r\n\r\n", 400},
                        {"0\r\nA: \0\r\n\r\n"s, 400},
                        {"0\r\nA: " + std::string(200, 'x') + "\r\n\r\n", 431},
                        {"0\r\n\rX", 400}};
  for (const Case& one : cases) {
    ChunkDecoder decoder;
    std::string body;
    Problem problem;
    std::string_view bytes = one.bytes;
    const auto result = decoder.feed(&bytes, {64, 100}, &body, &problem);
    const auto expected = one.status == 0 ? ChunkDecoder::Result::done : ChunkDecoder::Result::refused;
    EXPECT_EQ(result, expected) << one.bytes;
    if (one.status != 0) {
      EXPECT_EQ(problem.status, one.status) << one.bytes << problem.detail;
    }
  }
}

}  // namespace
}  // namespace forebay::testing
