#include "doors/admin/admin_door.h"

#include <utility>

namespace forebay {
AdminDoor::AdminDoor(uv_loop_t* loop, const DoorConfig& config, AdminView& view, MetricsText text)
    : handler_(loop, view, std::move(text)), server_(make_server(loop, server_options(config), handler_)) {
  handler_.answer_through(*server_);
}

void AdminDoor::close() {
  handler_.close();
  server_->close();
}

}  // namespace forebay
