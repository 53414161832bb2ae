#include "sim/trace.h"

#include <xxhash.h>

#include <array>
#include <charconv>

namespace forebay::sim {
namespace {

std::array<std::string_view, 5> cells_of(std::string_view text) {
  std::array<std::string_view, 5> cells;
  for (size_t i = 0; i < cells.size(); ++i) {
    const size_t comma = text.find(',');
    cells[i] = text.substr(0, comma);
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
  }
  return cells;
}

template <class T>
bool whole_number(std::string_view text, T* out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *out);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

// Digits, perhaps a point and up to nine more; exact.
bool seconds(std::string_view text, Duration* out) {
  const size_t point = text.find('.');
  int64_t whole = 0, part = 0;
  if (!whole_number(text.substr(0, point), &whole) || whole < 0 || whole > 8'000'000'000) return false;
  if (point != std::string_view::npos) {
    std::string decimals(text.substr(point + 1));
    if (decimals.empty() || decimals.size() > 9 || decimals.front() == '-') return false;
    decimals.resize(9, '0');
    if (!whole_number(decimals, &part)) return false;
  }
  *out = Duration{whole * 1'000'000'000 + part};
  return true;
}

}  // namespace

std::string Trace::parse(std::string_view text, Arrival* arrival) {
  const auto cells = cells_of(text);
  Duration at;
  if (!seconds(cells[0], &at)) return "the time is not a number of seconds";
  if (!origin_) origin_ = at;
  arrival->at = at - *origin_;
  if (arrival->at < last_) return "its time is before that of the line above";
  last_ = arrival->at;
  AdmitRequest& request = arrival->request;
  request.bytes = bytes_;
  if (!cells[3].empty()) request.key = XXH3_64bits(cells[3].data(), cells[3].size()) | 1;
  if (!cells[4].empty() && (!whole_number(cells[4], &request.cost) || request.cost == 0)) {
    return "the cost is not a whole number above 0";
  }
  return resolve_(cells[1], cells[2], &request);
}

std::optional<Arrival> Trace::next() {
  std::string text;
  while (error_.empty() && std::getline(in_, text)) {
    ++line_;
    if (!text.empty() && text.back() == '\r') text.pop_back();
    if (text.empty() || (line_ == 1 && text.starts_with("time"))) continue;
    Arrival arrival;
    error_ = parse(text, &arrival);
    if (error_.empty()) return arrival;
    error_ = "line " + std::to_string(line_) + ": " + error_;
  }
  return std::nullopt;
}

}  // namespace forebay::sim
