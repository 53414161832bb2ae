// What the Overseer holds back and lets go again: queues, classes, keys and sinks.
#include "doors/refusal.h"
#include "relay/key_hash.h"
#include "relay/overseer.h"
#include "relay/pause_notes.h"

namespace forebay {
namespace {

constexpr size_t paused_key_bytes_max = 1024;  // as many as Forebay-Key may have

}  // namespace

void Overseer::restore(Now now) {
  live_.restore(now);
  look_again();
  for (const auto& lane : core_.lanes()) {
    core_.restore_throttle(*lane, backlog_.noted(sink_throttle_note(lane->config().name)), now);
  }
}

void Overseer::look_again() {
  for (const Queue& queue : core_.queues()) {
    if (queue.configured) restore_pauses(queue);
  }
  for (const auto& lane : core_.lanes()) {
    const std::string note = backlog_.noted(sink_pause_note(lane->config().name));
    if (!note.empty()) core_.pause_sink(lane->id(), true, pause_reason(note));
  }
}

void Overseer::restore_pauses(const Queue& queue) {
  const std::string& name = queue.config.name;
  if (!backlog_.noted(queue_pause_note(name)).empty()) core_.pause_queue(queue.id, true);
  const auto is_noted = [&](const std::string& klass) {
    return !backlog_.noted(class_pause_note(name, klass)).empty();
  };
  core_.pause_class(queue.id, 0, is_noted("default"));
  // A number that was another class's before says nothing of this one.
  for (const auto& [klass, settings] : queue.config.classes) {
    core_.pause_class(queue.id, *core_.class_number(queue.id, klass), is_noted(klass));
  }
  for (const std::string& key : paused_keys_.of(name)) core_.pause_key(queue.id, key_hash(key, key_seed_), true);
}

std::optional<Problem> Overseer::note_pause(const std::string& note, bool paused, uint64_t token,
                                            PublishListener& listener) {
  backlog_.note(note, paused ? paused_by_operator : "");
  answers_.changed(backlog_.open_batch(), token, listener, 1);
  return std::nullopt;
}

std::optional<Problem> Overseer::set_queue_paused(std::string_view name, bool paused, uint64_t token,
                                                  PublishListener& listener) {
  Queue* queue = find_queue(name);
  if (queue == nullptr) return no_such("queue", name);
  core_.pause_queue(queue->id, paused);
  return note_pause(queue_pause_note(queue->config.name), paused, token, listener);
}

std::optional<Problem> Overseer::set_sink_paused(std::string_view name, bool paused, uint64_t token,
                                                 PublishListener& listener) {
  SinkLane* lane = find_lane(name);
  if (lane == nullptr) return no_such("sink", name);
  core_.pause_sink(lane->id(), paused, pause_reason(paused_by_operator));
  return note_pause(sink_pause_note(lane->config().name), paused, token, listener);
}

std::optional<Problem> Overseer::set_class_paused(std::string_view name, std::string_view klass, bool paused,
                                                  uint64_t token, PublishListener& listener) {
  const Queue* queue = find_queue(name);
  if (queue == nullptr) return no_such("queue", name);
  const auto number = core_.class_number(queue->id, klass);
  if (!number) return no_such("class", klass);
  core_.pause_class(queue->id, *number, paused);
  return note_pause(class_pause_note(queue->config.name, klass), paused, token, listener);
}

std::optional<Problem> Overseer::set_key_paused(std::string_view name, std::string_view key, bool paused,
                                                uint64_t token, PublishListener& listener) {
  const Queue* queue = find_queue(name);
  if (queue == nullptr) return no_such("queue", name);
  if (key.size() > paused_key_bytes_max) {
    return refusal(422, "bad-key", "The key is too long",
                   "a key to pause has " + std::to_string(paused_key_bytes_max) + " bytes at most");
  }
  switch (paused_keys_.set(queue->config.name, std::string(key), paused)) {
    case PausedKeys::Change::none:
      answers_.unchanged(token, listener);
      return std::nullopt;
    case PausedKeys::Change::full:
      return refusal(422, "too-many-paused-keys", "Too many keys are paused",
                     "queue \"" + queue->config.name + "\" has " + std::to_string(PausedKeys::count_max) +
                         " paused keys: resume one, or pause the queue or a class");
    case PausedKeys::Change::made:
      break;
  }
  core_.pause_key(queue->id, key_hash(key, key_seed_), paused);
  answers_.changed(backlog_.open_batch(), token, listener, 1);
  return std::nullopt;
}

}  // namespace forebay
