// A door that answers by a script, on the loop of the test: what `forebay send` meets in the tests.
#pragma once

#include <llhttp.h>
#include <uv.h>

#include <cassert>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace forebay {

class FakeDoor {
 public:
  struct Request {
    uint64_t number = 0;              // from 1, over all connections
    std::string path, headers, body;  // headers as "Name: value\n"
    uint64_t at_ns = 0;
  };
  // The bytes to answer; empty: close the connection without an answer.
  using Script = std::function<std::string(const Request&)>;

  static std::string reply(const std::string& status, const std::string& headers = "", const std::string& body = "") {
    return "HTTP/1.1 " + status + "\r\n" + headers + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
           body;
  }

  FakeDoor(uv_loop_t* loop, Script script) : loop_(loop), script_(std::move(script)) {
    sockaddr_in address{};
    uv_ip4_addr("127.0.0.1", 0, &address);
    uv_tcp_init(loop, &listener_);
    listener_.data = this;
    int error = uv_tcp_bind(&listener_, reinterpret_cast<sockaddr*>(&address), 0);
    error |= uv_listen(reinterpret_cast<uv_stream_t*>(&listener_), 128, [](uv_stream_t* stream, int) {
      auto& door = *static_cast<FakeDoor*>(stream->data);
      door.peers_.push_back(std::make_unique<Peer>(door));
    });
    assert(error == 0);
    int size = sizeof address_;
    uv_tcp_getsockname(&listener_, reinterpret_cast<sockaddr*>(&address_), &size);
  }

  void close() {
    uv_close(reinterpret_cast<uv_handle_t*>(&listener_), nullptr);
    for (auto& peer : peers_) peer->close();
  }
  const sockaddr_storage& address() const { return address_; }
  const std::vector<Request>& requests() const { return requests_; }
  size_t connections() const { return peers_.size(); }

 private:
  struct Peer {
    explicit Peer(FakeDoor& owner) : door(owner) {
      llhttp_settings_init(&settings);
      settings.on_url = [](llhttp_t* p, const char* at, size_t n) { return of(p).request.path.append(at, n), 0; };
      settings.on_header_field = [](llhttp_t* p, const char* at, size_t n) {
        return of(p).request.headers.append(at, n), 0;
      };
      settings.on_header_field_complete = [](llhttp_t* p) { return of(p).request.headers += ": ", 0; };
      settings.on_header_value = [](llhttp_t* p, const char* at, size_t n) {
        return of(p).request.headers.append(at, n), 0;
      };
      settings.on_header_value_complete = [](llhttp_t* p) { return of(p).request.headers += "\n", 0; };
      settings.on_body = [](llhttp_t* p, const char* at, size_t n) { return of(p).request.body.append(at, n), 0; };
      settings.on_message_complete = [](llhttp_t* p) { return of(p).answer(), 0; };
      llhttp_init(&parser, HTTP_REQUEST, &settings);
      uv_tcp_init(door.loop_, &tcp);
      parser.data = tcp.data = this;
      auto* stream = reinterpret_cast<uv_stream_t*>(&tcp);
      const int error = uv_accept(reinterpret_cast<uv_stream_t*>(&door.listener_), stream);
      assert(error == 0);
      const auto allocate = [](uv_handle_t* handle, size_t, uv_buf_t* to) {
        auto& self = *static_cast<Peer*>(handle->data);
        *to = uv_buf_init(self.bytes, sizeof self.bytes);
      };
      uv_read_start(stream, allocate, [](uv_stream_t* from, ssize_t size, const uv_buf_t* buffer) {
        auto& self = *static_cast<Peer*>(from->data);
        if (size < 0) return self.close();
        if (!self.closing) llhttp_execute(&self.parser, buffer->base, static_cast<size_t>(size));
      });
    }

    static Peer& of(llhttp_t* p) { return *static_cast<Peer*>(p->data); }

    void answer() {
      if (closing) return;
      request.number = door.requests_.size() + 1;
      request.at_ns = uv_hrtime();
      door.requests_.push_back(request);
      request = {};
      std::string out = door.script_(door.requests_.back());
      if (out.empty()) return close();
      uv_buf_t buffer = uv_buf_init(out.data(), static_cast<unsigned>(out.size()));
      const int written = uv_try_write(reinterpret_cast<uv_stream_t*>(&tcp), &buffer, 1);
      assert(written == static_cast<int>(out.size()));
    }

    void close() {
      if (closing) return;
      closing = true;
      uv_close(reinterpret_cast<uv_handle_t*>(&tcp), nullptr);
    }

    FakeDoor& door;
    uv_tcp_t tcp{};
    llhttp_t parser{};
    llhttp_settings_t settings{};
    Request request;
    char bytes[65536]{};
    bool closing = false;
  };

  uv_loop_t* loop_;
  Script script_;
  uv_tcp_t listener_{};
  sockaddr_storage address_{};
  std::vector<std::unique_ptr<Peer>> peers_;
  std::vector<Request> requests_;
};

}  // namespace forebay
