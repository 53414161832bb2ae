#include <fmt/format.h>
#include <poll.h>

#include "dialects.h"
#include "load.h"
#include "proc.h"
#include "rows.h"

namespace forebay::bench {
namespace {

constexpr uint64_t kMessages = 6'000;
constexpr double kPatienceSeconds = 60;

GatewaySummary await_arrivals(const Gateway& gateway, uint64_t count) {
  const int64_t began = steady_ns();
  GatewaySummary summary;
  while ((summary = gateway.summary()).arrivals < count) {
    if (static_cast<double>(steady_ns() - began) / 1e9 > kPatienceSeconds) die("a shaped burst does not arrive");
    poll(nullptr, 0, 50);
  }
  return summary;
}

// Late permits make a limit slower, by what the downstream's replies were late: here also for want of a processor.
struct Shaped {
  GatewaySummary summary;
  double relay_waited = 0, gateway_waited = 0;  // seconds
};

Shaped ours(const Options& options) {
  const Directory directory(options.directory);
  const Gateway gateway(options.forebay, "300/1s");
  const Relay relay(options.forebay, directory.make("relay"), {.sink_port = gateway.port(), .limits = "[300/1s]"});
  hammer({.port = relay.http_port(),
          .connections = 8,
          .window = 16,
          .request = http_publish("q"),
          .read = http_replies(202),
          .requests_max = kMessages});
  const GatewaySummary summary = await_arrivals(gateway, kMessages);
  return {summary, waited_seconds(relay.pid()), waited_seconds(gateway.pid())};
}

GatewaySummary nginx(const Options& options) {
  const Directory directory(options.directory);
  const Gateway gateway(options.forebay, "none");
  const Nginx server(directory.make("nginx"), gateway.port());
  const HammerResult result = hammer({.port = server.port(),
                                      .connections = 600,
                                      .request = http_get_request("/send"),
                                      .read = http_replies(200),
                                      .requests_max = kMessages});
  if (!result.error.empty() || result.bad > 0) die("nginx: " + result.error);
  return gateway.summary();
}

}  // namespace

std::vector<Row> shape_rows(const Options& options) {
  Row worst{.name = "shaping_worst_1s",
            .figure = "shaping at 300/s: most in any 1 s",
            .unit = "arrivals",
            .target = 300,
            .at_least = false};
  Row refused{.name = "shaping_refused",
              .figure = "shaping at 300/s: refused",
              .unit = "arrivals",
              .target = 0,
              .at_least = false};
  Row mean{.name = "shaping_mean", .figure = "shaping at 300/s: mean", .unit = "arrivals/s", .target = 299};
  Row variation{.name = "shaping_cv_vs_nginx",
                .figure = "shaping at 300/s: variation per 100 ms",
                .unit = "cv",
                .reference_name = "nginx limit_req",
                .target = 1.5,
                .at_least = false};
  std::vector<double> nginx_worst, relay_waited, gateway_waited;
  for (int round = 0; round < options.rounds; ++round) {
    const Shaped shaped = ours(options);
    const GatewaySummary& mine = shaped.summary;
    const GatewaySummary theirs = nginx(options);
    relay_waited.push_back(shaped.relay_waited);
    gateway_waited.push_back(shaped.gateway_waited);
    worst.ours.push_back(static_cast<double>(mine.worst_1s));
    nginx_worst.push_back(static_cast<double>(theirs.worst_1s));
    refused.ours.push_back(static_cast<double>(mine.refused));
    mean.ours.push_back(mine.mean_per_second);
    variation.ours.push_back(mine.cv_100ms);
    variation.reference.push_back(theirs.cv_100ms);
  }
  worst.note = "nginx limit_req: " + std::to_string(static_cast<int>(median(nginx_worst)));
  mean.note = fmt::format("the relay waited {:.1f} s for a processor, the gateway {:.1f} s", median(relay_waited),
                          median(gateway_waited));
  // A bound that is broken once is broken: the worst round counts, not the middle one.
  worst.ours = {quantile(worst.ours, 1.0)};
  refused.ours = {quantile(refused.ours, 1.0)};
  return {worst, refused, mean, variation};
}

}  // namespace forebay::bench
