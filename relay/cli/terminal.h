// Terminal: standard output as a screen that is drawn over and over, standard input as single keys.
//
// It takes the screen over at its start and gives it back at its end, as it was; a signal that would end the process
// (INT, TERM, HUP) is seen by wait() instead. One at a time. Nothing is thrown.
#pragma once

#include <termios.h>

#include <optional>
#include <string>
#include <vector>

#include "base/time.h"

namespace forebay {

class Terminal {
 public:
  // Is standard output one? (And not a dumb one.)
  static bool there();

  Terminal();
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  struct Size {
    size_t columns = 80, rows = 24;
  };
  static Size size();
  static bool shows_blocks();  // its characters are UTF-8
  static bool shows_colour();  // nobody set NO_COLOR
  bool has_keys() const { return has_keys_; }

  // One write, in place: no line is blank in between. False: the terminal is gone.
  bool draw(const std::vector<std::string>& lines);

  enum class Event { key, resized, stopped, nothing };
  // What comes first; `nothing` after `most`.
  Event wait(Duration most, char* key);

 private:
  bool has_keys_ = false;
  termios before_{};
};

}  // namespace forebay
