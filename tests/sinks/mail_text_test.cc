// A message as a mail: header lines that nobody can add to, content that comes through whole.
#include "sinks/smtp/mail_text.h"

#include <gtest/gtest.h>

#include "base/base64.h"

namespace forebay {
namespace {

class MailTextTest : public ::testing::Test {
 protected:
  MailTextTest() {
    config_.from = "shop@example.com";
    config_.to = {ValueSource::From::json, "/email"};
    delivery_.message_id = "01ABC";
    delivery_.body = R"({"email": "a@example.org", "subject": "Hello", "text": "Dear A,\nwelcome."})";
    delivery_.content_type = "application/json";
  }
  Mail mail() const { return compose_mail(config_, delivery_, WallTime::from_ms(1'767'225'600'000)); }

  MailConfig config_;
  Delivery delivery_;
};

TEST_F(MailTextTest, IsAMail) {
  config_.subject = "json:/subject";
  config_.body = "json:/text";
  const Mail out = mail();
  EXPECT_EQ(out.refused, "");
  EXPECT_EQ(out.from, "shop@example.com");
  EXPECT_EQ(out.to, "a@example.org");
  EXPECT_EQ(out.text,
            "Date: Thu, 01 Jan 2026 00:00:00 +0000\r\n"
            "From: <shop@example.com>\r\n"
            "To: <a@example.org>\r\n"
            "Subject: Hello\r\n"
            "Message-ID: <01ABC@example.com>\r\n"
            "Auto-Submitted: auto-generated\r\n"
            "MIME-Version: 1.0\r\n"
            "Content-Type: text/plain; charset=utf-8\r\n"
            "Content-Transfer-Encoding: 7bit\r\n"
            "\r\n"
            "Dear A,\r\nwelcome.\r\n");
}

TEST_F(MailTextTest, WithoutABodyOfItsOwnTheMessageIsTheContent) {
  EXPECT_NE(mail().text.find("Content-Type: application/json\r\nContent-Transfer-Encoding: 7bit\r\n\r\n{\"email\""),
            std::string::npos);
}

TEST_F(MailTextTest, WhatIsNotPlainShortLinesIsBase64) {
  config_.to = {};
  config_.to_fixed = "b@example.org";
  for (const std::string& body : {std::string("gr\xc3\xbc\xc3\x9f"), std::string("a\rb"), std::string(999, 'x'),
                                  std::string("nul\0", 4), std::string("\xff\xfe")}) {
    delivery_.body = body;
    delivery_.content_type = "";
    const std::string text = mail().text;
    const size_t end = text.find("base64\r\n\r\n");
    ASSERT_NE(end, text.npos) << text;
    std::string encoded = text.substr(end + 10), decoded;
    for (size_t at = 0; at < encoded.size(); at = encoded.find("\r\n", at) + 2) {
      EXPECT_LE(encoded.find("\r\n", at) - at, 76u);
    }
    std::erase_if(encoded, [](char c) { return c == '\r' || c == '\n'; });
    ASSERT_TRUE(append_base64_decoded(encoded, &decoded));
    EXPECT_EQ(decoded, body);
  }
}

TEST_F(MailTextTest, BytesWithoutATypeAreBytes) {
  delivery_.headers = {{"X-To", "c@example.org"}};
  config_.to = {ValueSource::From::header, "x-to"};
  delivery_.body = "\xff";
  delivery_.content_type = "application/x-www-form-urlencoded";
  EXPECT_NE(mail().text.find("Content-Type: application/octet-stream\r\n"), std::string::npos);
  delivery_.content_type = "a";
  EXPECT_NE(mail().text.find("Content-Type: a\r\n"), std::string::npos);
}

TEST_F(MailTextTest, NobodyToSendToIsRefused) {
  config_.to.name = "/nobody";
  EXPECT_EQ(mail().refused, "no recipient: json:/nobody finds nothing");
  config_.to = {ValueSource::From::header, "X-Email"};
  EXPECT_EQ(mail().refused, "no recipient: header:X-Email finds nothing");
  delivery_.body = "no json";
  config_.to = {ValueSource::From::json, "/email"};
  EXPECT_EQ(mail().refused, "no recipient: json:/email finds nothing");
}

TEST_F(MailTextTest, RecipientsThatAreMoreThanAnAddressAreRefused) {
  for (const char* to :
       {"a@b.c\\r\\nBcc: x@y.z", "a@b.c\\nRCPT TO:<x@y.z>", "a@b.c, x@y.z", "<a@b.c>", "a@b.c>", "a b@c", "a@", "@b",
        "a@b@c", "a@b\\u0000", "Bob <a@b.c>", "\\\"x\\\"@b", "a@b.c ", "", "a@-b"}) {
    const std::string body = std::string("{\"email\": \"") + to + "\"}";
    delivery_.body = body;
    EXPECT_EQ(mail().refused, "no recipient: json:/email is not a mail address") << to;
    EXPECT_EQ(mail().text, "");
  }
}

TEST_F(MailTextTest, SubjectsThatWouldEndTheirLineAreRefused) {
  config_.subject = "json:/subject";
  for (const char* subject : {"Hi\\r\\nBcc: x@y.z", "Hi\\nX: y", "Hi\\rX: y", "Hi\\u0000", "Hi\\u007f"}) {
    const std::string body = std::string("{\"email\": \"a@b.c\", \"subject\": \"") + subject + "\"}";
    delivery_.body = body;
    EXPECT_EQ(mail().refused, "header not allowed: Subject") << subject;
  }
}

TEST_F(MailTextTest, ContentTypesThatWouldEndTheirLineAreRefused) {
  for (const char* type : {"text/plain\r\nBcc: x@y.z", "text/plain\nX: y", "text/pl\xc3\xa4in"}) {
    delivery_.content_type = type;
    EXPECT_EQ(mail().refused, "header not allowed: Content-Type");
  }
}

// Decodes what header_text makes, after unfolding.
std::string decoded(std::string text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    EXPECT_EQ(text.compare(at, 10, "=?UTF-8?B?"), 0) << text;
    const size_t end = text.find("?=", at + 10);
    EXPECT_LE(end + 2 - at, 75u);
    EXPECT_TRUE(append_base64_decoded(std::string_view(text).substr(at + 10, end - at - 10), &out));
    at = end + 2;
    if (at < text.size()) {
      EXPECT_EQ(text.compare(at, 3, "\r\n "), 0) << text;
      at += 3;
    }
  }
  return out;
}

TEST(HeaderText, PlainShortTextIsLeftAsItIs) {
  EXPECT_EQ(header_text("Your order #1 (paid)"), "Your order #1 (paid)");
  EXPECT_EQ(header_text(""), "");
}

TEST(HeaderText, AnythingElseIsEncodedAndNoCharacterIsTorn) {
  std::string long_one;
  for (int i = 0; i < 60; ++i) long_one += "\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80";
  for (const std::string& text : {std::string("Gr\xc3\xbc\xc3\x9f Gott"), std::string(70, 'x'),
                                  std::string("a =?x?= b"), std::string("tab\there"), long_one}) {
    const std::string header = header_text(text);
    EXPECT_EQ(decoded(header), text);
    EXPECT_LE(("Subject: " + header).find("\r\n"), ("Subject: " + header).size() > 76 ? 76u : std::string::npos);
    for (size_t at = header.find("?B?"); at != header.npos; at = header.find("?B?", at + 1)) {
      std::string word;
      append_base64_decoded(header.substr(at + 3, header.find("?=", at) - at - 3), &word);
      EXPECT_NE(static_cast<unsigned char>(word[0]) & 0xc0, 0x80) << "a word begins within a character";
    }
  }
}

TEST(HeaderText, WhatIsNotUtf8IsReadAsLatin1) {
  EXPECT_EQ(decoded(header_text("Gr\xfc\xdf")), "Gr\xc3\xbc\xc3\x9f");
}

}  // namespace
}  // namespace forebay
