// AnswerQueue: the answers of one connection, put out in the order of its requests.
//
// Every request opens a place; answer() fills it whenever the answer comes; what is then complete from the
// front on is appended to the connection's output. After an answer that closes nothing more is put out.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "doors/response_writer.h"

namespace forebay {

class AnswerQueue {
 public:
  uint64_t open(ResponseStyle style);
  // A number that is not open (answered already, or dropped by a close) is ignored.
  void answer(uint64_t number, const Response& response, std::string_view date, std::string* out);
  // The last place open, if any, will say `Connection: close`. False: there is none.
  bool close_last();

  size_t waiting() const { return places_.size() - front_; }
  uint64_t held_bytes() const { return held_bytes_; }  // of answers that wait for earlier ones
  bool closed() const { return closed_; }
  bool streams() const { return streams_; }  // the last answer put out is a stream

 private:
  struct Place {
    std::string text;  // when answered before its turn
    ResponseStyle style;
    bool answered = false;
    bool stream = false;
  };
  void drop_front();
  void drop_all();

  std::vector<Place> places_;
  size_t front_ = 0;
  uint64_t first_number_ = 0;  // of places_[front_]
  uint64_t held_bytes_ = 0;
  bool closed_ = false;
  bool streams_ = false;
};

}  // namespace forebay
