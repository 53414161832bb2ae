#include "doors/answer_queue.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <numeric>

namespace forebay::testing {
namespace {

Response numbered(uint64_t number, bool close = false) {
  Response response;
  response.body = "<" + std::to_string(number) + ">";
  response.close = close;
  return response;
}

// The bodies in `out`, in their order.
std::string bodies(const std::string& out) {
  std::string found;
  for (size_t at = out.find('<'); at != out.npos; at = out.find('<', at + 1)) {
    found += out.substr(at, out.find('>', at) + 1 - at);
  }
  return found;
}

// Opened and answered in any interleaving, what is put out is a growing run of the numbers from 0.
RC_GTEST_PROP(AnswerQueue, PutsOutInOrderWhateverComesFirst, ()) {
  AnswerQueue queue;
  std::string out, expected;
  std::vector<uint64_t> open;
  uint64_t opened = 0, put_out = 0;
  std::vector<bool> answered;
  for (uint32_t draw : *rc::gen::container<std::vector<uint32_t>>(rc::gen::inRange<uint32_t>(0, 1000))) {
    if (open.empty() || draw % 3 == 0) {
      RC_ASSERT(queue.open({}) == opened);
      open.push_back(opened++);
      answered.push_back(false);
      continue;
    }
    const auto chosen = open.begin() + static_cast<std::ptrdiff_t>(draw % open.size());
    queue.answer(*chosen, numbered(*chosen), "date", &out);
    answered[*chosen] = true;
    open.erase(chosen);
    for (; put_out < opened && answered[put_out]; ++put_out) expected += "<" + std::to_string(put_out) + ">";
    RC_ASSERT(bodies(out) == expected);
    RC_ASSERT(queue.waiting() == opened - put_out);
    RC_ASSERT((queue.held_bytes() == 0) == (opened - put_out == open.size()));
  }
}

TEST(AnswerQueue, NothingFollowsAnAnswerThatCloses) {
  AnswerQueue queue;
  std::string out;
  for (int i = 0; i < 4; ++i) queue.open({});
  queue.answer(2, numbered(2), "date", &out);
  queue.answer(1, numbered(1, true), "date", &out);
  EXPECT_EQ(out, "");
  queue.answer(0, numbered(0), "date", &out);
  EXPECT_EQ(bodies(out), "<0><1>");
  EXPECT_TRUE(queue.closed());
  EXPECT_EQ(queue.waiting(), 0u);
  EXPECT_EQ(queue.held_bytes(), 0u);
  queue.answer(3, numbered(3), "date", &out);
  EXPECT_EQ(bodies(out), "<0><1>");
}

TEST(AnswerQueue, TheLastPlaceOpenCanBeMadeToClose) {
  AnswerQueue queue;
  std::string out;
  EXPECT_FALSE(queue.close_last());
  queue.open({});
  queue.open({});
  EXPECT_TRUE(queue.close_last());
  queue.answer(0, numbered(0), "date", &out);
  EXPECT_EQ(out.find("Connection"), out.npos);
  queue.answer(1, numbered(1), "date", &out);
  EXPECT_NE(out.find("Connection: close"), out.npos);
}

}  // namespace
}  // namespace forebay::testing
