#include "relay/cli/send_source.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

namespace forebay {
namespace {

using Next = SendSource::Next;

class LineSourceTest : public testing::Test {
 protected:
  LineSourceTest() {
    EXPECT_EQ(pipe2(ends_, O_CLOEXEC | O_NONBLOCK), 0);
    source_ = make_line_source(ends_[0], 3);
  }
  ~LineSourceTest() override { end(); }
  void put(const std::string& text) { ASSERT_EQ(write(ends_[1], text.data(), text.size()), ssize_t(text.size())); }
  void end() {
    if (ends_[1] >= 0) close(ends_[1]);
    ends_[1] = -1;
  }

  int ends_[2];
  std::unique_ptr<SendSource> source_;
  SendItem item_;
};

TEST_F(LineSourceTest, GathersLinesIntoBatchesAndNumbersThem) {
  put("{\"body\":1}\n\n{\"body\":2}\r\n{\"body_base64\":\"eA==\"}\n{\"body\":4}");
  end();
  ASSERT_EQ(source_->next(item_), Next::item);
  EXPECT_EQ(item_.messages, 3u);
  EXPECT_EQ(item_.first, 1u);
  EXPECT_EQ(item_.last, 4u);
  ASSERT_EQ(source_->next(item_), Next::item);
  EXPECT_EQ(item_.body, "{\"body\":4}\n") << "the last line needs no end";
  EXPECT_EQ(item_.first, 5u);
  EXPECT_EQ(source_->next(item_), Next::end);
  EXPECT_EQ(source_->error(), "");
}

TEST_F(LineSourceTest, HandsOnWhatThereIsAndWaitsForTheRest) {
  EXPECT_EQ(source_->next(item_), Next::later);
  put("{\"body\":1}\n{\"bo");
  ASSERT_EQ(source_->next(item_), Next::item);
  EXPECT_EQ(item_.messages, 1u);
  EXPECT_EQ(source_->next(item_), Next::later);
  put("dy\":2}\n");
  ASSERT_EQ(source_->next(item_), Next::item);
  EXPECT_EQ(item_.body, "{\"body\":2}\n");
}

TEST_F(LineSourceTest, NamesTheLineThatIsNoEnvelope) {
  put("{\"body\":1}\n{\"body\":2}\n{\"body\":3}\n{\"body\":4}\n{\"text\":5}\n{\"body\":6}\n");
  end();
  ASSERT_EQ(source_->next(item_), Next::item);
  ASSERT_EQ(source_->next(item_), Next::item) << "what stands before the bad line is still sent";
  EXPECT_EQ(item_.messages, 1u);
  EXPECT_EQ(source_->next(item_), Next::end);
  EXPECT_EQ(source_->error(), "line 5: an envelope needs \"body\" or \"body_base64\"");
}

TEST_F(LineSourceTest, NamesTheLineThatIsNotJson) {
  put("{\"body\":1\n");
  end();
  EXPECT_EQ(source_->next(item_), Next::end);
  EXPECT_EQ(source_->error().substr(0, 17), "line 1: not JSON:") << source_->error();
}

TEST(TemplateSource, SinglesCarryBodyAndKey) {
  auto source = make_template_source(2, SendTemplate("b{n}"), SendTemplate("k{n}"), 0, {});
  SendItem item;
  EXPECT_EQ(source->total(), 2u);
  ASSERT_EQ(source->next(item), Next::item);
  ASSERT_EQ(source->next(item), Next::item);
  EXPECT_EQ(item.body, "b2");
  EXPECT_EQ(item.key, "k2");
  EXPECT_EQ(source->next(item), Next::end);
}

TEST(TemplateSource, BatchesAreEnvelopes) {
  auto source = make_template_source(5, SendTemplate("say \"{n}\""), SendTemplate("k{n}"), 3, {"otp", "", "5m"});
  SendItem item;
  ASSERT_EQ(source->next(item), Next::item);
  EXPECT_EQ(item.messages, 3u);
  ASSERT_EQ(source->next(item), Next::item);
  EXPECT_EQ(item.messages, 2u);
  EXPECT_EQ(item.first, 4u);
  std::istringstream lines(item.body);
  std::string line;
  ASSERT_TRUE(std::getline(lines, line));
  EXPECT_EQ(nlohmann::json::parse(line),
            nlohmann::json({{"body", "say \"4\""}, {"key", "k4"}, {"class", "otp"}, {"ttl", "5m"}}));
  EXPECT_EQ(source->next(item), Next::end);
}

}  // namespace
}  // namespace forebay
