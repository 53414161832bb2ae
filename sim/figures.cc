#include "sim/figures.h"

#include <algorithm>
#include <cmath>
#include <deque>

namespace forebay::sim {

Figures::Row Figures::row_of(const Event& event) const {
  return {event.now.steady - begin_, event.waited, event.cost, event.queue, event.sink, event.klass};
}

void Figures::sent(const Event& event) {
  Row row = row_of(event);
  row.first = event.attempt == 1;
  sent_.push_back(row);
}

void Figures::arrived(const Event& event, bool taken) {
  Row row = row_of(event);
  row.first = taken;
  arrived_.push_back(row);
}

template <class F>
void Figures::each(const Rows& rows, const Which& which, F&& f) {
  auto row =
      std::lower_bound(rows.begin(), rows.end(), which.from, [](const Row& r, Duration at) { return r.at < at; });
  for (; row != rows.end() && row->at < which.to; ++row) {
    const bool matches = (!which.queue || *which.queue == row->queue) && (!which.klass || *which.klass == row->klass) &&
                         (!which.sink || *which.sink == row->sink);
    if (matches) f(*row);
  }
}

uint64_t Figures::counted(const Rows& rows, const Which& which) {
  uint64_t count = 0;
  each(rows, which, [&](const Row&) { ++count; });
  return count;
}

uint64_t Figures::sends(const Which& which) const {
  return counted(sent_, which);
}

uint64_t Figures::arrivals(const Which& which) const {
  return counted(arrived_, which);
}

uint64_t Figures::taken(const Which& which) const {
  uint64_t count = 0;
  each(arrived_, which, [&](const Row& row) { count += row.first; });
  return count;
}

uint64_t Figures::refused(const Which& which) const {
  return arrivals(which) - taken(which);
}

uint64_t Figures::taken_cost(const Which& which) const {
  uint64_t cost = 0;
  each(arrived_, which, [&](const Row& row) { cost += row.first ? row.cost : 0; });
  return cost;
}

uint64_t Figures::peak_arrivals(const Which& which, Duration per) const {
  std::deque<Duration> window;
  size_t most = 0;
  each(arrived_, which, [&](const Row& row) {
    while (!window.empty() && window.front() <= row.at - per) window.pop_front();
    window.push_back(row.at);
    most = std::max(most, window.size());
  });
  return most;
}

std::optional<Duration> Figures::first_send(const Which& which) const {
  std::optional<Duration> first;
  each(sent_, which, [&](const Row& row) { first = first.value_or(row.at); });
  return first;
}

std::optional<Duration> Figures::last_send(const Which& which) const {
  std::optional<Duration> last;
  each(sent_, which, [&](const Row& row) { last = row.at; });
  return last;
}

Duration Figures::longest_pause(const Which& which) const {
  Duration at = which.from, longest;
  each(sent_, which, [&](const Row& row) {
    longest = std::max(longest, row.at - at);
    at = row.at;
  });
  return which.to == Duration::max() ? longest : std::max(longest, which.to - at);
}

std::vector<Duration> Figures::delays(const Which& which) const {
  std::vector<Duration> delays;
  each(sent_, which, [&](const Row& row) {
    if (row.first) delays.push_back(row.waited);
  });
  return delays;
}

double Figures::delay_mean(const Which& which) const {
  double sum = 0, count = 0;
  each(sent_, which, [&](const Row& row) {
    if (row.first) sum += row.waited.as_seconds(), ++count;
  });
  return count == 0 ? 0 : sum / count;
}

// The nearest rank.
double Figures::delay_quantile(const Which& which, double q) const {
  std::vector<Duration> all = delays(which);
  if (all.empty()) return 0;
  const auto rank = static_cast<size_t>(std::ceil(q * static_cast<double>(all.size())));
  const auto at = all.begin() + static_cast<std::ptrdiff_t>(std::max<size_t>(rank, 1) - 1);
  std::nth_element(all.begin(), at, all.end());
  return at->as_seconds();
}

double Figures::delay_of(const Which& which, uint64_t k) const {
  const std::vector<Duration> all = delays(which);
  return k < all.size() ? all[k].as_seconds() : -1;
}

}  // namespace forebay::sim
