#include "relay/door_certificates.h"

#include <spdlog/spdlog.h>

#include <cassert>
#include <utility>

#include "doors/tls/tls_context.h"

namespace forebay {

void DoorCertificates::add(size_t place, Server& server) {
  const auto context = server.tls_in_force();
  if (!context) return;
  spdlog::info("doors[{}] shows certificate {}", place, context->about());
  doors_.push_back({place, &server, nullptr});
}

std::string DoorCertificates::read(const std::vector<DoorConfig>& doors) {
  for (Door& door : doors_) {
    assert(door.place < doors.size());
    std::string error;
    door.read = TlsContext::make(doors[door.place].tls, &error);
    if (!door.read) return "doors[" + std::to_string(door.place) + "]." + error;
  }
  return {};
}

std::vector<std::string> DoorCertificates::put_in_force() {
  std::vector<std::string> renewed;
  for (Door& door : doors_) {
    assert(door.read);
    const bool other = door.read->about() != door.server->tls_in_force()->about();
    if (other) {
      spdlog::info("doors[{}] shows certificate {} from now on", door.place, door.read->about());
      renewed.push_back("doors[" + std::to_string(door.place) + "].tls.cert renewed");
    }
    door.server->renew_tls(std::exchange(door.read, nullptr));
  }
  return renewed;
}

void DoorCertificates::show(const Metrics& metrics) const {
  TlsFigures all;
  for (const Door& door : doors_) {
    const TlsFigures figures = door.server->tls_figures();
    all.done += figures.done;
    all.failed += figures.failed;
    all.slow += figures.slow;
  }
  raise_to(*metrics.tls_handshakes[Handshake::done], static_cast<double>(all.done));
  raise_to(*metrics.tls_handshakes[Handshake::failed], static_cast<double>(all.failed));
  raise_to(*metrics.tls_handshakes[Handshake::slow], static_cast<double>(all.slow));
}

}  // namespace forebay
