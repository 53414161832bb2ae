#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

#include "dialects.h"
#include "load.h"
#include "proc.h"
#include "rows.h"

namespace forebay::bench {
namespace {

constexpr uint64_t kMessages = 200'000;

struct Pass {
  double per_second, cpu_us;
  double pages, calls, device;  // written, over the payload
};

// What the relay says of its own writes: `as` pages of 4 KiB dirtied between syncs, or in write calls.
double journal_written(const Relay& relay, const char* as) {
  const std::string metrics = relay.metrics();
  const std::string line = fmt::format("\nforebay_journal_written_bytes_total{{as=\"{}\"}} ", as);
  const size_t at = metrics.find(line);
  if (at == std::string::npos) die("the relay does not say what it wrote");
  return std::strtod(metrics.c_str() + at + line.size(), nullptr);
}

// A relay on that data_dir takes and delivers all its messages once.
Pass pass(const Options& options, const std::string& directory) {
  const Gateway gateway(options.forebay, "none");
  Relay relay(options.forebay, directory, {.sink_port = gateway.port(), .concurrency = 64});
  sync();  // what others left unwritten is not counted as ours
  const double pages_before = journal_written(relay, "pages"), calls_before = journal_written(relay, "calls");
  const uint64_t device_before = device_written(directory);
  const double cpu_before = cpu_seconds(relay.pid());
  const uint64_t messages = fill(relay, kMessages);
  await_empty(relay, 300);
  poll(nullptr, 0, 100);  // the last settles are synced within 50 ms
  const uint64_t device = device_written(directory) - device_before;
  const double pages = journal_written(relay, "pages") - pages_before;
  const double calls = journal_written(relay, "calls") - calls_before;
  const double cpu = cpu_seconds(relay.pid()) - cpu_before;
  const GatewaySummary summary = gateway.summary();
  if (summary.taken != messages) die(fmt::format("{} of {} messages were delivered", summary.taken, messages));
  relay.end(SIGTERM);
  const auto payload = static_cast<double>(messages * kBodyBytes);
  return {summary.mean_per_second, cpu * 1e6 / static_cast<double>(messages), pages / payload, calls / payload,
          static_cast<double>(device) / payload};
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
  std::vector<double> calls, devices, growing_calls, growing_devices, cpus;
  for (int round = 0; round < options.rounds; ++round) {
    const Pass again = pass(options, old);
    rate.ours.push_back(again.per_second);
    recycled.ours.push_back(again.pages);
    calls.push_back(again.calls);
    devices.push_back(again.device);
    cpus.push_back(again.cpu_us);
    const Directory fresh(options.directory);
    const Pass first = pass(options, fresh.make("relay"));
    growing.ours.push_back(first.pages);
    growing_calls.push_back(first.calls);
    growing_devices.push_back(first.device);
  }
  rate.note = fmt::format("{:.0f} us of CPU each, accept and delivery", median(cpus));
  const auto note = [](const std::vector<double>& in_calls, const std::vector<double>& at_device) {
    return fmt::format("in pages of 4 KiB; {:.2f} in write calls, {:.2f} at the device, whole machine",
                       median(in_calls), median(at_device));
  };
  recycled.note = note(calls, devices);
  growing.note = note(growing_calls, growing_devices);
  return {rate, recycled, growing};
}

}  // namespace forebay::bench
