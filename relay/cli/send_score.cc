#include "relay/cli/send_score.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "relay/cli/send_template.h"

namespace forebay {

void LatencyHistogram::add(int64_t ns) {
  const auto value = static_cast<uint64_t>(std::max<int64_t>(ns, 1));
  const unsigned power = static_cast<unsigned>(std::bit_width(value)) - 1;
  const uint64_t fraction = power >= 5 ? (value >> (power - 5)) & 31 : (value << (5 - power)) & 31;
  ++buckets_[power * 32 + fraction];
  ++count_;
}

double LatencyHistogram::quantile_ms(double q) const {
  if (count_ == 0) return 0;
  const auto wanted = std::max<uint64_t>(1, static_cast<uint64_t>(std::ceil(q * static_cast<double>(count_))));
  uint64_t seen = 0;
  size_t bucket = 0;
  while ((seen += buckets_[bucket]) < wanted) ++bucket;
  const double edge = std::ldexp(1 + static_cast<double>(bucket % 32 + 1) / 32, static_cast<int>(bucket / 32));
  return edge / 1e6;
}

void SendScore::began(int64_t now_ns) {
  if (began_ns_ == 0) began_ns_ = last_ns_ = now_ns;
}

void SendScore::accepted(uint32_t messages, int64_t latency_ns, int64_t now_ns) {
  accepted_ += messages;
  ++requests_;
  latency_.add(latency_ns);
  last_ns_ = now_ns;
}

void SendScore::refused(int status, uint32_t messages, const std::string& why) {
  refused_ += messages;
  Count& count = refusals_[status];
  count.messages += messages;
  if (count.why.empty()) count.why = why;
}

void SendScore::resent(int status, uint32_t messages) {
  resent_[status] += messages;
}

uint64_t SendScore::resent_messages() const {
  uint64_t sum = 0;
  for (const auto& [status, messages] : resent_) sum += messages;
  return sum;
}

double SendScore::seconds() const {
  return static_cast<double>(last_ns_ - began_ns_) / 1e9;
}

double SendScore::accepted_per_second() const {
  return seconds() > 0 ? static_cast<double>(accepted_) / seconds() : 0;
}

std::string SendScore::text() const {
  std::string out =
      fmt::format("accepted  {} in {:.3f} s, {:.0f}/s\nlatency   p50 {:.2f} ms, p99 {:.2f} ms\n", accepted_, seconds(),
                  accepted_per_second(), latency_.quantile_ms(0.5), latency_.quantile_ms(0.99));
  for (const auto& [status, messages] : resent_) {
    out += status == 0 ? fmt::format("resent    {} after a connection closed unanswered\n", messages)
                       : fmt::format("resent    {} after {} and the wait it asked for\n", messages, status);
  }
  for (const auto& [status, count] : refusals_) {
    const std::string label = status == 0 ? "unanswered" : fmt::format("{}", status);
    out += fmt::format("refused   {} with {}{}{}\n", count.messages, label, count.why.empty() ? "" : ": ", count.why);
  }
  return out;
}

std::string SendScore::json() const {
  const auto list = [](const auto& map, const auto& value) {
    std::string out;
    for (const auto& [status, entry] : map) {
      out += fmt::format("{}\"{}\":{}", out.empty() ? "" : ",", status, value(entry));
    }
    return out;
  };
  return fmt::format(
      "{{\"accepted\":{},\"requests\":{},\"seconds\":{:.6f},\"accepted_per_second\":{:.1f},\"p50_ms\":{:.3f},"
      "\"p99_ms\":{:.3f},\"refused\":{{{}}},\"resent\":{{{}}}}}\n",
      accepted_, requests_, seconds(), accepted_per_second(), latency_.quantile_ms(0.5), latency_.quantile_ms(0.99),
      list(refusals_, [](const Count& count) { return count.messages; }),
      list(resent_, [](uint64_t messages) { return messages; }));
}

}  // namespace forebay
