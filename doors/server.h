// Server: strict HTTP/1.1 on libuv and llhttp, for every door that speaks HTTP.
//
// Promise: a request reaches the handler only when it is whole (headers and body within their limits and times)
// and can be read in one way only; everything else is answered with a problem and the connection is closed.
// Answers leave a connection in the order of its requests, however late and in whatever order respond() comes.
// respond() for a connection that has gone is a no-op. All on the loop thread; respond() may be called from
// inside on_request().
//
// Out of descriptors, accepting pauses (doors/listener.h); above max_connections clients are told 503 and closed.
// listen() sets SIGPIPE to ignored for the process: a client that goes away is an error of write().
#pragma once

#include <uv.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/config.h"
#include "doors/intake.h"

namespace forebay {

class TlsContext;

struct ServerOptions {
  std::string host = "127.0.0.1";
  uint16_t port = 0;  // 0: any free port
  uint32_t max_connections = 4096;
  uint32_t reserved_connections = 0;              // that find a descriptor when the process has none left
  uint64_t max_header_bytes = 16 * 1024;          // request line and headers; above: 431
  uint32_t max_header_count = 100;                // above: 431
  uint64_t max_body_bytes = 256 * 1024;           // above: 413, before the body is read where Content-Length tells
  uint32_t max_pipelined = 256;                   // requests unanswered on one connection; above: reading pauses
  uint64_t max_unsent_bytes = 1 << 20;            // answers a client does not read; above: reading pauses
  uint64_t max_unread_stream_bytes = 256 * 1024;  // of a stream whose client does not read; besides the kernel's
  uint64_t max_held_bytes = 256 << 20;            // of unfinished requests, all connections together; above: 503
  Duration header_timeout = Duration::seconds(10);
  Duration body_timeout = Duration::seconds(60);
  Duration idle_timeout = Duration::seconds(75);
  TlsConfig tls;  // without `cert`: cleartext. The handshake must be done within header_timeout
};

// Handshakes of a door with TLS.
struct TlsFigures {
  uint64_t done = 0;
  uint64_t failed = 0;  // what came was no TLS, had nothing in common, or no certificate; or the client left
  uint64_t slow = 0;    // not done within header_timeout
};

// "127.0.0.1:7070", "[::1]:7070".
std::string address_text(const std::string& host, uint16_t port);

// The most descriptors a server's connections take: above max_connections a few are let in to be told.
uint64_t descriptors_max(uint32_t max_connections);

// What the config says of a door; the rest as above.
ServerOptions server_options(const DoorConfig& config);

struct Request {
  std::string_view method;  // as sent, e.g. "POST"
  std::string_view path;    // raw, before '?', still percent-encoded, always starts with '/'
  std::string_view query;   // raw, after '?', may be empty
  std::span<const std::pair<std::string_view, std::string_view>> headers;  // in order, names as sent
  std::string_view body;  // followed by body_padding_bytes (doors/http_parser.h) readable bytes
  // The first header of that name (case-insensitive); nullopt: not there.
  std::optional<std::string_view> header(std::string_view name) const;
  // How many headers of that name there are.
  size_t header_count(std::string_view name) const;
};

// One request awaiting its answer.
struct ExchangeId {
  uint64_t connection = 0;
  uint64_t number = 0;
};

struct Response {
  int status = 200;
  std::string_view content_type = "application/json";  // empty: no body
  std::vector<std::pair<std::string_view, std::string>> headers;
  std::string body;
  bool close = false;
  bool stream = false;     // `body` is its beginning: stream() goes on, until end_stream() or either side closes
  bool no_length = false;  // no Content-Length but one that is in `headers`: an answer without a body of its own
};

class RequestHandler {
 public:
  virtual ~RequestHandler() = default;
  // The largest body this path takes, or nullopt for ServerOptions::max_body_bytes. Asked after the headers.
  virtual std::optional<uint64_t> body_limit(std::string_view /*method*/, std::string_view /*path*/) {
    return std::nullopt;
  }
  // Views in `request` live only during the call.
  virtual void on_request(const Request& request, ExchangeId exchange) = 0;
  // That connection's client has shut down its side, or is gone. It may still read what it is answered; but a stream
  // ends with this.
  virtual void on_disconnected(uint64_t /*connection*/) {}
};

// application/problem+json of a Problem, with Retry-After in whole seconds (rounded up) where it has one.
Response problem_response(const Problem& problem);

enum class StreamWrite : uint8_t {
  taken,     // or dropped, where the answers to earlier requests of that connection still stand before the stream
  too_much,  // the client has not read what it was sent before; nothing was taken
  gone,
};

class Server {
 public:
  virtual ~Server() = default;
  // 0, or a libuv error (EADDRINUSE …; EINVAL: the files of `tls`, the log says which). After it, port() tells the
  // port in use.
  virtual int listen() = 0;
  virtual uint16_t port() const = 0;
  virtual void respond(ExchangeId exchange, Response response) = 0;
  // More of the stream that is that connection's last answer. Above max_unread_stream_bytes unsent: too_much.
  virtual StreamWrite stream(uint64_t connection, std::string_view bytes) = 0;
  // Its last bytes, however many are unsent; then the connection is closed.
  virtual void end_stream(uint64_t connection, std::string_view bytes) = 0;
  // Writes the answers given so far. They leave by themselves before the loop polls again; this is for a
  // loop that has more to do first.
  virtual void flush() = 0;
  virtual uint64_t connections() const = 0;
  // Of a server with TLS: what the next handshakes go by. Connections that are there stay as they are.
  virtual void renew_tls(std::shared_ptr<const TlsContext> context) = 0;
  virtual std::shared_ptr<const TlsContext> tls_in_force() const = 0;  // nullptr: cleartext
  virtual TlsFigures tls_figures() const = 0;
  // No new connections; idle ones closed, others after their answers ("Connection: close").
  virtual void stop_accepting() = 0;
  // Everything closed, answered or not. The loop must run once more before the object may go.
  virtual void close() = 0;
};

std::unique_ptr<Server> make_server(uv_loop_t* loop, ServerOptions options, RequestHandler& handler);

}  // namespace forebay
