#include <fmt/format.h>

#include <algorithm>

#include "base/rfc3339.h"
#include "relay/cli/plan_plot.h"
#include "relay/cli/plan_report.h"
#include "relay/cli/progress.h"

namespace forebay {
namespace {

constexpr size_t plot_rows = 8;
constexpr size_t outs_told = 5;

// One line of the table: a figure of each side.
struct Row {
  std::string label;
  std::vector<std::string> values;
  std::string change;
};

std::string percent(double from, double to) {
  if (from == to) return "=";
  if (from == 0) return "";
  const double share = (to - from) / from * 100;
  return fmt::format("{:+.{}f} %", share, share > -10 && share < 10 ? 1 : 0);
}

std::string bytes(uint64_t count) {
  if (count < 10'240) return with_commas(count) + " B";
  const double kib = static_cast<double>(count) / 1024;
  return kib < 10'240 ? fmt::format("{:.1f} KiB", kib) : fmt::format("{:.1f} MiB", kib / 1024);
}

class Table {
 public:
  explicit Table(std::vector<const sim::ClassPlan*> sides) : sides_(std::move(sides)) {}

  void time(const std::string& label, std::optional<Duration> (*of)(const sim::ClassPlan&)) {
    Row row{label, {}, {}};
    std::vector<double> values;
    for (const sim::ClassPlan* side : sides_) {
      const auto value = of(*side);
      row.values.push_back(value ? spoken(*value) : "-");
      if (value) values.push_back(value->as_seconds());
    }
    if (sides_.size() == 2 && values.size() == 2) row.change = percent(values[0], values[1]);
    rows_.push_back(std::move(row));
  }
  // `always`: also if it is 0 on every side.
  void count(const std::string& label, uint64_t sim::PlanCounts::*of, bool always) {
    std::vector<uint64_t> values;
    for (const sim::ClassPlan* side : sides_) values.push_back(side->*of);
    if (!always && std::all_of(values.begin(), values.end(), [](uint64_t v) { return v == 0; })) return;
    add(label, values, with_commas);
  }
  void add(const std::string& label, const std::vector<uint64_t>& values, std::string (*show)(uint64_t)) {
    Row row{label, {}, {}};
    for (const uint64_t value : values) row.values.push_back(show(value));
    if (values.size() == 2) row.change = percent(static_cast<double>(values[0]), static_cast<double>(values[1]));
    rows_.push_back(std::move(row));
  }
  std::string text(size_t column) const {
    std::string text;
    for (const Row& row : rows_) {
      std::string line = fmt::format("  {:<18}", row.label);
      for (const std::string& value : row.values) line += fmt::format("{:>{}}", value, column);
      if (!row.change.empty()) line += fmt::format("{:>10}", row.change);
      text += line + "\n";
    }
    return text;
  }

 private:
  std::vector<const sim::ClassPlan*> sides_;
  std::vector<Row> rows_;
};

std::optional<Duration> delay(const sim::ClassPlan& plan, Duration figure) {
  return plan.delivered > 0 ? std::optional(figure) : std::nullopt;
}

void add_delays(Table* table) {
  using Plan = sim::ClassPlan;
  table->time("delay p50", [](const Plan& p) { return delay(p, p.delay.p50); });
  table->time("delay p99", [](const Plan& p) { return delay(p, p.delay.p99); });
  table->time("delay max", [](const Plan& p) { return delay(p, p.delay.longest); });
}

void add_counts(Table* table, bool always) {
  table->count("delivered", &sim::PlanCounts::delivered, true);
  table->count("expired", &sim::PlanCounts::expired, always);
  table->count("dead", &sim::PlanCounts::dead, always);
  table->count("superseded", &sim::PlanCounts::gone, false);
  table->count("refused at door", &sim::PlanCounts::refused, false);
  table->count("still waiting", &sim::PlanCounts::waiting, false);
}

std::vector<const PlanSide*> sides_of(const PlanReport& report) {
  std::vector<const PlanSide*> sides{&report.plan};
  if (report.against) sides.push_back(&*report.against);
  return sides;
}

std::string class_tables(const std::vector<const sim::QueuePlan*>& plans, size_t column) {
  std::string text;
  if (plans[0]->classes.size() < 2) return text;
  for (const auto& [name, first] : plans[0]->classes) {
    std::vector<const sim::ClassPlan*> sides;
    for (const sim::QueuePlan* plan : plans) sides.push_back(&plan->classes.at(name));
    Table table(sides);
    add_delays(&table);
    add_counts(&table, false);
    text += " class " + name + "\n" + table.text(column);
  }
  return text;
}

std::string bindings(const sim::QueuePlan& plan, const std::string& of) {
  std::string text = " held back by" + of + "\n";
  if (plan.bindings.empty()) text += "  nothing\n";
  for (const sim::Binding& b : plan.bindings) {
    text += fmt::format("  {:<18}{:>10}   between {} and {}\n", b.limit, spoken(b.held), spoken(b.from), spoken(b.to));
  }
  return text;
}

std::string queue_text(const std::string& name, const PlanReport& report, const PlanLook& look) {
  std::vector<const sim::QueuePlan*> plans;
  size_t column = 14;
  for (const PlanSide* side : sides_of(report)) {
    plans.push_back(&side->result.queues.at(name));
    column = std::max(column, side->name.size() + 2);
  }
  std::string text = fmt::format("queue {} into sink {}\n", name, plans[0]->sink);
  if (plans.size() == 2) {
    text +=
        fmt::format("{:20}{:>{}}{:>{}}{:>10}\n", "", report.plan.name, column, report.against->name, column, "change");
  }
  Table table(std::vector<const sim::ClassPlan*>(plans.begin(), plans.end()));
  table.time("drained after", [](const sim::ClassPlan& p) { return p.drains; });
  std::vector<uint64_t> messages, peak_bytes;
  for (const sim::QueuePlan* plan : plans) {
    messages.push_back(plan->peak_messages);
    peak_bytes.push_back(plan->peak_bytes);
  }
  table.add("peak backlog", messages, with_commas);
  table.add("  in bytes", peak_bytes, bytes);
  add_counts(&table, true);
  add_delays(&table);
  text += table.text(column) + class_tables(plans, column);
  Duration until;
  for (const PlanSide* side : sides_of(report)) until = std::max(until, side->result.lasted);
  for (size_t i = 0; i < plans.size(); ++i) {
    const std::string of = plans.size() == 2 ? ", " + sides_of(report)[i]->name : "";
    text += bindings(*plans[i], of) + " backlog over time" + of + "\n";
    text += plot(plans[i]->backlog.columns(plot_columns(look.width), until), plot_rows, look.width, look.blocks,
                 spoken(until));
  }
  return text + "\n";
}

std::string quota_text(const PlanSide& side, WallTime starts) {
  std::string text;
  for (const sim::Quota& quota : side.result.quotas) {
    text += fmt::format("  {} of {}", quota.limit, quota.of);
    if (quota.out.empty()) text += " does not run out";
    text += "\n";
    for (size_t i = 0; i < std::min(quota.out.size(), outs_told); ++i) {
      const sim::Quota::Out& out = quota.out[i];
      text += fmt::format("    runs out after {}, at {}, for {}\n", spoken(out.at), format_rfc3339(starts + out.at),
                          spoken(out.until - out.at));
    }
    if (quota.out.size() > outs_told) text += fmt::format("    and {} times more\n", quota.out.size() - outs_told);
  }
  return text.empty() ? "" : "quotas" + (side.name.empty() ? "" : ", " + side.name) + "\n" + text + "\n";
}

std::string needed_text(const PlanReport& report) {
  std::string text = fmt::format("for no delay above {}\n", spoken(*report.target));
  for (const sim::Needed& needed : report.needed) {
    if (needed.met) {
      text +=
          fmt::format("  sink {} needs {}: the longest delay is then {} (found in {} runs; the bound is {:.6g}/s)\n",
                      needed.sink, needed.limit, spoken(needed.longest), needed.runs, needed.bound);
    } else {
      text += fmt::format("  no rate of sink {} does it: with {} the longest delay is still {}", needed.sink,
                          needed.limit, spoken(needed.longest));
      text += needed.holds.empty() ? "\n" : fmt::format("; what holds then is {}\n", needed.holds);
    }
  }
  return text + "\n";
}

}  // namespace

std::string spoken(Duration duration) {
  const int64_t ms = (duration.ns + 500'000) / 1'000'000, s = (ms + 500) / 1'000, m = (s + 30) / 60, h = (m + 30) / 60;
  if (ms == 0) return "0s";
  if (ms < 1'000) return fmt::format("{}ms", ms);
  if (ms < 60'000) return fmt::format("{:.{}f}s", static_cast<double>(ms) / 1e3, ms < 10'000 ? 2 : 1);
  if (s < 3'600) return fmt::format("{}m{:02}s", s / 60, s % 60);
  if (m < 24 * 60) return fmt::format("{}h{:02}m", m / 60, m % 60);
  return fmt::format("{}d{:02}h", h / 24, h % 24);
}

std::string plan_text(const PlanReport& report, const PlanLook& look) {
  std::string text;
  for (const auto& [name, queue] : report.plan.result.queues) text += queue_text(name, report, look);
  for (const PlanSide* side : sides_of(report)) text += quota_text(*side, report.starts);
  if (report.target) text += needed_text(report);
  return text;
}

}  // namespace forebay
