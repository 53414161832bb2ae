#include "sim/trace.h"

#include <array>
#include <charconv>

#include "base/rfc3339.h"

namespace forebay::sim {
namespace {

constexpr size_t cells_max = 5;
constexpr int64_t unix_from = 1'000'000'000;  // seconds: 2001; as seconds from the start it would be 31 years

// Takes the next cell off the front of `text`; false: its quotes do not end.
bool take_cell(std::string_view* text, std::string* cell, bool* last) {
  cell->clear();
  if (!text->starts_with('"')) {
    const size_t comma = text->find(',');
    *cell = text->substr(0, comma);
    *last = comma == std::string_view::npos;
    text->remove_prefix(*last ? text->size() : comma + 1);
    return true;
  }
  for (size_t i = 1; i < text->size(); ++i) {
    if ((*text)[i] != '"') {
      cell->push_back((*text)[i]);
    } else if (i + 1 < text->size() && (*text)[i + 1] == '"') {
      cell->push_back((*text)[i++]);
    } else {
      *last = i + 1 == text->size();
      if (!*last && (*text)[i + 1] != ',') return false;
      text->remove_prefix(*last ? text->size() : i + 2);
      return true;
    }
  }
  return false;
}

// What is wrong, or empty.
std::string split(std::string_view text, std::array<std::string, cells_max>* cells) {
  bool last = false;
  for (size_t i = 0; !last; ++i) {
    if (i == cells_max) return "it has more than five columns: time,queue,class,key,cost";
    if (!take_cell(&text, &(*cells)[i], &last)) return "a quoted cell does not end with a quote and a comma";
  }
  return "";
}

template <class T>
bool whole_number(std::string_view text, T* out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *out);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

}  // namespace

std::string Trace::place_in_time(std::string_view text, Duration* at) {
  std::optional<WallTime> moment = parse_unix_seconds(text);
  if (moment && moment->ns < unix_from * 1'000'000'000) {
    if (begun_ && origin_) return "its time is seconds from the start, and the lines above have moments";
    *at = Duration{moment->ns};
    return "";
  }
  if (!moment) moment = parse_rfc3339(text);
  if (!moment) return "the time is neither a number of seconds nor RFC 3339 (2026-03-01T08:00:00Z)";
  if (begun_ && !origin_) return "its time is a moment, and the lines above have seconds from the start";
  if (!origin_) origin_ = *moment;
  *at = *moment - *origin_;
  return "";
}

std::string Trace::parse(std::string_view text, Arrival* arrival) {
  std::array<std::string, cells_max> cells;
  std::string wrong = split(text, &cells);
  if (wrong.empty()) wrong = place_in_time(cells[0], &arrival->at);
  if (!wrong.empty()) return wrong;
  begun_ = true;
  if (arrival->at < last_) return "its time is before that of the line above; sort the trace by time";
  last_ = arrival->at;
  AdmitRequest& request = arrival->request;
  request.bytes = bytes_;
  if (!cells[4].empty() && (!whole_number(cells[4], &request.cost) || request.cost == 0)) {
    return "the cost is not a whole number above 0";
  }
  if (cells[1].empty()) return "it names no queue in its second column";
  return resolve_(cells[1], cells[2], cells[3], &request);
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
