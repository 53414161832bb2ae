#include <fmt/format.h>
#include <unistd.h>

#include <csignal>

#include "dialects.h"
#include "load.h"
#include "proc.h"
#include "rows.h"

namespace forebay::bench {
namespace {

constexpr uint64_t kMessages = 200'000;

struct Pass {
  double per_second, cpu_us;
  double device, write_bytes, wchar;  // written, over the payload
  double written() const { return device > 0 ? device : wchar; }
};

// A relay on that data_dir takes and delivers all its messages once.
Pass pass(const Options& options, const std::string& directory) {
  const Gateway gateway(options.forebay, "none");
  Relay relay(options.forebay, directory, {.sink_port = gateway.port(), .concurrency = 64});
  sync();  // what others left unwritten is not counted as ours
  const Written before = written(relay.pid(), directory);
  const double cpu_before = cpu_seconds(relay.pid());
  const uint64_t messages = fill(relay, kMessages);
  await_empty(relay, 300);
  const Written after = written(relay.pid(), directory);
  const double cpu = cpu_seconds(relay.pid()) - cpu_before;
  const GatewaySummary summary = gateway.summary();
  if (summary.taken != messages) die(fmt::format("{} of {} messages were delivered", summary.taken, messages));
  relay.end(SIGTERM);
  const auto payload = static_cast<double>(messages * kBodyBytes);
  const auto over_payload = [payload](uint64_t from, uint64_t to) { return static_cast<double>(to - from) / payload; };
  return {summary.mean_per_second, cpu * 1e6 / static_cast<double>(messages), over_payload(before.device, after.device),
          over_payload(before.write_bytes, after.write_bytes), over_payload(before.wchar, after.wchar)};
}

}  // namespace

std::vector<Row> deliver_rows(const Options& options) {
  Row rate{.name = "delivery_http",
           .figure = "delivery, HTTP sink, 64 in flight, no limit",
           .unit = "messages/s",
           .target = 12'000,
           .stretch = 20'000};
  Row recycled{.name = "bytes_recycled",
               .figure = "bytes written / payload, recycled segments",
               .unit = "x payload",
               .target = 1.4,
               .at_least = false};
  Row growing{.name = "bytes_growing",
              .figure = "bytes written / payload, while growing",
              .unit = "x payload",
              .target = 2.5,
              .at_least = false};
  const Directory steady(options.directory);
  const std::string old = steady.make("relay");
  pass(options, old), pass(options, old);  // from here on it writes into segments that it has written before
  std::vector<double> write_bytes, wchars, cpus;
  for (int round = 0; round < options.rounds; ++round) {
    const Pass again = pass(options, old);
    rate.ours.push_back(again.per_second);
    recycled.ours.push_back(again.written());
    write_bytes.push_back(again.write_bytes);
    wchars.push_back(again.wchar);
    cpus.push_back(again.cpu_us);
    const Directory fresh(options.directory);
    growing.ours.push_back(pass(options, fresh.make("relay")).written());
  }
  rate.note = fmt::format("{:.0f} us of CPU each, accept and delivery", median(cpus));
  recycled.note = fmt::format("at the block device, whole machine; wchar {:.2f}, write_bytes {:.2f}", median(wchars),
                              median(write_bytes));
  return {rate, recycled, growing};
}

}  // namespace forebay::bench
