#include "limiter/spends.h"

#include <algorithm>
#include <limits>

namespace forebay {
namespace {

constexpr char version = 3;
constexpr uint64_t count_max = 1'000'000'000;
constexpr size_t list_max = 4096;

uint32_t checksum(std::string_view bytes) {
  uint32_t hash = 2166136261u;
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  return hash;
}

void put(std::string* out, uint64_t value) {
  for (; value >= 128; value >>= 7) out->push_back(static_cast<char>(value | 128));
  out->push_back(static_cast<char>(value));
}
void put_signed(std::string* out, int64_t value) {
  put(out, (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63));
}
void put_text(std::string* out, std::string_view text) {
  put(out, text.size());
  out->append(text);
}

// Reads from the front; after the first failure everything reads as 0 and `good` stays false.
struct Reader {
  std::string_view left;
  bool good = true;

  uint64_t number() {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && !left.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(left.front());
      left.remove_prefix(1);
      value |= uint64_t{byte & 127u} << shift;
      if (byte < 128) return value;
    }
    good = false;
    return 0;
  }
  int64_t signed_number() {
    const uint64_t z = number();
    return static_cast<int64_t>(z >> 1) ^ -static_cast<int64_t>(z & 1);
  }
  uint64_t within(uint64_t low, uint64_t high) {
    const uint64_t value = number();
    if (value < low || value > high) good = false;
    return good ? value : low;
  }
  Duration length(Duration low, Duration high) {
    return {static_cast<int64_t>(within(static_cast<uint64_t>(low.ns), static_cast<uint64_t>(high.ns)))};
  }
  std::string text() {
    const uint64_t size = within(0, list_max);
    if (!good || size > left.size()) {
      good = false;
      return {};
    }
    std::string text(left.substr(0, size));
    left.remove_prefix(size);
    return text;
  }
};

constexpr Duration one_ns = Duration::nanoseconds(1);
constexpr Duration per_max = Duration::days(400);
constexpr Duration offset_max = Duration::days(3650);

void put_window(std::string* out, const SpendsRecord::Window& window) {
  put_text(out, window.name);
  put(out, window.count);
  put(out, static_cast<uint64_t>(window.per.ns));
  put(out, static_cast<uint64_t>(window.unit.ns));
  put(out, window.spent.size());
  const int64_t unit = std::max<int64_t>(window.unit.ns, 1);
  int64_t before = 0;
  for (const SpendsRecord::Group& group : window.spent) {
    const int64_t place = group.offset.ns / unit;  // whole units by construction
    put_signed(out, place - before);
    put(out, group.count);
    before = place;
  }
}

SpendsRecord::Window read_window(Reader* in) {
  SpendsRecord::Window window;
  window.name = in->text();
  window.count = in->within(1, count_max);
  window.per = in->length(one_ns, per_max);
  window.unit = in->length({}, per_max);
  const uint64_t groups = in->within(0, list_max);
  const int64_t unit = std::max<int64_t>(window.unit.ns, 1);
  __int128 place = 0;
  for (uint64_t i = 0; i < groups && in->good; i++) {
    place += in->signed_number();
    const __int128 ns = place * unit;
    if (ns > offset_max.ns || ns < -offset_max.ns) in->good = false;
    window.spent.push_back({Duration{static_cast<int64_t>(ns)}, in->within(1, count_max)});
  }
  return window;
}

void put_bucket(std::string* out, const SpendsRecord::Bucket& bucket) {
  put_text(out, bucket.name);
  put(out, bucket.count);
  put(out, static_cast<uint64_t>(bucket.per.ns));
  put(out, bucket.burst);
  put(out, static_cast<uint64_t>(bucket.owed.ns));
}

SpendsRecord::Bucket read_bucket(Reader* in) {
  SpendsRecord::Bucket bucket;
  bucket.name = in->text();
  bucket.count = in->within(1, count_max);
  bucket.per = in->length(one_ns, per_max);
  bucket.burst = in->within(1, count_max);
  bucket.owed = in->length({}, Duration::max());
  return bucket;
}

constexpr uint64_t spent_max = uint64_t{1} << 62;

void put_calendar(std::string* out, const SpendsRecord::Calendar& calendar) {
  put_text(out, calendar.name);
  put(out, static_cast<uint64_t>(calendar.period));
  put_text(out, calendar.zone);
  put_signed(out, calendar.start.ns);
  put_signed(out, calendar.end.ns);
  put(out, calendar.shares.size());
  for (const SpendsRecord::Share& share : calendar.shares) {
    put_text(out, share.lane);
    put(out, share.spent);
    put(out, share.out);
    put(out, share.late.size());
    for (const SpendsRecord::Group& group : share.late) {
      put_signed(out, group.offset.ns);
      put(out, group.count);
    }
  }
}

SpendsRecord::Share read_share(Reader* in) {
  SpendsRecord::Share share;
  share.lane = in->text();
  share.spent = in->within(0, spent_max);
  share.out = in->within(0, spent_max);
  const uint64_t groups = in->number();
  for (uint64_t i = 0; i < groups && in->good; i++) {
    const Duration offset{in->signed_number()};
    if (offset > offset_max || offset < Duration{} - offset_max) in->good = false;
    share.late.push_back({offset, in->within(1, spent_max)});
  }
  return share;
}

SpendsRecord::Calendar read_calendar(Reader* in) {
  SpendsRecord::Calendar calendar;
  calendar.name = in->text();
  calendar.period = static_cast<LimitConfig::Period>(in->within(0, 2));
  calendar.zone = in->text();
  calendar.start.ns = in->signed_number();
  calendar.end.ns = in->signed_number();
  if (calendar.end < calendar.start) in->good = false;
  const uint64_t shares = in->within(0, list_max);
  for (uint64_t i = 0; i < shares && in->good; i++) calendar.shares.push_back(read_share(in));
  return calendar;
}

// Sends, evenly spaced, whose starts fit into `time`, the first at its beginning.
uint64_t cells_in(Duration time, uint64_t count, Duration per) {
  const auto cells = static_cast<unsigned __int128>(time.ns) * count / static_cast<uint64_t>(per.ns) + 1;
  return static_cast<uint64_t>(std::min<unsigned __int128>(cells, std::numeric_limits<uint64_t>::max() / 2));
}

}  // namespace

Duration SpendsRecord::age_least(Now now) const {
  const Duration by_wall = std::max(Duration{}, now.wall - wall);
  return now.steady >= steady ? std::min(by_wall, now.steady - steady) : by_wall;
}

Duration SpendsRecord::age_most(Now now) const {
  const Duration by_wall = now.wall >= wall ? now.wall - wall : Duration::max();
  if (now.steady < steady) return by_wall;
  const Duration by_steady = now.steady - steady;
  return by_wall == Duration::max() ? by_steady : std::max(by_wall, by_steady);
}

uint64_t SpendsRecord::allowed_in(Duration time) const {
  uint64_t least = ahead;
  for (const Window& w : windows) {
    const uint64_t whole = static_cast<uint64_t>(time.ns / w.per.ns) + 1;
    if (whole < count_max) least = std::min(least, whole * w.count);
  }
  for (const Bucket& b : buckets) least = std::min(least, b.burst + cells_in(time, b.count, b.per));
  if (pace) {
    const Duration reach = time < per_max ? time + pace->tolerance : time;
    least = std::min(least, cells_in(reach, pace->count, pace->per));
  }
  return least;
}

std::string encode(const SpendsRecord& record) {
  std::string out(1, version);
  put_signed(&out, record.wall.ns);
  put_signed(&out, record.steady.ns);
  put(&out, record.in_flight);
  put(&out, record.ahead);
  put(&out, record.windows.size());
  for (const SpendsRecord::Window& window : record.windows) put_window(&out, window);
  put(&out, record.buckets.size());
  for (const SpendsRecord::Bucket& bucket : record.buckets) put_bucket(&out, bucket);
  put(&out, record.calendars.size());
  for (const SpendsRecord::Calendar& calendar : record.calendars) put_calendar(&out, calendar);
  put(&out, record.pace ? 1 : 0);
  if (record.pace) {
    put(&out, record.pace->count);
    put(&out, static_cast<uint64_t>(record.pace->per.ns));
    put(&out, static_cast<uint64_t>(record.pace->tolerance.ns));
  }
  const uint32_t sum = checksum(out);
  for (unsigned i = 0; i < 4; i++) out.push_back(static_cast<char>(sum >> (8 * i)));
  return out;
}

bool decode(std::string_view bytes, SpendsRecord* record) {
  if (bytes.size() < 5 || bytes.front() < 1 || bytes.front() > version) return false;
  const std::string_view body = bytes.substr(0, bytes.size() - 4);
  uint32_t sum = 0;
  for (unsigned i = 0; i < 4; i++) {
    sum |= uint32_t{static_cast<unsigned char>(bytes[body.size() + i])} << (8 * i);
  }
  if (sum != checksum(body)) return false;
  Reader in{body.substr(1)};
  *record = SpendsRecord();
  record->wall.ns = in.signed_number();
  record->steady.ns = in.signed_number();
  record->in_flight = in.within(0, count_max);
  record->ahead = bytes.front() == 1 ? std::numeric_limits<uint64_t>::max() : in.number();
  const uint64_t windows = in.within(0, list_max);
  for (uint64_t i = 0; i < windows && in.good; i++) record->windows.push_back(read_window(&in));
  const uint64_t buckets = in.within(0, list_max);
  for (uint64_t i = 0; i < buckets && in.good; i++) record->buckets.push_back(read_bucket(&in));
  const uint64_t calendars = bytes.front() < 3 ? 0 : in.within(0, list_max);
  for (uint64_t i = 0; i < calendars && in.good; i++) record->calendars.push_back(read_calendar(&in));
  if (in.within(0, 1) == 1) {
    const uint64_t count = in.within(1, count_max);
    const Duration per = in.length(one_ns, per_max);
    record->pace = SpendsRecord::Paced{count, per, in.length({}, per_max)};
  }
  return in.good && in.left.empty();
}

}  // namespace forebay
