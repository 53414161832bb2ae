// AdminDoor: the door that operators and Prometheus come through: state, metrics, pause, purge, replay.
// docs/http.md lists its paths. It holds no state of the relay's; everything is asked of the AdminView.
// `text` is called on a thread of its own, right after AdminView::refresh_gauges() on the loop.
#pragma once

#include <uv.h>

#include <cstdint>
#include <memory>

#include "config/config.h"
#include "doors/admin/admin_handler.h"
#include "doors/admin_view.h"
#include "doors/server.h"

namespace forebay {

class AdminDoor {
 public:
  AdminDoor(uv_loop_t* loop, const DoorConfig& config, AdminView& view, const Gate& gate, MetricsText text);
  // 0, or a libuv error.
  int listen() { return server_->listen(); }
  uint16_t port() const { return server_->port(); }
  uint64_t connections() const { return server_->connections(); }
  Server& server() { return *server_; }
  void stop_accepting() { server_->stop_accepting(); }
  // The loop must run once more before the object may go.
  void close();

 private:
  AdminHandler handler_;
  std::unique_ptr<Server> server_;
};

}  // namespace forebay
