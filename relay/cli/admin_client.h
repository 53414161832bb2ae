// AdminClient: one blocking HTTP call at a time to the admin door of a relay, for the tools of the command line.
//
// No proxy, no redirects; the connection is kept between calls. What went wrong is told in words that say where and
// what to do: a door that is away, a token that is missing (401) or may not (403), a refusal with its detail.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/time.h"

namespace forebay {

// Where the door is, and how to get in.
struct AdminPlace {
  std::string url = "http://127.0.0.1:7071";  // without a trailing '/'
  std::string token;                          // empty: none
  std::string ca_file;                        // empty: the system's certificates
};

struct AdminReply {
  int status = 0;     // 0: there was no answer
  std::string body;   // of a 2xx
  std::string error;  // of anything else, in words
  bool ok() const { return error.empty(); }
};

class AdminClient {
 public:
  explicit AdminClient(AdminPlace place, Duration deadline = Duration::seconds(5));
  ~AdminClient();
  AdminClient(const AdminClient&) = delete;
  AdminClient& operator=(const AdminClient&) = delete;

  // `path` is percent-encoded where it holds names: see path().
  AdminReply call(const std::string& method, const std::string& path);
  const AdminPlace& place() const { return place_; }

 private:
  struct Handle;
  AdminPlace place_;
  Duration deadline_;
  std::unique_ptr<Handle> handle_;
};

// path({"v1", "queues", "a b"}) is "/v1/queues/a%20b".
std::string admin_path(const std::vector<std::string>& parts);
// One value of a query.
std::string percent_encoded(const std::string& text);

}  // namespace forebay
