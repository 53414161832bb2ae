#include "relay/cli/top_sinks.h"

#include "relay/cli/short_figures.h"
#include "relay/cli/status_text.h"

namespace forebay {
namespace {

constexpr size_t state_columns = 9, in_flight_columns = 9, limit_bar_columns = 10;

Style style_of(const std::string& state) {
  return state == "open" ? Style::good : state == "breaker" ? Style::bad : Style::warning;
}

// Limits that find no room are left out, with a sign of it.
void add_limits(StyledLine& line, const ShownSink& sink, const FrameSize& size) {
  for (const ShownLimit& limit : sink.limits) {
    const std::string percent = short_percent(limit.utilization);
    const size_t needed = 2 + limit.name.size() + 1 + limit_bar_columns + 1 + 5;
    if (line.columns() + needed > size.columns) {
      line.add(size.ascii ? "  +" : "  …", Style::dim);
      return;
    }
    line.add("  ").add(limit.name, limit.enforced ? Style::plain : Style::dim).add(" ");
    line.add(bar(limit.utilization, limit_bar_columns, size.ascii),
             limit.utilization >= 1 ? Style::warning : Style::good);
    line.add(" ").cell(percent, 5, Style::plain, true);
  }
}

StyledLine why_line(const ShownSink& sink, WallTime now) {
  const std::string until = until_text(sink.until, now);
  std::string text = "  " + sink.reason;
  if (!until.empty()) text += (sink.reason.empty() ? "until " : ", until ") + until;
  StyledLine line;
  line.add(text, Style::warning);
  return line;
}

}  // namespace

std::vector<StyledLine> sink_lines(const ShownStatus& status, WallTime now, size_t name_columns,
                                   const FrameSize& size) {
  std::vector<StyledLine> lines;
  for (const ShownSink& sink : status.sinks) {
    if (is_of_pulled_queue(sink)) continue;
    if (lines.empty()) {
      StyledLine& titles = lines.emplace_back();
      titles.cell("SINK", name_columns, Style::dim).add("  ").cell("STATE", state_columns, Style::dim);
      titles.add("  ").cell("IN FLIGHT", in_flight_columns, Style::dim, true).add("  LIMITS IN USE", Style::dim);
    }
    StyledLine& line = lines.emplace_back();
    line.cell(sink.name, name_columns).add("  ").cell(sink.state, state_columns, style_of(sink.state));
    line.add("  ").cell(short_count(sink.in_flight), in_flight_columns, Style::plain, true);
    add_limits(line, sink, size);
    if (sink.state != "open" && !(sink.reason.empty() && !sink.until)) lines.push_back(why_line(sink, now));
  }
  return lines;
}

}  // namespace forebay
