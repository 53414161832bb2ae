#include "relay/cli/demo_verdict.h"

#include <fmt/format.h>

#include "base/duration_text.h"
#include "relay/cli/progress.h"

namespace forebay {
namespace {

constexpr double kDrainFactor = 1.03;

}  // namespace

double ideal_seconds(const DemoFigures& figures) {
  const double rate = static_cast<double>(figures.limit.count) / figures.limit.per.as_seconds();
  return static_cast<double>(figures.gateway.taken + figures.gateway.failed) / rate;
}

Verdict judge(const DemoFigures& f) {
  Verdict verdict;
  const auto add = [&verdict](std::string what, std::string seen, std::string promised, bool holds) {
    verdict.rows.push_back({std::move(what), std::move(seen), std::move(promised), holds});
    verdict.holds = verdict.holds && holds;
  };
  const uint64_t delivered = f.gateway.unique_ids;
  const uint64_t kept = delivered + f.waiting + f.dead;
  const uint64_t lost = f.accepted > kept ? f.accepted - kept : 0;
  const double ideal = ideal_seconds(f);
  const double factor = ideal > 0 ? f.drain_seconds / ideal : 0;
  add("accepted, synced to disk", fmt::format("{} in {:.2f} s", with_commas(f.accepted), f.accept_seconds),
      fmt::format("all {}", with_commas(f.sent)), f.accepted == f.sent);
  add("delivered", with_commas(delivered), "all accepted", delivered == f.accepted);
  add("lost", with_commas(lost), "0", lost == 0);
  add("failed by the gateway, tried again", with_commas(f.gateway.failed), "", true);
  add("delivered twice", with_commas(f.gateway.duplicates), "", true);
  add("refused by the gateway", with_commas(f.gateway.refused), "0", f.gateway.refused == 0);
  const bool worst_is_known = f.limit.per == Duration::seconds(1);
  add("most arrivals in any 1 s", with_commas(f.gateway.worst_1s),
      worst_is_known ? fmt::format("<= {}", with_commas(f.limit.count)) : "",
      !worst_is_known || f.gateway.worst_1s <= f.limit.count);
  add("time to drain", fmt::format("{:.2f} s, {:.3f} x ideal", f.drain_seconds, factor),
      fmt::format("<= {:.2f} x {:.2f} s", kDrainFactor, ideal), factor <= kDrainFactor);
  return verdict;
}

std::string verdict_text(const Verdict& verdict) {
  std::string out;
  for (const VerdictRow& row : verdict.rows) {
    const char* mark = row.promised.empty() ? "" : row.holds ? "yes" : "NO";
    out += fmt::format("  {:<36}{:<26}{:<20}{}\n", row.what, row.seen, row.promised, mark);
  }
  return out + (verdict.holds ? "\nEverything promised holds.\n" : "\nNot everything promised holds.\n");
}

}  // namespace forebay
