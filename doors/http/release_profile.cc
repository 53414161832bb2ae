#include "doors/http/release_profile.h"

#include <cmath>

#include "base/duration_text.h"
#include "base/rfc3339.h"
#include "doors/http/field_values.h"
#include "doors/http/unique_json.h"

namespace forebay {
namespace {

constexpr double rate_max = 1e6;
constexpr std::string_view arrows[] = {"→", "->"};

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// "2000/s", "60/1m": messages a second. nullopt: it is none.
std::optional<double> read_rate(std::string_view text) {
  text = trimmed(text);
  const size_t slash = text.find('/');
  if (slash == text.npos || slash == 0) return std::nullopt;
  std::string per(text.substr(slash + 1));
  if (!per.empty() && (per.front() < '0' || per.front() > '9')) per.insert(0, "1");
  Duration length;
  double count = 0;
  for (const char c : text.substr(0, slash)) {
    if (c < '0' || c > '9') return std::nullopt;
    count = count * 10 + (c - '0');
  }
  if (!parse_duration(per, &length) || length <= Duration{}) return std::nullopt;
  const double rate = count / length.as_seconds();
  return rate <= rate_max ? std::optional(rate) : std::nullopt;
}

// Exactly one of both on success.
bool read_time(std::string_view text, std::optional<WallTime>* time, Duration* delay) {
  if (parse_duration(text, delay)) return true;
  NewMessage message;
  if (!read_not_before(text, &message).empty()) return false;
  *time = message.not_before;
  return true;
}

}  // namespace

bool ReleaseProfile::is_one(std::string_view line) {
  const auto skip = [&line](char c) {
    line = line.substr(std::min(line.find_first_not_of(" \t"), line.size()));
    const bool is = !line.empty() && line.front() == c;
    if (is) line.remove_prefix(1);
    return is;
  };
  return skip('{') && skip('"') && line.starts_with("release\"");
}

std::string ReleaseProfile::read(std::string_view line) {
  *this = {};
  std::string repeated;
  const auto json = parse_unique_json(line, &repeated);
  if (json.is_discarded()) return "is not JSON";
  if (!repeated.empty()) return "\"" + repeated + "\" is given more than once";
  if (!json.is_object() || json.size() != 1 || !json.contains("release"))
    return "\"release\" stands in a line of its own, before the envelopes";
  std::string from = "0s", to, rate;
  const auto& release = json["release"];
  if (!release.is_object()) return "\"release\" must be an object: {\"from\", \"to\", \"rate\"}";
  for (const auto& [name, value] : release.items()) {
    std::string* const into = name == "from" ? &from : name == "to" ? &to : name == "rate" ? &rate : nullptr;
    if (into == nullptr) return "\"release\" has no \"" + name + "\"; it has from, to and rate";
    if (!value.is_string()) return "\"" + name + "\" of a release must be a string";
    *into = value.get<std::string>();
  }
  std::string wrong = read_times(from, to);
  if (wrong.empty() && !rate.empty()) wrong = read_rates(rate);
  if (!wrong.empty()) return wrong;
  if (!rate_ && !lasts_) return "a release needs \"to\" or \"rate\"";
  if (!lasts_ && *rate_ != *last_rate_) return "a rate that changes needs \"to\"";
  if (!lasts_ && *rate_ == 0) return "a steady rate must be above 0";
  return {};
}

std::string ReleaseProfile::read_times(std::string_view from, std::string_view to) {
  if (!read_time(from, &from_, &from_delay_)) return "\"from\" of a release must be a time or a duration from now";
  if (to.empty()) return {};
  std::optional<WallTime> end;
  Duration end_delay{};
  if (!read_time(to, &end, &end_delay)) return "\"to\" of a release must be a time or a duration from now";
  if (end.has_value() != from_.has_value()) return "\"from\" and \"to\" must both be times, or both durations from now";
  lasts_ = end ? *end - *from_ : end_delay - from_delay_;
  return *lasts_ > Duration{} ? std::string() : "\"to\" of a release must be after \"from\"";
}

std::string ReleaseProfile::read_rates(std::string_view text) {
  constexpr const char* wrong = "\"rate\" of a release must be like 500/s or 100/s→2000/s, 1000000/s at most";
  rate_ = last_rate_ = read_rate(text);
  for (const std::string_view arrow : arrows) {
    const size_t at = text.find(arrow);
    if (at == text.npos) continue;
    rate_ = read_rate(text.substr(0, at));
    last_rate_ = read_rate(text.substr(at + arrow.size()));
  }
  return rate_ && last_rate_ ? std::string() : wrong;
}

double ReleaseProfile::due(size_t k, size_t count) const {
  const auto n = static_cast<double>(k);
  if (!rate_) return n * lasts_->as_seconds() / static_cast<double>(count);
  if (!lasts_) return n / *rate_;
  const double climb = (*last_rate_ - *rate_) / lasts_->as_seconds();
  const double root = std::sqrt(std::max(0.0, *rate_ * *rate_ + 2 * climb * n));
  return k == 0 ? 0 : 2 * n / (*rate_ + root);  // of the two solutions of the quadratic, in the form that loses nothing
}

std::string ReleaseProfile::apply(std::span<NewMessage> messages) const {
  if (rate_ && lasts_) {
    const double most = (*rate_ + *last_rate_) / 2 * lasts_->as_seconds();
    if (static_cast<double>(messages.size()) > most + 1) {
      return "the batch has " + std::to_string(messages.size()) + " messages, and its release lets " +
             std::to_string(static_cast<uint64_t>(most)) + " go until \"to\"";
    }
  }
  for (size_t k = 0; k < messages.size(); ++k) {
    NewMessage& message = messages[k];
    if (message.delay || message.not_before || message.hold) {
      return "line " + std::to_string(message.line) + " has a time of its own, beside the batch's release";
    }
    const Duration offset{static_cast<int64_t>(due(k, messages.size()) * 1e9)};
    if (from_) {
      message.not_before = *from_ + offset;
    } else {
      message.delay = from_delay_ + offset;
    }
  }
  return {};
}

}  // namespace forebay
