// Promises: of a sample of the messages, the delivery time that was promised when they were accepted, so that it can be
// measured how far off such promises are (forebay_eta_error_seconds).
//
// The sample is every 16th sequence. At most 65,536 promises are kept, 1 MiB in all: each has one place, by its
// sequence. A place whose message waits still is not given to another, which then is not measured; one whose message
// finished in another way (expired, cancelled, superseded) is forgotten when its place is wanted. A restart forgets
// all.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "base/ids.h"
#include "base/time.h"

namespace forebay {

class Promises {
 public:
  static constexpr Sequence every = 16;
  static constexpr size_t most = 65'536;

  static bool sampled(Sequence sequence) { return sequence % every == 0; }

  // Only of sampled sequences, as all below. waits(sequence): is it still to be delivered?
  template <typename Waits>
  void make(Sequence sequence, WallTime promised, Waits waits) {
    if (places_.empty()) places_.resize(most);
    Promise& place = place_of(sequence);
    if (place.sequence != 0 && place.sequence != sequence && waits(place.sequence)) return;
    place = {sequence, promised};
  }

  // It was delivered at that time: how far from the promise, before or after. nullopt: none is known.
  std::optional<Duration> kept(Sequence sequence, WallTime delivered) {
    if (places_.empty() || place_of(sequence).sequence != sequence) return std::nullopt;
    const Duration late = delivered - place_of(sequence).promised;
    place_of(sequence) = {};
    return late < Duration{} ? Duration{} - late : late;
  }

  void forget(Sequence sequence) {
    if (!places_.empty() && place_of(sequence).sequence == sequence) place_of(sequence) = {};
  }

 private:
  struct Promise {
    Sequence sequence = 0;  // 0: nobody's
    WallTime promised;
  };
  Promise& place_of(Sequence sequence) { return places_[sequence / every % most]; }

  std::vector<Promise> places_;  // none until the first
};

}  // namespace forebay
