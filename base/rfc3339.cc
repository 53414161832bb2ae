#include "base/rfc3339.h"

#include <algorithm>
#include <chrono>
#include <limits>

namespace forebay {
namespace {

constexpr int64_t second_ns = 1'000'000'000;
constexpr int64_t day_seconds = 86'400;
__extension__ typedef __int128 Wide;

void put_digits(char* at, int count, unsigned value) {
  for (int i = count - 1; i >= 0; --i, value /= 10) at[i] = static_cast<char>('0' + value % 10);
}

int64_t floor_div(int64_t a, int64_t b) {
  return a / b - (a % b < 0 ? 1 : 0);
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Reads from the front of a text; any miss makes it fail for good.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}
  int number(size_t digits) {
    int value = 0;
    for (size_t i = 0; i < digits; ++i) {
      const char c = take();
      if (!is_digit(c)) ok_ = false;
      value = value * 10 + (c - '0');
    }
    return value;
  }
  char take() {
    if (text_.empty()) {
      ok_ = false;
      return 0;
    }
    const char c = text_.front();
    text_.remove_prefix(1);
    return c;
  }
  void expect(char a, char b) {
    const char c = take();
    if (c != a && c != b) ok_ = false;
  }
  void expect(char c) { expect(c, c); }
  bool next_is(char c) const { return !text_.empty() && text_.front() == c; }
  // After a '.': one to nine digits, as nanoseconds.
  int64_t fraction_ns() {
    int64_t ns = 0;
    int64_t scale = second_ns;
    size_t digits = 0;
    for (; !text_.empty() && is_digit(text_.front()); ++digits) {
      scale /= 10;
      ns += (take() - '0') * scale;
    }
    if (digits == 0 || digits > 9) ok_ = false;
    return ns;
  }
  bool done() const { return ok_ && text_.empty(); }

 private:
  std::string_view text_;
  bool ok_ = true;
};

std::optional<int64_t> days_since_epoch(int year, int month, int day) {
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date).time_since_epoch().count();
}

std::optional<WallTime> in_range(Wide seconds, int64_t ns) {
  const Wide total = seconds * second_ns + ns;
  if (total >= std::numeric_limits<int64_t>::max() || total < std::numeric_limits<int64_t>::min()) {
    return std::nullopt;
  }
  return WallTime{static_cast<int64_t>(total)};
}

int64_t read_offset_seconds(Reader* reader, bool* ok) {
  const char sign = reader->take();
  if (sign == 'Z' || sign == 'z') return 0;
  *ok = sign == '+' || sign == '-';
  const int hours = reader->number(2);
  reader->expect(':');
  const int minutes = reader->number(2);
  *ok = *ok && hours < 24 && minutes < 60;
  const int64_t offset = hours * 3600 + minutes * 60;
  return sign == '-' ? -offset : offset;
}

}  // namespace

void append_rfc3339(std::string* out, WallTime when) {
  const int64_t ms = floor_div(when.ns, 1'000'000);
  const int64_t seconds = floor_div(ms, 1000);
  const int64_t days = floor_div(seconds, day_seconds);
  const auto of_day = static_cast<unsigned>(seconds - days * day_seconds);
  const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(days))};
  char text[] = "0000-00-00T00:00:00.000Z";
  put_digits(text, 4, static_cast<unsigned>(static_cast<int>(date.year())));
  put_digits(text + 5, 2, static_cast<unsigned>(date.month()));
  put_digits(text + 8, 2, static_cast<unsigned>(date.day()));
  put_digits(text + 11, 2, of_day / 3600);
  put_digits(text + 14, 2, of_day / 60 % 60);
  put_digits(text + 17, 2, of_day % 60);
  put_digits(text + 20, 3, static_cast<unsigned>(ms - seconds * 1000));
  out->append(text, sizeof text - 1);
}

std::string format_rfc3339(WallTime when) {
  std::string text;
  append_rfc3339(&text, when);
  return text;
}

std::optional<WallTime> parse_rfc3339(std::string_view text) {
  Reader reader(text);
  const int year = reader.number(4);
  reader.expect('-');
  const int month = reader.number(2);
  reader.expect('-');
  const int day = reader.number(2);
  reader.expect('T', 't');
  const int hour = reader.number(2);
  reader.expect(':');
  const int minute = reader.number(2);
  reader.expect(':');
  const int second = reader.number(2);
  int64_t ns = 0;
  if (reader.next_is('.')) {
    reader.take();
    ns = reader.fraction_ns();
  }
  bool offset_ok = true;
  const int64_t offset = read_offset_seconds(&reader, &offset_ok);
  if (!reader.done() || !offset_ok || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  const auto days = days_since_epoch(year, month, day);
  if (!days) return std::nullopt;
  return in_range(Wide(*days) * day_seconds + hour * 3600 + minute * 60 + second - offset, ns);
}

std::optional<WallTime> parse_unix_seconds(std::string_view text) {
  constexpr size_t digits_max = 18;
  const size_t point = std::min(text.find('.'), text.size());
  if (point == 0 || point > digits_max) return std::nullopt;
  int64_t seconds = 0;
  for (char c : text.substr(0, point)) {
    if (!is_digit(c)) return std::nullopt;
    seconds = seconds * 10 + (c - '0');
  }
  if (point == text.size()) return in_range(seconds, 0);
  Reader reader(text.substr(point + 1));
  const int64_t ns = reader.fraction_ns();
  return reader.done() ? in_range(seconds, ns) : std::nullopt;
}

}  // namespace forebay
