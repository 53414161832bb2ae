// DoorCertificates: the doors with TLS, and their certificates over reloads: the files of all of them are read first,
// then all are put in force, or none. Connections that are there keep what they began with. Loop thread only.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "config/config.h"
#include "doors/server.h"
#include "relay/metrics.h"

namespace forebay {

class DoorCertificates {
 public:
  // A door that listens, in its place of Config::doors; one without TLS is none of ours. It must outlive this.
  void add(size_t place, Server& server);
  // Of doors as with_fresh_tls() has them. Empty: they are read; else what is wrong, and put_in_force() must not come.
  std::string read(const std::vector<DoorConfig>& doors);
  // What read() read, from the next handshake on; the doors that have another certificate for it, as a reload tells it.
  std::vector<std::string> put_in_force();
  // How handshakes ended, at all of them.
  void show(const Metrics& metrics) const;

 private:
  struct Door {
    size_t place;
    Server* server;
    std::shared_ptr<const TlsContext> read;
  };
  std::vector<Door> doors_;
};

}  // namespace forebay
