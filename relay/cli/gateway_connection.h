// GatewayConnection: one client of the mock gateway. Owned by GatewayServer until its handle is closed.
#pragma once

#include <llhttp.h>
#include <uv.h>

#include <cstdint>
#include <string>

namespace forebay {

class GatewayServer;

class GatewayConnection {
 public:
  GatewayConnection(GatewayServer& server, uint64_t id);
  // Takes the connection waiting at the listener. False: it could not.
  bool accept(uv_loop_t* loop, uv_stream_t* listener);
  void send(std::string_view bytes, bool close_after);
  void close();

 private:
  static void on_allocate(uv_handle_t* handle, size_t suggested, uv_buf_t* buffer);
  static void on_read(uv_stream_t* stream, ssize_t size, const uv_buf_t* buffer);
  static void on_written(uv_write_t* request, int status);
  static const llhttp_settings_t& settings();
  int on_complete();
  void flush();

  GatewayServer& server_;
  uint64_t id_;
  uv_tcp_t tcp_{};
  uv_write_t write_{};
  llhttp_t parser_{};
  int64_t read_at_ns_ = 0;
  std::string path_, field_, value_, message_id_;
  std::string out_, writing_;
  uint64_t late_answers_ = 0;  // owed and not yet due
  bool gathering_ = false, close_after_ = false, closing_ = false, reading_ = true;
  friend class GatewayServer;
};

}  // namespace forebay
