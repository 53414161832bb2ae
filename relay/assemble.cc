#include "relay/assemble.h"

#include <openssl/rand.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>
#include <uv.h>

#include <csignal>
#include <cstdio>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "backlog/journal.h"
#include "backlog/posix_files.h"
#include "doors/admin/admin_door.h"
#include "doors/http/http_door.h"
#include "relay/loop.h"
#include "relay/relay.h"
#include "relay/system_clock.h"
#include "relay/thread_worker.h"
#include "relay/uv_mailbox.h"
#include "relay/version.h"
#include "sinks/http/http_sink.h"

namespace forebay {
namespace {

uint64_t random_seed() {
  uint64_t seed = 0;
  RAND_bytes(reinterpret_cast<unsigned char*>(&seed), sizeof seed);
  return seed;
}

void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

// Members are in order of construction; they go in the opposite one.
class Assembly {
 public:
  explicit Assembly(const Config& config) : config_(config), mailbox_(&uv_) {}
  ~Assembly() { close_loop(); }

  int run();

 private:
  bool open_backlog();
  bool open_sinks();
  bool open_doors();
  bool watch_signals();
  void begin_stop();
  void check_stop();
  void finish_stop();
  void close_loop();
  [[noreturn]] void die(const std::string& what);

  struct UvLoop {
    UvLoop() { uv_loop_init(&loop); }
    uv_loop_t loop{};
  };

  const Config& config_;
  UvLoop uv_owner_;
  uv_loop_t& uv_ = uv_owner_.loop;
  SystemClock clock_;
  UvMailbox mailbox_;
  std::unique_ptr<Files> files_;
  std::unique_ptr<ThreadWorker> commit_worker_, helper_worker_, reader_worker_;
  std::unique_ptr<Journal> journal_;
  std::unique_ptr<Relay> relay_;
  std::unique_ptr<Loop> loop_;
  std::vector<std::unique_ptr<Sink>> sinks_;
  std::vector<std::unique_ptr<HttpDoor>> http_doors_;
  std::vector<std::unique_ptr<AdminDoor>> admin_doors_;
  uv_signal_t sigterm_{}, sigint_{};
  bool stopping_ = false;
  bool stopped_ = false;
  Instant stop_deadline_ = Instant::never();
};

int Assembly::run() {
  std::signal(SIGPIPE, SIG_IGN);
  raise_descriptor_limit();
  if (!open_backlog() || !open_sinks() || !watch_signals() || !open_doors()) return 1;
  loop_ = std::make_unique<Loop>(&uv_, clock_, [this] {
    const Instant next = relay_->turn();
    if (stopping_) check_stop();
    return stopping_ ? std::min(next, stop_deadline_) : next;
  });
  loop_->on_lag = [this](Duration lag) { relay_->observe_lag(lag); };
  if (const int error = loop_->start()) {
    spdlog::error("cannot make a timer: {}", std::strerror(error));
    return 1;
  }
  spdlog::info("forebay {} runs; data in {}", version, files_->where());
  while (!stopped_) uv_run(&uv_, UV_RUN_ONCE);
  spdlog::info("stopped in order");
  return 0;
}

}  // namespace forebay
