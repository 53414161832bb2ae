#include "relay/cli/top_frame.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "base/rfc3339.h"
#include "relay/cli/short_figures.h"
#include "relay/cli/status_text.h"
#include "relay/cli/styled_line.h"
#include "relay/cli/top_sinks.h"

namespace forebay {
namespace {

constexpr size_t bar_columns = 12, spark_columns_least = 8, name_columns_max = 28;

struct Column {
  const char* title;
  size_t columns;
  int rank;  // the lowest stay when the screen is narrow
};
// What stands behind a queue's name, in this order.
enum : size_t {
  column_bar,
  column_waiting,
  column_in,
  column_out,
  column_oldest,
  column_drain,
  column_dead,
  column_state
};
constexpr Column queue_columns[] = {{"", bar_columns, 6}, {"WAITING", 7, 0}, {"IN", 8, 2},   {"OUT", 8, 1},
                                    {"OLDEST", 8, 5},     {"DRAIN", 8, 3},   {"DEAD", 6, 7}, {"STATE", 14, 4}};

size_t longest_name(const ShownStatus& status) {
  size_t longest = 5;
  for (const ShownQueue& queue : status.queues) longest = std::max(longest, queue.name.size());
  for (const ShownSink& sink : status.sinks) {
    if (!is_of_pulled_queue(sink)) longest = std::max(longest, sink.name.size());
  }
  return std::min(longest, name_columns_max);
}

std::string rate_text(const std::optional<double>& rate) {
  return rate ? short_rate(*rate) : "-";
}

class Frame {
 public:
  Frame(const TopView& view, const FrameSize& size)
      : view_(view), size_(size), name_columns_(std::min(longest_name(view.status), size.columns / 3 + 1)) {
    choose_columns();
  }

  std::vector<std::string> lines() {
    std::vector<StyledLine> top = head(), sinks = sink_lines(view_.status, view_.now, name_columns_, size_);
    const bool foot = size_.keys && size_.rows > 4;
    const size_t fixed = top.size() + 2 + (sinks.empty() ? 0 : 1) + (foot ? 1 : 0);
    const size_t left = size_.rows > fixed ? size_.rows - fixed : 0;
    const size_t queues = view_.status.queues.size();
    const size_t room =
        queues + sinks.size() <= left ? queues : std::max(left - std::min(left, sinks.size()), left / 2);
    std::vector<StyledLine> all = std::move(top);
    all.emplace_back();
    all.push_back(queue_titles());
    add_queues(all, room);
    if (!sinks.empty()) all.emplace_back();
    all.insert(all.end(), sinks.begin(), sinks.end());
    if (all.size() > size_.rows - (foot ? 1 : 0)) all.resize(size_.rows - (foot ? 1 : 0));
    if (foot) {
      while (all.size() + 1 < size_.rows) all.emplace_back();
      all.push_back(foot_line());
    }
    std::vector<std::string> lines;
    for (const StyledLine& line : all) {
      std::string& text = lines.emplace_back(line.text(size_.columns, size_.colour));
      for (size_t at = 0; size_.ascii && (at = text.find("…", at)) != std::string::npos;) text.replace(at, 3, ".");
    }
    return lines;
  }

 private:
  // The name and what else finds room, the most wanted first; then the line of the backlog.
  void choose_columns() {
    const bool all_open = std::ranges::all_of(view_.status.queues, [](const auto& q) { return state_of(q) == "open"; });
    std::vector<size_t> order(std::size(queue_columns));
    std::iota(order.begin(), order.end(), size_t{0});
    std::ranges::sort(order, {}, [](size_t i) { return queue_columns[i].rank; });
    size_t used = name_columns_;
    for (const size_t i : order) {
      if (i == column_state && all_open) continue;
      if (used + 2 + queue_columns[i].columns > size_.columns) continue;
      used += 2 + queue_columns[i].columns;
      shown_[i] = true;
    }
    const size_t left = size_.columns - std::min(size_.columns, used + 2);
    spark_columns_ = left < spark_columns_least ? 0 : std::min(left, TopHistory::looks_max);
  }

  std::vector<StyledLine> head() const {
    const ShownStatus& status = view_.status;
    std::vector<StyledLine> lines(2);
    lines[0].add("forebay " + status.version, Style::bold).add("  " + view_.where);
    if (status.started) lines[0].add("  up " + short_seconds((view_.now - *status.started).as_seconds()));
    if (!view_.trouble.empty()) {
      lines[0].add("  NO ANSWER", Style::bad);
    } else {
      lines[0].add(status.ready ? "  ready" : "  NOT READY", status.ready ? Style::good : Style::bad);
    }
    if (view_.frozen) lines[0].add("  frozen", Style::warning);
    const std::string time = format_rfc3339(view_.now).substr(11, 8) + "Z";
    if (lines[0].columns() + time.size() + 2 <= size_.columns && size_.columns < 1000) {
      lines[0].fill_to(size_.columns - time.size()).add(time, Style::dim);
    }
    lines[1] = totals();
    if (!view_.trouble.empty()) lines.emplace_back().add(view_.trouble, Style::bad);
    for (const std::string& why : status.not_ready_because) lines.emplace_back().add("not ready: " + why, Style::bad);
    return lines;
  }

  StyledLine totals() const {
    uint64_t waiting = 0, dead = 0;
    std::optional<double> in, out;
    for (const ShownQueue& queue : view_.status.queues) {
      const QueueTrend& trend = view_.history.of(queue.name);
      waiting += queue.waiting();
      dead += queue.dead;
      if (trend.in) in = in.value_or(0) + *trend.in;
      if (trend.out) out = out.value_or(0) + *trend.out;
    }
    StyledLine line;
    line.add("waiting ").add(short_count(waiting), Style::bold).add("   in ").add(rate_text(in), Style::bold);
    line.add("   out ").add(rate_text(out), Style::bold).add("   dead ");
    return line.add(short_count(dead), dead > 0 ? Style::warning : Style::bold), line;
  }

  StyledLine queue_titles() const {
    StyledLine line;
    line.cell("QUEUE", name_columns_, Style::dim);
    for (size_t i = 0; i < std::size(queue_columns); ++i) {
      const bool to_the_right = i != column_bar && i != column_state;
      if (shown_[i]) line.add("  ").cell(queue_columns[i].title, queue_columns[i].columns, Style::dim, to_the_right);
    }
    if (spark_columns_ > 0) line.add("  BACKLOG", Style::dim);
    return line;
  }

  // In the order of the config; where not all find room, the fullest.
  void add_queues(std::vector<StyledLine>& lines, size_t room) const {
    std::vector<const ShownQueue*> queues;
    for (const ShownQueue& queue : view_.status.queues) queues.push_back(&queue);
    const bool all = queues.size() <= room;
    if (!all) std::ranges::stable_sort(queues, std::greater<>(), [](const ShownQueue* q) { return q->waiting(); });
    const size_t shown = all ? queues.size() : room - std::min<size_t>(room, 1);
    for (size_t i = 0; i < shown; ++i) lines.push_back(queue_line(*queues[i]));
    if (all || room == 0) return;
    lines.emplace_back().add(fmt::format("and {} more that hold less", queues.size() - shown), Style::dim);
  }

  StyledLine queue_line(const ShownQueue& queue) const {
    const QueueTrend& trend = view_.history.of(queue.name);
    const double peak = view_.history.peak();
    const auto waiting = static_cast<double>(queue.waiting());
    const bool nearly_full = queue.max_messages > 0 && waiting > 0.9 * static_cast<double>(queue.max_messages);
    const bool stuck = queue.waiting() > 0 && !queue.drain_seconds;
    const std::string texts[] = {bar(peak > 0 ? waiting / peak : 0, bar_columns, size_.ascii),
                                 short_count(queue.waiting()),
                                 rate_text(trend.in),
                                 rate_text(trend.out),
                                 queue.waiting() > 0 ? short_seconds(queue.oldest_seconds) : "-",
                                 drain_text(queue),
                                 short_count(queue.dead),
                                 state_of(queue)};
    StyledLine line;
    line.cell(queue.name, name_columns_);
    for (size_t i = 0; i < std::size(queue_columns); ++i) {
      if (!shown_[i]) continue;
      Style style = Style::plain;
      if (i == column_bar || i == column_waiting) style = nearly_full ? Style::bad : Style::plain;
      if (i == column_drain && stuck) style = Style::warning;
      if (i == column_dead && queue.dead > 0) style = Style::warning;
      if (i == column_state && texts[i] != "open") style = Style::warning;
      line.add("  ").cell(texts[i], queue_columns[i].columns, style, i != column_bar && i != column_state);
    }
    if (spark_columns_ > 0) line.add("  ").add(sparkline(trend.waiting, spark_columns_, size_.ascii), Style::good);
    return line;
  }

  StyledLine foot_line() const {
    StyledLine line;
    return line.add("q", Style::bold)
               .add(" quit   ")
               .add("space", Style::bold)
               .add(view_.frozen ? " go on" : " freeze"),
           line;
  }

  const TopView& view_;
  const FrameSize& size_;
  size_t name_columns_, spark_columns_ = 0;
  bool shown_[std::size(queue_columns)] = {};
};

}  // namespace

std::vector<std::string> top_frame(const TopView& view, const FrameSize& size) {
  if (size.rows == 0 || size.columns == 0) return {};
  return Frame(view, size).lines();
}

}  // namespace forebay
