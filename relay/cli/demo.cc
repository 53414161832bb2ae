#include "relay/cli/demo.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>

#include "relay/cli/demo_verdict.h"
#include "relay/cli/demo_world.h"
#include "relay/cli/progress.h"

namespace forebay {
namespace {

constexpr int kInterrupted = 130;

int64_t steady_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000'000ll + now.tv_nsec;
}

double seconds_since(int64_t ns) {
  return static_cast<double>(steady_ns() - ns) / 1e9;
}

// SIGINT and SIGTERM, taken when asked for and not before.
class Interrupts {
 public:
  Interrupts() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGINT);
    sigaddset(&set_, SIGTERM);
    sigprocmask(SIG_BLOCK, &set_, &before_);
  }
  ~Interrupts() { sigprocmask(SIG_SETMASK, &before_, nullptr); }
  // True: one came within that time.
  bool within(Duration time) const {
    const timespec wait{time.ns / 1'000'000'000, time.ns % 1'000'000'000};
    return sigtimedwait(&set_, nullptr, &wait) > 0;
  }
  void wait() const {
    int number = 0;
    sigwait(&set_, &number);
  }

 private:
  sigset_t set_{}, before_{};
};

class Demo {
 public:
  Demo(DemoOptions options, bool quiet)
      : options_(options), world_(options), progress_(stderr, quiet), figures_{.sent = options.count} {
    figures_.limit = options.limit;
  }

  int run(bool keep) {
    const std::string wrong = world_.start();
    if (!wrong.empty()) return fail(wrong);
    printf("relay    %s, admin %s\ngateway  %s, takes %s, fails %s, answers after %s\n", world_.http_url().c_str(),
           world_.admin_url().c_str(), world_.gateway_url().c_str(), options_.limit_text.c_str(), options_.fail.c_str(),
           options_.latency.c_str());
    printf("burst    %s messages at once\n\n", with_commas(options_.count).c_str());
    fflush(stdout);
    int code = burst();
    if (code == 0) code = drain();
    progress_.clear();
    if (code != 0) return code;
    const Verdict verdict = judge(figures_);
    fputs(verdict_text(verdict).c_str(), stdout);
    if (keep) stay();
    return verdict.holds ? 0 : 1;
  }

 private:
  int fail(const std::string& why) {
    progress_.clear();
    fprintf(stderr, "forebay demo: %s\n", why.c_str());
    return 1;
  }

  // The burst is over once its sender has every answer.
  int burst() {
    began_ns_ = steady_ns();
    const auto sender = world_.send_burst();
    while (sender->running()) {
      if (const int code = turn(Duration::milliseconds(50)); code != 0) return code;
      if (seconds_since(began_ns_) > 120) return fail("the burst was not taken within two minutes");
    }
    const std::string line = sender->read_line(Duration::seconds(5)).value_or("");
    const auto json = nlohmann::json::parse(line, nullptr, false);
    if (json.is_discarded()) return fail("the sender gave no result; see " + world_.directory());
    figures_.accepted = json.value("accepted", uint64_t{0});
    figures_.accept_seconds = json.value("seconds", 0.0);
    return 0;
  }

  // Over when nothing waits; given up on at twice the ideal time and half a minute.
  int drain() {
    const double rate = static_cast<double>(options_.limit.count) / options_.limit.per.as_seconds();
    const double patience_seconds = 2 * static_cast<double>(options_.count) / rate + 30;
    while (!(seen_ && queue_.waiting() == 0 && figures_.gateway.unique_ids + queue_.dead >= figures_.accepted)) {
      if (const int code = turn(Duration::milliseconds(100)); code != 0) return code;
      if (seconds_since(began_ns_) > patience_seconds) break;
    }
    figures_.waiting = queue_.waiting();
    figures_.dead = queue_.dead;
    if (figures_.gateway.last_taken_ns > began_ns_) {
      figures_.drain_seconds = static_cast<double>(figures_.gateway.last_taken_ns - began_ns_) / 1e9;
    }
    return 0;
  }

  // Waits, looks at both processes, shows what it saw.
  int turn(Duration time) {
    if (interrupts_.within(time)) return progress_.clear(), kInterrupted;
    const std::string dead = world_.died();
    if (!dead.empty()) return fail(dead);
    const auto queue = world_.queue();
    const auto gateway = world_.gateway();
    if (!queue || !gateway) return 0;  // a busy moment; the deadline of the caller bounds it
    seen_ = true;
    queue_ = *queue;
    figures_.gateway = *gateway;
    show();
    return 0;
  }

  void show() {
    const int64_t now_ns = steady_ns();
    if (now_ns - shown_ns_ < static_cast<int64_t>(progress_.period_ms()) * 1'000'000) return;
    const double elapsed = static_cast<double>(now_ns - shown_ns_) / 1e9;
    const uint64_t taken = figures_.gateway.taken;
    const double rate = shown_ns_ == 0 ? 0 : static_cast<double>(taken - shown_) / elapsed;
    rate_ = rate_ == 0 ? rate : rate_ + (rate - rate_) * std::min(1.0, elapsed);
    shown_ns_ = now_ns;
    shown_ = taken;
    progress_.show(
        {.done = taken,
         .total = options_.count,
         .seconds = seconds_since(began_ns_),
         .per_second = rate_,
         .note = fmt::format("backlog {}, worst 1 s {}", with_commas(queue_.waiting()), figures_.gateway.worst_1s)});
  }

  void stay() {
    world_.keep_directory();
    printf(
        "\nIt goes on running until Ctrl-C:\n"
        "  publish   curl -d hello %s/v1/queues/sms/messages\n"
        "  status    %s/v1/status and %s/metrics\n"
        "  gateway   %s/summary\n"
        "  files     %s (config, data, logs; kept)\n",
        world_.http_url().c_str(), world_.admin_url().c_str(), world_.admin_url().c_str(), world_.gateway_url().c_str(),
        world_.directory().c_str());
    fflush(stdout);
    interrupts_.wait();
    printf("\nstopping\n");
  }

  DemoOptions options_;
  Interrupts interrupts_;
  DemoWorld world_;
  Progress progress_;
  DemoFigures figures_;
  DemoQueue queue_;
  bool seen_ = false;
  int64_t began_ns_ = 0, shown_ns_ = 0;
  uint64_t shown_ = 0;
  double rate_ = 0;
};

}  // namespace

int demo_main(int argc, char** argv) {
  DemoOptions options;
  bool keep = false, quiet = false;
  CLI::App app("A relay before a mock SMS gateway, a burst, and a verdict on what was promised.", "forebay demo");
  app.add_option("--count", options.count, "messages of the burst")
      ->check(CLI::Range(uint64_t{1}, uint64_t{10'000'000}))
      ->capture_default_str();
  app.add_option("--limit", options.limit_text, "what the gateway takes, and the relay sends")->capture_default_str();
  app.add_option("--fail", options.fail, "share of its answers that are 500")->capture_default_str();
  app.add_option("--latency", options.latency, "its time to answer")->capture_default_str();
  app.add_flag("--keep", keep, "leave it running afterwards, until Ctrl-C");
  app.add_flag("--quiet", quiet, "no progress display");
  app.footer("Exit: 0 everything promised holds, 1 it does not, 2 usage, 130 interrupted.");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  const auto limit = read_rate(options.limit_text);
  if (!limit) {
    fprintf(stderr, "forebay demo: --limit: '%s' is not a rate such as 300/1s\n", options.limit_text.c_str());
    return 2;
  }
  options.limit = *limit;
  return Demo(options, quiet).run(keep);
}

}  // namespace forebay
