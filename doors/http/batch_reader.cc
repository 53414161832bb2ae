#include "doors/http/batch_reader.h"

#include <algorithm>
#include <string>

#include "doors/http_parser.h"
#include "doors/refusal.h"

namespace forebay {
namespace {

// Above it, what a single large batch needed is given back.
constexpr size_t arena_kept_bytes = 1 << 20;
constexpr size_t messages_kept = 4096;

std::string_view without_space(std::string_view line) {
  auto is_space = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
  while (!line.empty() && is_space(line.back())) line.remove_suffix(1);
  while (!line.empty() && is_space(line.front())) line.remove_prefix(1);
  return line;
}

Problem bad_line(size_t number, int status, const std::string& what) {
  const std::string line = std::to_string(number);
  return refusal(status, "bad-line", "Line " + line + " of the batch cannot be accepted", "line " + line + ": " + what);
}

}  // namespace

std::optional<Problem> BatchReader::read(std::string_view name, bool topic, std::string_view by, std::string_view body,
                                         uint64_t message_bytes_max) {
  if (store_.arena.capacity() > arena_kept_bytes) std::string().swap(store_.arena);
  if (messages_.capacity() > messages_kept) std::vector<NewMessage>().swap(messages_);
  store_.arena.clear();
  store_.arena.reserve(2 * body.size());
  store_.forwards.clear();
  messages_.clear();
  forwards_.clear();
  const char* const readable_end = body.data() + body.size() + body_padding_bytes;
  bool shaped = false;
  for (size_t number = 1; !body.empty(); ++number) {
    const size_t line_end = std::min(body.find('\n'), body.size());
    const std::string_view line = without_space(body.substr(0, line_end));
    body.remove_prefix(std::min(line_end + 1, body.size()));
    if (line.empty()) continue;
    if (messages_.empty() && !shaped && ReleaseProfile::is_one(line)) {
      shaped = true;
      if (const std::string wrong = release_.read(line); !wrong.empty()) return bad_line(number, 422, wrong);
      continue;
    }
    NewMessage& message = messages_.emplace_back();
    (topic ? message.topic : message.queue) = name;
    message.by = by;
    messages_.back().line = static_cast<uint32_t>(number);
    auto problem = read_line(number, line, static_cast<size_t>(readable_end - line.data()), message_bytes_max);
    if (problem) return problem;
  }
  if (messages_.empty()) return refusal(422, "empty-batch", "The batch is empty", "no line holds an envelope");
  point_at_forwards();
  const std::string wrong = shaped ? release_.apply(messages_) : std::string();
  if (!wrong.empty()) return refusal(422, "bad-release", "The batch cannot be released like that", wrong);
  return std::nullopt;
}

std::optional<Problem> BatchReader::read_line(size_t number, std::string_view line, size_t readable_bytes,
                                              uint64_t message_bytes_max) {
  if (messages_.size() > batch_messages_max) {
    return bad_line(number, 422, "a batch may have " + std::to_string(batch_messages_max) + " messages at most");
  }
  const size_t first_forward = store_.forwards.size();
  const std::string wrong = envelopes_.read(line, readable_bytes, &store_, &messages_.back());
  if (!wrong.empty()) return bad_line(number, 422, wrong);
  if (messages_.back().body.size() > message_bytes_max) {
    return bad_line(number, 413, "a body may have " + std::to_string(message_bytes_max) + " bytes at most");
  }
  const size_t forwards = store_.forwards.size() - first_forward;
  if (forwards > 0) forwards_.push_back({messages_.size() - 1, first_forward, forwards});
  return std::nullopt;
}

// Only now: the vector of headers has stopped growing.
void BatchReader::point_at_forwards() {
  const std::span all(store_.forwards);
  for (const Forwards& one : forwards_) messages_[one.message].forward = all.subspan(one.first, one.count);
}

}  // namespace forebay
