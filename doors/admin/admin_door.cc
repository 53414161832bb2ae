#include "doors/admin/admin_door.h"

#include <utility>

namespace forebay {
namespace {

// Whoever looks what is wrong gets through when producers hold every descriptor.
ServerOptions admin_options(const DoorConfig& config) {
  ServerOptions options = server_options(config);
  options.reserved_connections = 8;
  return options;
}

}  // namespace

AdminDoor::AdminDoor(uv_loop_t* loop, const DoorConfig& config, AdminView& view, const Gate& gate, MetricsText text)
    : handler_(loop, view, gate, std::move(text)), server_(make_server(loop, admin_options(config), handler_)) {
  handler_.answer_through(*server_);
}

void AdminDoor::close() {
  handler_.close();
  server_->close();
}

}  // namespace forebay
