#include "doors/answer_queue.h"

#include <cassert>

namespace forebay {
namespace {

constexpr size_t idle_places_max = 16;  // what an idle connection may keep

}  // namespace

uint64_t AnswerQueue::open(ResponseStyle style) {
  assert(!closed_);
  places_.push_back(Place{{}, style});
  return first_number_ + waiting() - 1;
}

void AnswerQueue::answer(uint64_t number, const Response& response, std::string_view date, std::string* out) {
  if (number < first_number_ || number - first_number_ >= waiting()) return;
  Place& place = places_[front_ + (number - first_number_)];
  if (place.answered) return;
  place.stream = response.stream && !place.style.head_only;
  place.style.close |= response.close || response.stream;
  place.answered = true;
  if (number != first_number_) {
    append_response(&place.text, response, place.style, date);
    held_bytes_ += place.text.size();
    return;
  }
  append_response(out, response, place.style, date);
  bool closes = place.style.close;
  streams_ = place.stream;
  drop_front();
  while (!closes && waiting() > 0 && places_[front_].answered) {
    held_bytes_ -= places_[front_].text.size();
    out->append(places_[front_].text);
    closes = places_[front_].style.close;
    streams_ = places_[front_].stream;
    drop_front();
  }
  if (closes) drop_all();
}

bool AnswerQueue::close_last() {
  if (waiting() == 0) return false;
  Place& last = places_.back();
  if (!last.answered) {
    last.style.close = true;
    return true;
  }
  return last.style.close;
}

void AnswerQueue::drop_front() {
  std::string().swap(places_[front_].text);
  ++front_;
  ++first_number_;
  if (waiting() > 0 && front_ < places_.size() / 2) return;
  places_.erase(places_.begin(), places_.begin() + static_cast<std::ptrdiff_t>(front_));
  front_ = 0;
  if (places_.empty() && places_.capacity() > idle_places_max) std::vector<Place>().swap(places_);
}

void AnswerQueue::drop_all() {
  closed_ = true;
  places_.clear();
  front_ = 0;
  held_bytes_ = 0;
}

}  // namespace forebay
