#include "relay/cli/send.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <unistd.h>
#include <uv.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>

#include "relay/cli/progress.h"
#include "relay/cli/send_driver.h"
#include "relay/cli/spec.h"

namespace forebay {
namespace {

struct Arguments {
  std::string url = "http://127.0.0.1:7070", queue, file, body, token, key, klass, delay, ttl, rate;
  std::string patience = "10s";
  uint64_t count = 0, seed = 1;
  uint32_t connections = 8, pipeline = 16;
  int batch = -1;  // -1: 256 for a file, 0 for a template
  bool json = false, quiet = false, no_resend = false;
};

bool is_header_safe(const std::string& text) {
  return text.find_first_of(std::string("\r\n\0", 3)) == std::string::npos;
}

// What is wrong with the arguments taken together; empty: nothing.
std::string misuse(const Arguments& a) {
  const bool from_file = !a.file.empty();
  if (from_file == (a.count > 0)) return "give either --file or --count with --body";
  if (!from_file && a.body.empty()) return "--count needs --body";
  if (from_file && !a.body.empty()) return "--body goes with --count, not with --file";
  if (from_file && !(a.key + a.klass + a.delay + a.ttl).empty()) {
    return "--key, --class, --delay and --ttl go with --count; in a file they are fields of each envelope";
  }
  if (from_file && a.batch == 0) return "--batch must be at least 1 with --file";
  if (a.queue.find_first_of("/?# \t\r\n%") != std::string::npos) return "--queue: not a queue name";
  for (const std::string* text : {&a.token, &a.key, &a.klass, &a.delay, &a.ttl}) {
    if (!is_header_safe(*text)) return "a header value may hold no line break";
  }
  return "";
}

std::string resolve(const HostPort& address, sockaddr_storage& out) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &found);
  if (error != 0) return fmt::format("{}: {}", address.host, gai_strerror(error));
  memcpy(&out, found->ai_addr, found->ai_addrlen);
  freeaddrinfo(found);
  return "";
}

std::string request_head(const Arguments& a, const HttpUrl& url, bool batched) {
  const bool v6 = url.address.host.find(':') != std::string::npos;
  std::string head = fmt::format(
      "POST {}/v1/queues/{}/messages{} HTTP/1.1\r\nHost: {}{}{}:{}\r\nUser-Agent: forebay-send\r\n", url.base_path,
      a.queue, batched ? ":batch" : "", v6 ? "[" : "", url.address.host, v6 ? "]" : "", url.address.port);
  if (!a.token.empty()) head += "Authorization: Bearer " + a.token + "\r\n";
  if (batched) return head + "Content-Type: application/x-ndjson\r\nPrefer: return=minimal\r\n";
  const bool looks_json = a.body.front() == '{' || a.body.front() == '[';
  head += looks_json ? "Content-Type: application/json\r\n" : "Content-Type: text/plain\r\n";
  if (!a.klass.empty()) head += "Forebay-Class: " + a.klass + "\r\n";
  if (!a.delay.empty()) head += "Forebay-Delay: " + a.delay + "\r\n";
  if (!a.ttl.empty()) head += "Forebay-TTL: " + a.ttl + "\r\n";
  return head;
}

// The loop's worth of a run: driver, progress and signals.
class Run {
 public:
  Run(SendOptions options, SendSource& source, bool quiet) : source_(source), progress_(stderr, quiet), quiet_(quiet) {
    uv_loop_init(&loop_);
    driver_ = std::make_unique<SendDriver>(&loop_, std::move(options), source);
  }

  const SendDriver& run() {
    uv_timer_init(&loop_, &ticker_);
    uv_signal_init(&loop_, &interrupt_);
    uv_signal_init(&loop_, &terminate_);
    ticker_.data = interrupt_.data = terminate_.data = this;
    const auto stop = [](uv_signal_t* signal, int) { static_cast<Run*>(signal->data)->driver_->stop(); };
    uv_signal_start(&interrupt_, stop, SIGINT);
    uv_signal_start(&terminate_, stop, SIGTERM);
    const uint64_t period_ms = progress_.period_ms();
    if (!quiet_)
      uv_timer_start(
          &ticker_, [](uv_timer_t* t) { static_cast<Run*>(t->data)->show(); }, period_ms, period_ms);
    began_ns_ = uv_hrtime();
    for (uv_handle_t* handle : handles()) uv_unref(handle);
    driver_->start();
    uv_run(&loop_, UV_RUN_DEFAULT);
    for (uv_handle_t* handle : handles()) uv_close(handle, nullptr);
    uv_run(&loop_, UV_RUN_DEFAULT);
    progress_.clear();
    uv_loop_close(&loop_);
    return *driver_;
  }

 private:
  std::array<uv_handle_t*, 3> handles() {
    return {reinterpret_cast<uv_handle_t*>(&ticker_), reinterpret_cast<uv_handle_t*>(&interrupt_),
            reinterpret_cast<uv_handle_t*>(&terminate_)};
  }

  void show() {
    const SendScore& score = driver_->score();
    const double seconds = static_cast<double>(uv_hrtime() - began_ns_) / 1e9;
    const double now_rate = static_cast<double>(score.accepted_messages() - shown_) / (seconds - shown_at_);
    shown_ = score.accepted_messages();
    shown_at_ = seconds;
    std::string note = score.resent_messages() > 0 ? fmt::format("resent {}", score.resent_messages()) : "";
    if (score.refused_messages() > 0) note += fmt::format(" refused {}", score.refused_messages());
    progress_.show({shown_, source_.total(), seconds, now_rate, note});
  }

  uv_loop_t loop_{};
  uv_timer_t ticker_{};
  uv_signal_t interrupt_{}, terminate_{};
  SendSource& source_;
  Progress progress_;
  bool quiet_;
  std::unique_ptr<SendDriver> driver_;
  uint64_t began_ns_ = 0, shown_ = 0;
  double shown_at_ = 0;
};

int fail(const std::string& why, int code) {
  fprintf(stderr, "forebay send: %s\n", why.c_str());
  return code;
}

int send(const Arguments& a) {
  const std::string wrong = misuse(a);
  if (!wrong.empty()) return fail(wrong, 2);
  const auto url = read_http_url(a.url);
  if (!url) return fail("--url: '" + a.url + "' is not http://HOST[:PORT][/BASE]", 2);
  const auto rate = a.rate.empty() ? std::optional<RateSpec>() : read_rate(a.rate);
  if (!a.rate.empty() && !rate) return fail("--rate: '" + a.rate + "' is not a rate such as 500/1s", 2);
  const auto patience = read_duration(a.patience);
  if (!patience) return fail("--patience: '" + a.patience + "' is not a duration such as 10s", 2);

  const bool from_file = !a.file.empty();
  const auto batch = static_cast<uint32_t>(a.batch >= 0 ? a.batch : from_file ? 256 : 0);
  std::unique_ptr<SendSource> source;
  if (from_file) {
    const int fd = a.file == "-" ? 0 : open(a.file.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return fail(a.file + ": " + strerror(errno), 1);
    source = make_line_source(fd, batch);
  } else {
    source = make_template_source(a.count, SendTemplate(a.body, a.seed), SendTemplate(a.key, a.seed), batch,
                                  {a.klass, a.delay, a.ttl});
  }
  SendOptions options{.head = request_head(a, *url, batch > 0),
                      .connections = a.connections,
                      .pipeline = a.pipeline,
                      .resend = !a.no_resend,
                      .patience = *patience};
  if (rate) options.messages_per_second = static_cast<double>(rate->count) / rate->per.as_seconds();
  const std::string unresolved = resolve(url->address, options.address);
  if (!unresolved.empty()) return fail(unresolved, 1);

  signal(SIGPIPE, SIG_IGN);
  Run run(std::move(options), *source, a.quiet || a.json);
  const SendDriver& driver = run.run();
  const SendScore& score = driver.score();
  fputs((a.json ? score.json() : score.text()).c_str(), stdout);
  if (!driver.error().empty()) return fail(driver.error(), 1);
  return score.refused_messages() == 0 ? 0 : 1;
}

}  // namespace

int send_main(int argc, char** argv) {
  Arguments a;
  CLI::App app("Send a burst of messages to a queue; only what is answered 202 counts as accepted.", "forebay send");
  app.add_option("--url", a.url, "the relay's http door")->capture_default_str();
  app.add_option("--queue", a.queue, "queue to send to")->required();
  app.add_option("--file", a.file, "NDJSON envelopes, one a line; - is standard input");
  app.add_option("--count", a.count, "how many messages to make from --body");
  app.add_option("--body", a.body, "their body; {n}, {phone} and {rand} are filled in");
  app.add_option("--key", a.key, "their key; filled in likewise");
  app.add_option("--class", a.klass, "their class");
  app.add_option("--delay", a.delay, "their delay, such as 90s");
  app.add_option("--ttl", a.ttl, "their time to live, such as 5m");
  app.add_option("--token", a.token, "bearer token");
  app.add_option("--batch", a.batch, "messages a request; 0: one request each (default: 256 with --file, else 0)")
      ->check(CLI::Range(0, 100'000));
  app.add_option("--connections", a.connections, "connections")->check(CLI::Range(1, 4096))->capture_default_str();
  app.add_option("--pipeline", a.pipeline, "requests outstanding on each")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  app.add_option("--rate", a.rate, "at most so many messages, such as 500/1s");
  app.add_option("--patience", a.patience, "give up after so long without a connection")->capture_default_str();
  app.add_option("--seed", a.seed, "of {phone} and {rand}")->capture_default_str();
  app.add_flag("--no-resend", a.no_resend, "take 429, 503 and 507 for an answer instead of waiting");
  app.add_flag("--json", a.json, "print the result as JSON");
  app.add_flag("--quiet", a.quiet, "no progress display");
  app.footer("Exit: 0 all accepted, 1 something was not, 2 usage.");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return send(a);
}

}  // namespace forebay
