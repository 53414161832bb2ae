// Batcher: gathers deliveries that belong together until there are enough of them or the first has waited long enough.
//
// Together belong those of one queue with the same forwarded headers: what is said once must hold for all. A group's
// bodies have bytes_max together, unless one alone has more. Groups leave in the order in which they began, except that
// a full one does not wait. One uv_timer, set to when the oldest group is due: nothing is polled.
#pragma once

#include <uv.h>

#include <functional>
#include <list>
#include <vector>

#include "base/time.h"
#include "sinks/sink.h"

namespace forebay {

class Batcher {
 public:
  using Group = std::vector<Delivery>;
  static constexpr size_t bytes_max = 4 << 20;
  // `full` is called from add(), set() and the loop; never with an empty group.
  Batcher(uv_loop_t* loop, std::function<void(Group)> full);
  ~Batcher();
  Batcher(const Batcher&) = delete;
  Batcher& operator=(const Batcher&) = delete;

  // What is open leaves at once.
  void set(size_t messages_max, Duration linger);
  void add(Delivery delivery);
  // Everything that is open, in order; nothing leaves by itself any more.
  std::vector<Delivery> close();

 private:
  struct Open {
    Group group;
    size_t bytes;
    uint64_t due_ms;  // of loop time
  };
  void leave(std::list<Open>::iterator open);
  void leave_due();
  void set_timer();

  uv_loop_t* loop_;
  std::function<void(Group)> full_;
  uv_timer_t* timer_;  // frees itself when it is closed
  size_t messages_max_ = 1;
  uint64_t linger_ms_ = 0;
  std::list<Open> open_;
};

}  // namespace forebay
