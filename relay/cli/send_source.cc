#include "relay/cli/send_source.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <simdjson.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace forebay {
namespace {

constexpr size_t kRequestBytesMax = 8 << 20;
constexpr size_t kReadBytes = 256 << 10;

class TemplateSource final : public SendSource {
 public:
  TemplateSource(uint64_t count, SendTemplate body, SendTemplate key, uint32_t batch, const SendFields& fields)
      : count_(count), body_(std::move(body)), key_(std::move(key)), batch_(batch) {
    if (!fields.klass.empty()) tail_ += ",\"class\":\"" + json_escaped(fields.klass) + '"';
    if (!fields.delay.empty()) tail_ += ",\"delay\":\"" + json_escaped(fields.delay) + '"';
    if (!fields.ttl.empty()) tail_ += ",\"ttl\":\"" + json_escaped(fields.ttl) + '"';
    tail_ += "}\n";
  }

  Next next(SendItem& item) override {
    if (made_ == count_) return Next::end;
    item = {};
    item.first = made_ + 1;
    if (batch_ == 0) {
      body_.render(++made_, item.body);
      key_.render(made_, item.key);
    } else {
      item.body.reserve(last_bytes_ + last_bytes_ / 16);
      const uint64_t stop = std::min<uint64_t>(count_, made_ + batch_);
      while (made_ < stop && item.body.size() < kRequestBytesMax) add_envelope(++made_, item.body);
      last_bytes_ = item.body.size();
    }
    item.last = made_;
    item.messages = static_cast<uint32_t>(made_ - item.first + 1);
    return Next::item;
  }

  std::optional<uint64_t> total() const override { return count_; }

 private:
  void add_envelope(uint64_t n, std::string& out) const {
    out += "{\"body\":\"";
    body_.render_in_json(n, out);
    out += '"';
    if (!key_.empty()) {
      out += ",\"key\":\"";
      key_.render_in_json(n, out);
      out += '"';
    }
    out += tail_;
  }

  uint64_t count_, made_ = 0;
  SendTemplate body_, key_;
  uint32_t batch_;
  std::string tail_;
  size_t last_bytes_ = 0;
};

class LineSource final : public SendSource {
 public:
  LineSource(int fd, uint32_t batch) : fd_(fd), batch_(batch) {}
  ~LineSource() override {
    if (fd_ > 0) close(fd_);
  }

  Next next(SendItem& item) override {
    item = {};
    while (error_.empty() && item.messages < batch_ && item.body.size() < kRequestBytesMax) {
      std::string_view line;
      if (take_line(line)) {
        add(line, item);
        continue;
      }
      if (ended_ || !read_more()) break;
    }
    if (item.messages > 0) return Next::item;
    return ended_ || !error_.empty() ? Next::end : Next::later;
  }

  std::string error() const override { return error_; }
  int fd() const override { return fd_; }

 private:
  bool take_line(std::string_view& line) {
    const char* begin = buffer_.data() + at_;
    const size_t left = buffer_.size() - at_;
    const auto* end = static_cast<const char*>(memchr(begin, '\n', left));
    if (end == nullptr && !(ended_ && left > 0)) return false;
    line = {begin, end != nullptr ? static_cast<size_t>(end - begin) : left};
    at_ += line.size() + (end != nullptr);
    ++lines_;
    return true;
  }

  // False: nothing to be had now.
  bool read_more() {
    buffer_.erase(0, at_);
    at_ = 0;
    if (buffer_.size() > kRequestBytesMax) {
      error_ = fmt::format("line {} is longer than 8 MiB", lines_ + 1);
      return false;
    }
    const size_t had = buffer_.size();
    buffer_.resize(had + kReadBytes);
    const ssize_t got = read(fd_, buffer_.data() + had, kReadBytes);
    buffer_.resize(had + static_cast<size_t>(std::max<ssize_t>(got, 0)));
    if (got == 0) return ended_ = true;
    if (got < 0 && errno != EAGAIN && errno != EINTR) {
      error_ = fmt::format("reading after line {}: {}", lines_, strerror(errno));
    }
    return got > 0;
  }

  void add(std::string_view line, SendItem& item) {
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) return;
    const std::string wrong = check(line);
    if (!wrong.empty()) {
      error_ = fmt::format("line {}: {}", lines_, wrong);
      return;
    }
    if (item.messages++ == 0) item.first = lines_;
    item.last = lines_;
    item.body.append(line).push_back('\n');
  }

  std::string check(std::string_view line) {
    simdjson::dom::element element;
    const auto error = parser_.parse(line.data(), line.size()).get(element);
    if (error) return fmt::format("not JSON: {}", simdjson::error_message(error));
    simdjson::dom::object object;
    if (element.get(object)) return "not a JSON object";
    const bool has_body = !object["body"].error() || !object["body_base64"].error();
    return has_body ? "" : "an envelope needs \"body\" or \"body_base64\"";
  }

  int fd_;
  uint32_t batch_;
  std::string buffer_;
  size_t at_ = 0;
  uint64_t lines_ = 0;
  bool ended_ = false;
  std::string error_;
  simdjson::dom::parser parser_;
};

}  // namespace

std::unique_ptr<SendSource> make_template_source(uint64_t count, SendTemplate body, SendTemplate key, uint32_t batch,
                                                 SendFields fields) {
  return std::make_unique<TemplateSource>(count, std::move(body), std::move(key), batch, fields);
}

std::unique_ptr<SendSource> make_line_source(int fd, uint32_t batch) {
  return std::make_unique<LineSource>(fd, batch);
}

}  // namespace forebay
