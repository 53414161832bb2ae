#include "relay/cli/plan.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <limits>
#include <memory>

#include "base/rfc3339.h"
#include "base/size_text.h"
#include "config/load.h"
#include "relay/cli/plan_report.h"
#include "relay/cli/progress.h"
#include "relay/cli/spec.h"

namespace forebay {
namespace {

struct Arguments {
  std::string config = "forebay.yaml", against, burst, queue, klass, trace, start, target;
  std::string rtt = "20ms", most = "30d", fail = "0%", body = "300";
  uint64_t keys = 0;
  bool json = false;
};

// What was asked for, read and checked.
struct Asked {
  sim::BurstSpec burst;
  sim::PlanInput input;
  std::optional<Duration> target;
  bool start_given = false;
};

constexpr uint64_t burst_max = 100'000'000;

int64_t clock_ns(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return now.tv_sec * 1'000'000'000ll + now.tv_nsec;
}

std::string misuse(const Arguments& a) {
  if (a.burst.empty() == a.trace.empty()) return "give either --burst N with --queue Q, or --trace CSV";
  if (!a.burst.empty() && a.queue.empty()) return "--burst needs --queue";
  if (a.burst.empty() && !(a.queue + a.klass).empty())
    return "--queue and --class go with --burst; a trace names its own";
  if (a.burst.empty() && a.keys > 0) return "--keys goes with --burst; a trace names its own";
  return "";
}

std::string read_durations(const Arguments& a, Asked* asked) {
  const auto rtt = read_duration(a.rtt), most = read_duration(a.most);
  if (!rtt) return "--rtt: '" + a.rtt + "' is not a duration such as 20ms";
  if (!most || most->ns <= 0 || *most > Duration::days(3660)) {
    return "--most: '" + a.most + "' is not a duration such as 30d, above 0 and up to ten years";
  }
  asked->input.round_trip = *rtt;
  asked->input.most = *most;
  if (a.target.empty()) return "";
  asked->target = read_duration(a.target);
  if (!asked->target) return "--target: '" + a.target + "' is not a duration such as 5m";
  if (*asked->target <= *rtt) return "--target: " + a.target + " is not longer than the round trip (--rtt) alone";
  return "";
}

// Empty: fine. Otherwise what is wrong, naming the option.
std::string read_options(const Arguments& a, Asked* asked) {
  if (std::string wrong = misuse(a); !wrong.empty()) return wrong;
  if (std::string wrong = read_durations(a, asked); !wrong.empty()) return wrong;
  asked->burst = {a.queue, a.klass, 0, a.keys};
  uint64_t& count = asked->burst.count;
  if (!a.burst.empty() && (!parse_count(a.burst, &count) || count == 0 || count > burst_max)) {
    return "--burst: '" + a.burst + "' is not a number from 1 to 100M";
  }
  const auto fail = read_share(a.fail);
  if (!fail) return "--fail: '" + a.fail + "' is not a share such as 1%";
  asked->input.fail = *fail;
  uint64_t bytes = 0;
  if (!parse_size(a.body, &bytes) || bytes > std::numeric_limits<uint32_t>::max()) {
    return "--body-bytes: '" + a.body + "' is not a size such as 300 or 2KiB";
  }
  asked->input.bytes = static_cast<uint32_t>(bytes);
  const auto start = a.start.empty() ? WallTime{clock_ns(CLOCK_REALTIME)} : parse_rfc3339(a.start);
  if (!start) return "--start: '" + a.start + "' is not RFC 3339, such as 2026-03-01T08:00:00+08:00";
  asked->input.starts = *start;
  asked->start_given = !a.start.empty();
  return "";
}

int fail(const std::string& why, int code) {
  fprintf(stderr, "forebay plan: %s\n", why.c_str());
  return code;
}

bool load(const std::string& path, Config* config) {
  std::vector<ConfigError> errors;
  if (load_config(path, config, &errors)) return true;
  for (const ConfigError& error : errors) fprintf(stderr, "%s\n", to_string(error).c_str());
  return false;
}

// Its arrivals, or what is wrong.
std::string read_arrivals(const Arguments& a, const Config& config, Asked* asked) {
  if (a.trace.empty()) return sim::read_burst(asked->burst, config, &asked->input);
  std::ifstream file(a.trace);
  // A directory opens, and fails at the first read.
  if (!file || file.peek() == std::ifstream::traits_type::eof()) {
    return a.trace +
           (file.is_open() && !file.bad() ? ": it is empty or no file" : fmt::format(": {}", strerror(errno)));
  }
  return sim::read_trace(file, a.trace, config, !asked->start_given, &asked->input);
}

// Tells on a terminal how far a run is; every run counts from 0 again.
class Meter {
 public:
  explicit Meter(uint64_t total) : progress_(stderr, isatty(STDERR_FILENO) == 0), total_(total) {}
  ~Meter() { progress_.clear(); }
  sim::PlanProgress of(std::string what) {
    begun_ns_ = clock_ns(CLOCK_MONOTONIC);
    shown_ns_ = 0;
    what_ = std::move(what);
    return [this](uint64_t through) { show(through); };
  }

 private:
  void show(uint64_t through) {
    const int64_t now = clock_ns(CLOCK_MONOTONIC);
    if (now - shown_ns_ < static_cast<int64_t>(progress_.period_ms()) * 1'000'000) return;
    shown_ns_ = now;
    const double seconds = static_cast<double>(now - begun_ns_) / 1e9;
    progress_.show({through, total_, seconds, static_cast<double>(through) / std::max(seconds, 1e-3), what_});
  }

  Progress progress_;
  uint64_t total_;
  int64_t begun_ns_ = 0, shown_ns_ = 0;
  std::string what_;
};

PlanLook look() {
  PlanLook look;
  winsize size{};
  const bool terminal = isatty(STDOUT_FILENO) == 1 && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  if (terminal) look.width = std::clamp<size_t>(size.ws_col, 40, 200);
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') continue;
    look.blocks = strcasestr(value, "utf-8") != nullptr || strcasestr(value, "utf8") != nullptr;
    break;
  }
  return look;
}

// One side; empty: planned.
std::string plan_side(const std::string& path, const Config& config, const Asked& asked, Meter* meter, PlanSide* side) {
  side->name = path;
  side->result = sim::plan(config, asked.input, meter->of(path));
  return side->result.error.empty() ? "" : path + ": " + side->result.error;
}

int run(const Arguments& a, Asked* asked) {
  Config config, other;
  if (!load(a.config, &config) || (!a.against.empty() && !load(a.against, &other))) return 1;
  std::string wrong = read_arrivals(a, config, asked);
  if (!wrong.empty()) return fail(wrong, 1);
  const int64_t begun = clock_ns(CLOCK_MONOTONIC);
  PlanReport report;
  report.starts = asked->input.starts;
  report.target = asked->target;
  {
    Meter meter(asked->input.arrivals.size());
    wrong = plan_side(a.config, config, *asked, &meter, &report.plan);
    if (wrong.empty() && !a.against.empty()) {
      wrong = plan_side(a.against, other, *asked, &meter, &report.against.emplace());
    }
    if (!wrong.empty()) return fail(wrong, 1);
    if (asked->target)
      report.needed = sim::needed(config, asked->input, *asked->target, meter.of("looking for a rate"));
  }
  if (a.json) return fputs(plan_json(report).c_str(), stdout), 0;
  fputs(plan_text(report, look()).c_str(), stdout);
  const double took = static_cast<double>(clock_ns(CLOCK_MONOTONIC) - begun) / 1e9;
  uint64_t events = report.plan.result.events + (report.against ? report.against->result.events : 0);
  for (const sim::Needed& needed : report.needed) events += needed.events;
  fmt::print("planned {} messages in {:.2f} s: {:.2f} M core events/s\n", with_commas(asked->input.arrivals.size()),
             took, static_cast<double>(events) / std::max(took, 1e-6) / 1e6);
  return 0;
}

void declare(CLI::App* app, Arguments* a) {
  app->add_option("-c,--config", a->config, "the file that is planned with")->capture_default_str();
  app->add_option("--burst", a->burst, "so many messages at once: 60000, 2M");
  app->add_option("--queue", a->queue, "the burst's queue");
  app->add_option("--class", a->klass, "the burst's class");
  app->add_option("--keys", a->keys, "the burst's messages have so many keys, one after the other (default: none)");
  app->add_option("--trace", a->trace,
                  "a CSV file, `time,queue,class,key,cost` a line: seconds from the start or RFC 3339");
  app->add_option("--against", a->against, "another file, to be shown side by side");
  app->add_option("--target", a->target, "find the rate with which no message takes longer, such as 5m");
  app->add_flag("--json", a->json, "for programs");
  app->add_option("--rtt", a->rtt, "how long the downstream takes to answer")->capture_default_str();
  app->add_option("--fail", a->fail, "share of requests that it answers with 500")->capture_default_str();
  app->add_option("--body-bytes", a->body, "size of a message")->capture_default_str();
  app->add_option("--start", a->start,
                  "RFC 3339 time at which it begins, for hours and calendars (default: the trace's, else now)");
  app->add_option("--most", a->most, "how long to look ahead; what still waits then is said")->capture_default_str();
}

}  // namespace

int plan_main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app(
      "Runs the relay's own core over a burst or a trace, in simulated time, against a downstream that takes "
      "everything:\n"
      "time to drain, peak backlog, delays, what is lost, what holds back and when, and when quotas run out.",
      "forebay plan");
  declare(&app, &arguments);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  Asked asked;
  const std::string wrong = read_options(arguments, &asked);
  return wrong.empty() ? run(arguments, &asked) : fail(wrong, 2);
}

}  // namespace forebay
