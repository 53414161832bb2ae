#include "relay/live_streams.h"

#include <fmt/format.h>

#include <algorithm>

#include "relay/event_text.h"

namespace forebay {
namespace {

constexpr size_t readers_a_turn = 512;
constexpr size_t flush_bytes = 128 * 1024;
constexpr Duration silence = Duration::seconds(15);
constexpr std::string_view still_here = ":\n\n";

std::string ending(std::string_view why) {
  return fmt::format("event: end\ndata: {{\"reason\":\"{}\"}}\n\n", why);
}

}  // namespace

// ---- what is published ----

void LiveStreams::publish(std::string_view topic, std::string_view id, std::string_view body,
                          std::optional<uint64_t> batch) {
  std::string text;
  append_event(id, body, &text);
  if (!batch) return append(topic, text);
  waiting_.emplace(next_waiting_, Waiting{std::string(topic), std::move(text)});
  answers_.changed(*batch, next_waiting_++, *this, 1);
}

void LiveStreams::on_refused(uint64_t token, const Problem&) {
  waiting_.erase(token);
}

void LiveStreams::on_changed(uint64_t token, uint64_t) {
  const auto found = waiting_.find(token);
  append(found->second.topic, found->second.text);
  waiting_.erase(found);
}

void LiveStreams::append(std::string_view topic, std::string_view text) {
  const auto found = lines_.find(topic);
  if (found == lines_.end()) return;  // its last reader has left meanwhile
  found->second.text += text;
  ++found->second.events;
}

// ---- who reads ----

std::optional<Problem> LiveStreams::follow(std::string_view topic, uint64_t token, StreamListener& listener) {
  const TopicConfig* config = topics_.find(topic);
  if (config == nullptr) {
    return Problem{404, "no-such-topic", "No such topic",
                   fmt::format("there is no topic \"{}\" in the configuration", topic), std::nullopt};
  }
  if (stopping_) {
    return Problem{503, "stopping", "Forebay is stopping", "come again when it is back", Duration::seconds(5)};
  }
  const auto line = lines_.try_emplace(std::string(topic)).first;
  line->second.flush = config->flush;
  Readers& readers = line->second.readers;
  readers.push_back({token, &listener, line->second.end(), clock_.now().steady, line->second.events});
  readers_[{&listener, token}] = {line, std::prev(readers.end())};
  return std::nullopt;
}

void LiveStreams::unfollow(uint64_t token, StreamListener& listener) {
  const auto found = readers_.find(Key{&listener, token});
  if (found != readers_.end()) remove(found->second.line, found->second.reader);
}

void LiveStreams::forget(StreamListener& listener) {
  std::vector<uint64_t> tokens;
  for (const auto& [key, place] : readers_) {
    if (key.first == &listener) tokens.push_back(key.second);
  }
  for (const uint64_t token : tokens) unfollow(token, listener);
}

void LiveStreams::remove(Lines::iterator line, Readers::iterator reader) {
  readers_.erase(Key{reader->listener, reader->token});
  line->second.readers.erase(reader);
  if (line->second.readers.empty()) {
    lines_.erase(line);
  } else {
    trim(line->second);
  }
}

void LiveStreams::look_again() {
  for (auto line = lines_.begin(); line != lines_.end();) {
    const auto here = line++;
    const TopicConfig* config = topics_.find(here->first);
    if (config == nullptr) {
      end(here, "the topic is no more in the configuration");
    } else {
      here->second.flush = config->flush;
    }
  }
}

void LiveStreams::stop() {
  stopping_ = true;
  while (!lines_.empty()) end(lines_.begin(), "Forebay is stopping");
}

void LiveStreams::end(Lines::iterator line, std::string_view why) {
  for (const Reader& reader : line->second.readers) {
    readers_.erase(Key{reader.listener, reader.token});
    const std::string_view unread = std::string_view(line->second.text).substr(reader.from - line->second.begin);
    reader.listener->on_end(reader.token, std::string(unread) + ending(why));
  }
  lines_.erase(line);
}

// ---- a turn ----

Instant LiveStreams::due(const Line& line) const {
  const Reader& front = line.readers.front();
  if (line.end() - front.from >= flush_bytes) return front.at;
  return front.at + (front.from < line.end() ? line.flush : silence);
}

Instant LiveStreams::work(Now now) {
  Instant next = Instant::never();
  size_t left = readers_a_turn;
  for (auto line = lines_.begin(); line != lines_.end();) {
    const auto here = line++;
    while (left > 0 && due(here->second) <= now.steady) {
      --left;
      write_front(here->second, now);
      if (here->second.readers.empty()) break;
    }
    if (here->second.readers.empty()) {
      lines_.erase(here);
    } else {
      next = std::min(next, due(here->second));
    }
  }
  return next;
}

void LiveStreams::write_front(Line& line, Now now) {
  const auto front = line.readers.begin();
  const std::string_view unread = std::string_view(line.text).substr(front->from - line.begin);
  const StreamResult result = front->listener->on_events(front->token, unread.empty() ? still_here : unread);
  if (result != StreamResult::taken) {
    dropped_ += result == StreamResult::slow;
    readers_.erase(Key{front->listener, front->token});
    line.readers.erase(front);
  } else {
    events_ += line.events - front->event;
    front->event = line.events;
    front->from = line.end();
    front->at = now.steady;
    line.readers.splice(line.readers.end(), line.readers, front);
  }
  trim(line);
}

// What every reader has had goes, once it is worth the move.
void LiveStreams::trim(Line& line) {
  const uint64_t from = line.readers.empty() ? line.end() : line.readers.front().from;
  const uint64_t read = from - line.begin;
  if (read < line.text.size() && read < flush_bytes) return;
  line.text.erase(0, read);
  line.begin = from;
}

}  // namespace forebay
