// What a start takes in memory, measured on the real process: its peak, not what is left of it.
#include <gtest/gtest.h>

#include "tests/end_to_end/running_relay.h"
#include "tests/support/proc_figures.h"

namespace forebay::testing {
namespace {

void publish(RunningRelay& relay, int messages) {
  constexpr int batch = 500;
  std::string lines;
  for (int i = 0; i < batch; ++i) lines += "{\"body\": \"0123456789\"}\n";
  RawClient client(relay.http_port());
  ASSERT_TRUE(client.connected());
  const std::string head =
      "POST /v1/queues/q/messages:batch HTTP/1.1\r\nHost: relay\r\nPrefer: return=minimal\r\n"
      "Content-Type: application/x-ndjson\r\nContent-Length: ";
  for (int sent = 0; sent < messages; sent += batch) {
    ASSERT_TRUE(client.send(head + std::to_string(lines.size()) + "\r\n\r\n" + lines));
    const auto response = client.read_response();
    ASSERT_TRUE(response && response->status == 202);
  }
}

// The peak of a start after kill -9 with that many more messages waiting.
uint64_t peak_of_next_start(RunningRelay& relay, int more_messages) {
  publish(relay, more_messages);
  relay.kill();
  EXPECT_TRUE(relay.start()) << relay.output();
  return rss_peak_bytes(relay.process().pid());
}

TEST(StartMemory, a_waiting_message_takes_48_bytes_even_while_starting) {
  RunningRelay relay(
      "sinks:\n  s: {type: http, url: \"http://127.0.0.1:9/\", limits: [1/24h]}\n"
      "queues:\n  q: {sink: s, max_messages: 1M}\n",
      "journal: {segment: 1MiB, checkpoint: 2MiB}\n");
  ASSERT_TRUE(relay.start()) << relay.output();
  const uint64_t few = peak_of_next_start(relay, 100'000);
  const uint64_t many = peak_of_next_start(relay, 300'000);
  const double each = static_cast<double>(many - few) / 300'000;
  std::printf("peak %.1f MiB, then %.1f MiB: %.1f bytes a message\n", static_cast<double>(few) / (1 << 20),
              static_cast<double>(many) / (1 << 20), each);
  EXPECT_GT(each, 20) << "this does not measure what it is meant to";
  EXPECT_LE(each, 48);
}

}  // namespace
}  // namespace forebay::testing
