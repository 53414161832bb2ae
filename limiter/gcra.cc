#include "limiter/gcra.h"

#include <algorithm>
#include <cassert>
#include <limits>

namespace forebay {

Gcra::Gcra(uint64_t count, Duration per) : count_(count), per_(per) {
  assert(count > 0 && count <= 1'000'000'000 && per > Duration{} && per <= Duration::days(400));
  one_ = intervals(1);
}

Gcra::Span Gcra::intervals(uint64_t n) const {
  const unsigned __int128 parts = static_cast<unsigned __int128>(n) * static_cast<uint64_t>(per_.ns);
  const unsigned __int128 whole = parts / count_;
  // Three hundred years is never.
  if (whole > static_cast<unsigned __int128>(std::numeric_limits<int64_t>::max())) {
    return {std::numeric_limits<int64_t>::max(), 0};
  }
  return {static_cast<int64_t>(whole), static_cast<uint64_t>(parts % count_)};
}

Instant Gcra::next(Instant now, Span early) const {
  if (whole_ <= now.ns && parts_ == 0) return now;
  int64_t whole = 0;
  if (__builtin_sub_overflow(whole_, early.ns, &whole)) return now;
  // Up to the next nanosecond if a fraction is left, none if the borrow eats it.
  if (parts_ > early.parts) whole++;
  return std::max(now, Instant{whole});
}

void Gcra::move_on(uint64_t cost) {
  const Span step = cost == 1 ? one_ : intervals(cost);
  parts_ += step.parts;
  if (__builtin_add_overflow(whole_, step.ns, &whole_)) whole_ = std::numeric_limits<int64_t>::max() - 1;
  if (parts_ >= count_) parts_ -= count_, whole_++;
}

void Gcra::take(Instant now, uint64_t cost) {
  if (whole_ < now.ns) whole_ = now.ns, parts_ = 0;
  move_on(cost);
}

void Gcra::no_earlier_than(Instant at) {
  if (theoretical() < at) set_theoretical(at);
}

Instant Gcra::theoretical() const {
  return Instant{parts_ > 0 ? whole_ + 1 : whole_};
}

void Gcra::reconfigure(uint64_t count, Duration per, Instant now) {
  const int64_t owed_ns = next(now, {}).ns - now.ns;
  const auto sends = (static_cast<unsigned __int128>(owed_ns) * count_ + static_cast<uint64_t>(per_.ns) - 1) /
                     static_cast<uint64_t>(per_.ns);
  *this = Gcra(count, per);
  set_theoretical(now);
  if (sends > 0) move_on(static_cast<uint64_t>(std::min<unsigned __int128>(sends, UINT64_MAX)));
}

}  // namespace forebay
