#include "config/substitute.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace forebay {
namespace {

std::optional<std::string> variables(const std::string& name) {
  if (name == "TOKEN") return "hunter2";
  if (name == "EMPTY") return "";
  if (name == "NESTED") return "${TOKEN}";
  return std::nullopt;
}

std::string text_of(std::string_view scalar) {
  const Substituted out = substitute(scalar, variables, "");
  EXPECT_EQ(out.error, "");
  return out.text;
}

std::string error_of(std::string_view scalar, const std::string& folder = "") {
  const Substituted out = substitute(scalar, variables, folder);
  EXPECT_EQ(out.error.find("hunter2"), std::string::npos);
  return out.error;
}

TEST(Substitute, variables_and_defaults) {
  EXPECT_EQ(text_of("plain"), "plain");
  EXPECT_EQ(text_of("Bearer ${TOKEN}!"), "Bearer hunter2!");
  EXPECT_EQ(text_of("${TOKEN:-none}"), "hunter2");
  EXPECT_EQ(text_of("${NOWHERE:-none}"), "none");
  EXPECT_EQ(text_of("${NOWHERE:-}"), "");
  EXPECT_EQ(text_of("${EMPTY}"), "");
  EXPECT_EQ(text_of("${EMPTY:-none}"), "none");
  EXPECT_EQ(text_of("${TOKEN}${TOKEN}"), "hunter2hunter2");
}

TEST(Substitute, dollars) {
  EXPECT_EQ(text_of("5$$"), "5$");
  EXPECT_EQ(text_of("$${TOKEN}"), "${TOKEN}");
  EXPECT_EQ(error_of("$TOKEN"), "a lone $");
  EXPECT_EQ(error_of("5$"), "a lone $");
}

TEST(Substitute, what_comes_in_is_not_read_again) {
  EXPECT_EQ(text_of("${NESTED}"), "${TOKEN}");
}

TEST(Substitute, errors_name_the_variable) {
  EXPECT_EQ(error_of("a ${NOWHERE} b"), "the environment variable NOWHERE is not set");
  EXPECT_EQ(error_of("${TOKEN"), "${ is not closed");
  EXPECT_EQ(error_of("${1}"), "${…} does not hold the name of a variable");
  EXPECT_EQ(error_of("${}"), "${…} does not hold the name of a variable");
}

TEST(Substitute, what_is_shown_holds_no_secret_and_no_default) {
  EXPECT_EQ(substitute("a ${TOKEN:-swordfish} b$$", variables, "").shown, "a ${TOKEN} b$$");
}

class SubstituteFile : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "forebay-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  void write(const std::string& name, const std::string& content) {
    std::ofstream(folder_ + "/" + name, std::ios::binary) << content;
  }
  std::string folder_;
};

TEST_F(SubstituteFile, is_relative_and_loses_one_line_end) {
  write("token", "hunter2\n");
  write("dos", "hunter2\r\n");
  write("two", "a\n\n");
  EXPECT_EQ(substitute("${file:token}", variables, folder_).text, "hunter2");
  EXPECT_EQ(substitute("x${file:dos}y", variables, folder_).text, "xhunter2y");
  EXPECT_EQ(substitute("${file:two}", variables, folder_).text, "a\n");
  EXPECT_EQ(substitute("${file:" + folder_ + "/token}", variables, "elsewhere").text, "hunter2");
  EXPECT_EQ(substitute("${file:token}", variables, folder_).shown, "${file:token}");
}

TEST_F(SubstituteFile, errors) {
  write("large", std::string(64 * 1024 + 2, 'x'));
  EXPECT_EQ(error_of("${file:none}", folder_), "${file:none} cannot be read: No such file or directory");
  EXPECT_EQ(error_of("${file:.}", folder_), "${file:.} cannot be read: Is a directory");
  EXPECT_EQ(error_of("${file:large}", folder_), "${file:large} is larger than 64KiB");
  EXPECT_EQ(error_of("${file:}", folder_), "${file:} names no file");
}

}  // namespace
}  // namespace forebay
