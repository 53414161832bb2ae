// The same producers at two relays: one with TLS and a token, one without either.
#include <fmt/format.h>

#include "dialects.h"
#include "hammer.h"
#include "proc.h"
#include "rows.h"
#include "tests/support/certificates.h"
#include "world.h"

namespace forebay::bench {
namespace {

constexpr double seconds = 2;
constexpr uint32_t producers = 64;
const std::string token = "a-token-of-thirty-two-characters";

struct Outcome {
  double per_second = 0;
  double cpu_us = 0;  // of the relay, per message
};

Outcome measure(const Relay& relay, bool tls) {
  std::string request = http_publish("q");
  if (tls) request.insert(request.find("\r\n") + 2, "Authorization: Bearer " + token + "\r\n");
  const double cpu_before = cpu_seconds(relay.pid());
  const HammerResult result = hammer({.port = relay.http_port(),
                                      .connections = producers,
                                      .request = request,
                                      .read = http_replies(202),
                                      .seconds_max = seconds,
                                      .tls = tls});
  if (!result.error.empty() || result.bad > 0 || result.good == 0) {
    die(fmt::format("{}: {} bad replies, {}", tls ? "TLS" : "cleartext", result.bad, result.error));
  }
  const double cpu = cpu_seconds(relay.pid()) - cpu_before;
  relay.purge();
  return {result.per_second(), cpu * 1e6 / static_cast<double>(result.good)};
}

}  // namespace

std::vector<Row> tls_rows(const Options& options) {
  const Directory directory(options.directory);
  const forebay::testing::TestAuthority authority;
  const auto pair = authority.issue("bench");
  const Relay plain(options.forebay, directory.make("plain"), {.limits = "[1/24h]"});
  const Relay sealed(options.forebay, directory.make("tls"),
                     {.limits = "[1/24h]", .certificate = pair.certificate, .key = pair.key, .token = token});
  Row rate{.name = "http64_tls_vs_plain",
           .figure = "64 producers, TLS and a token",
           .unit = "messages/s",
           .reference_name = "neither",
           .target = 0.7};
  std::vector<double> cpu_sealed, cpu_plain;
  measure(plain, false), measure(sealed, true);  // warms both
  for (int round = 0; round < options.rounds; ++round) {
    Outcome ours, reference;
    if (round % 2 == 0) ours = measure(sealed, true);
    reference = measure(plain, false);
    if (round % 2 != 0) ours = measure(sealed, true);
    rate.ours.push_back(ours.per_second), rate.reference.push_back(reference.per_second);
    cpu_sealed.push_back(ours.cpu_us), cpu_plain.push_back(reference.cpu_us);
  }
  rate.note = fmt::format(
      "relay's CPU per message {:.1f} against {:.1f} us, handshakes included; the producers' own TLS runs on this "
      "machine too",
      median(cpu_sealed), median(cpu_plain));
  return {rate};
}

}  // namespace forebay::bench
