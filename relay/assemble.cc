#include "relay/assemble.h"

#include <fmt/ranges.h>
#include <openssl/rand.h>
#include <prometheus/gauge.h>
#include <spdlog/spdlog.h>
#include <uv.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "backlog/journal.h"
#include "backlog/posix_files.h"
#include "config/difference.h"
#include "config/forms.h"
#include "config/load.h"
#include "doors/admin/admin_door.h"
#include "doors/auth/gate.h"
#include "doors/forward/forward_door.h"
#include "doors/http/http_door.h"
#include "relay/descriptors.h"
#include "relay/door_certificates.h"
#include "relay/loop.h"
#include "relay/relay.h"
#include "relay/short_slices.h"
#include "relay/sink_rack.h"
#include "relay/system_clock.h"
#include "relay/thread_worker.h"
#include "relay/uv_mailbox.h"
#include "relay/version.h"
#include "sinks/make_sink.h"

namespace forebay {
namespace {

uint64_t random_seed() {
  uint64_t seed = 0;
  RAND_bytes(reinterpret_cast<unsigned char*>(&seed), sizeof seed);
  return seed;
}

bool is_open_beyond_this_machine(const std::vector<DoorConfig>& doors) {
  return std::any_of(doors.begin(), doors.end(), [](const DoorConfig& door) {
    return door.type == DoorConfig::Type::admin && !is_loopback(door.host);
  });
}

}  // namespace

// Members are in order of construction; they go in the opposite one.
class Assembly {
 public:
  explicit Assembly(const Config& config) : config_(config), gate_(config.tokens), mailbox_(&uv_) {}
  ~Assembly() { close_loop(); }

  int run();

 private:
  bool open_backlog();
  bool recover();
  bool every_queue_is_configured();
  bool number_queues(const Config& config, std::vector<QueueId>* ids, std::string* error);
  bool open_sinks();
  bool open_doors();
  bool watch_signals();
  Reloaded reload();
  void put_in_force(Config fresh, Reloaded* reloaded);
  void begin_stop();
  void check_stop();
  void finish_stop();
  void close_loop();
  [[noreturn]] void die(const std::string& what);

  struct UvLoop {
    UvLoop() { uv_loop_init(&loop); }
    uv_loop_t loop{};
  };

  // The journal is there before the relay that listens to it can be.
  struct Listener : BacklogListener {
    Relay* relay = nullptr;
    void on_committed(uint64_t batch, int error) override { relay->on_committed(batch, error); }
    void on_broken(const std::string& what) override { relay->on_broken(what); }
    void on_synced(Duration took, uint32_t messages) override { relay->on_synced(took, messages); }
  };

  Config config_;  // the file that is in force
  Gate gate_;
  UvLoop uv_owner_;
  uv_loop_t& uv_ = uv_owner_.loop;
  SystemClock clock_;
  UvMailbox mailbox_;
  Listener listener_;
  std::unique_ptr<Files> files_;
  std::unique_ptr<ThreadWorker> commit_worker_, helper_worker_, reader_worker_;
  std::unique_ptr<Journal> journal_;
  std::unique_ptr<Relay> relay_;
  std::unique_ptr<Loop> loop_;
  std::unique_ptr<SinkRack> sinks_;
  std::vector<std::unique_ptr<HttpDoor>> http_doors_;
  std::vector<std::unique_ptr<ForwardDoor>> forward_doors_;
  std::vector<std::unique_ptr<AdminDoor>> admin_doors_;
  DoorCertificates certificates_;
  uv_signal_t sigterm_{}, sigint_{}, sighup_{};
  bool stopping_ = false;
  bool stopped_ = false;
  Instant stop_deadline_ = Instant::never();
};

int Assembly::run() {
  std::signal(SIGPIPE, SIG_IGN);
  raise_descriptor_limit();
  ask_for_short_slices();
  if (!open_backlog() || !open_sinks() || !watch_signals() || !open_doors()) return 1;
  loop_ = std::make_unique<Loop>(&uv_, clock_, [this] {
    relay_->hand_over();
    for (auto& door : http_doors_) door->write_answers();
    for (auto& door : forward_doors_) door->write_answers();
    const Instant next = relay_->turn();
    sinks_->sweep();
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

bool Assembly::open_backlog() {
  if (const int error = open_posix_files(config_.data_dir, &files_)) {
    spdlog::error("cannot use the data_dir {}: {}", config_.data_dir, std::strerror(error));
    return false;
  }
  commit_worker_ = std::make_unique<ThreadWorker>("fb-commit");
  helper_worker_ = std::make_unique<ThreadWorker>("fb-helper");
  reader_worker_ = std::make_unique<ThreadWorker>("fb-reader");
  JournalOptions options;
  options.segment_bytes = config_.journal.segment_bytes;
  options.checkpoint_bytes = config_.journal.checkpoint_bytes;
  options.max_bytes = config_.max_bytes;
  RAND_bytes(reinterpret_cast<unsigned char*>(&options.new_store_id), sizeof options.new_store_id);
  RAND_bytes(options.new_id_key.data(), static_cast<int>(options.new_id_key.size()));
  const JournalPorts ports{*files_, *commit_worker_, *helper_worker_, *reader_worker_, mailbox_, clock_, listener_};
  std::string error;
  if (Journal::open(ports, options, &journal_, &error) != 0) {
    spdlog::error("{}", error);
    return false;
  }
  std::vector<QueueId> queue_ids;
  if (!number_queues(config_, &queue_ids, &error)) {
    spdlog::error("{}", error);
    return false;
  }
  relay_ = std::make_unique<Relay>(config_, queue_ids, *journal_, clock_, random_seed(),
                                   [this](const std::string& what) { die(what); });
  listener_.relay = relay_.get();
  return recover();
}

bool Assembly::number_queues(const Config& config, std::vector<QueueId>* ids, std::string* error) {
  for (const auto& [name, queue] : config.queues) {
    if (const int failed = journal_->queue_id(name, &ids->emplace_back())) {
      *error = "cannot write the names of the queues to " + files_->where() + ": " + std::strerror(failed);
      return false;
    }
  }
  return true;
}

// Straight into the relay: what is told of the messages is nowhere gathered, whatever their number.
bool Assembly::recover() {
  std::string error;
  const auto tell = [this](std::span<const RecoveredMessage> messages) { relay_->recover(messages); };
  if (journal_->recover(tell, &error) != 0) {
    spdlog::error("{}", error);
    return false;
  }
  for (const std::string& complaint : journal_->recovery().complaints) spdlog::error("journal: {}", complaint);
  if (!every_queue_is_configured()) return false;
  relay_->recovered();
  return true;
}

// Nobody would drain, show or purge what waits in a queue that is not there.
bool Assembly::every_queue_is_configured() {
  bool every = true;
  for (const Queue& queue : relay_->core().queues()) {
    if (queue.configured || queue.waiting() + queue.dead == 0) continue;
    spdlog::error(
        "queue \"{}\" is not in the configuration, and {} holds {} waiting messages and {} dead letters of it: put it "
        "back, let it drain or purge it and its dead letters, then take it out",
        journal_->queue_name(queue.id), files_->where(), queue.waiting(), queue.dead);
    every = false;
  }
  return every;
}

bool Assembly::open_sinks() {
  const SinkPorts ports{&uv_, mailbox_, [](const std::string& name) { return std::make_unique<ThreadWorker>(name); }};
  sinks_ = std::make_unique<SinkRack>(relay_->core(), relay_->dispatcher(),
                                      [this, ports](const SinkConfig& sink) -> std::unique_ptr<Sink> {
                                        if (sink.type == "pull") return relay_->pulling().make_sink();
                                        return make_sink(ports, sink, relay_->dispatcher());
                                      });
  relay_->checks().make_sink = [ports](const SinkConfig& sink, SinkListener& listener) {
    return make_sink(ports, sink, listener);
  };
  sinks_->look_again(relay_->running());
  relay_->on_change = [this] { sinks_->look_again(relay_->running()); };
  relay_->overseer().on_reload = [this] { return reload(); };
  relay_->overseer().on_refresh = [this] { certificates_.show(relay_->metrics()); };
  return true;
}

bool Assembly::open_doors() {
  const auto listening = [](const char* what, const DoorConfig& door, int error, uint16_t port) {
    if (error != 0) {
      spdlog::error("{} door: cannot listen on {}: {}", what, address_text(door.host, door.port), uv_strerror(error));
      return false;
    }
    // People and programs that let Forebay choose its ports read these two lines.
    std::printf("%s door on %s\n", what, address_text(door.host, port).c_str());
    std::fflush(stdout);
    return true;
  };
  const DescriptorPlan plan = plan_descriptors(config_, descriptor_limit(), open_descriptors());
  const std::string fewer = explain(plan, config_, descriptor_limit());
  if (!fewer.empty()) spdlog::warn("{}", fewer);
  for (size_t place = 0; place < config_.doors.size(); ++place) {
    DoorConfig door = config_.doors[place];
    const bool is_admin = door.type == DoorConfig::Type::admin;
    door.max_connections =
        std::min(door.max_connections, is_admin ? plan.admin_connections_max : plan.http_connections_max);
    if (door.type == DoorConfig::Type::forward) {
      forward_doors_.push_back(std::make_unique<ForwardDoor>(&uv_, door, relay_->intake(), gate_));
      const int error = forward_doors_.back()->listen();
      if (!listening("forward", door, error, forward_doors_.back()->port())) return false;
      certificates_.add(place, forward_doors_.back()->server());
    } else if (!is_admin) {
      http_doors_.push_back(std::make_unique<HttpDoor>(
          &uv_, door, DoorPorts{relay_->intake(), relay_->pulling(), relay_->streams(), gate_}));
      const int error = http_doors_.back()->listen();
      if (!listening("http", door, error, http_doors_.back()->port())) return false;
      certificates_.add(place, http_doors_.back()->server());
    } else {
      admin_doors_.push_back(
          std::make_unique<AdminDoor>(&uv_, door, relay_->admin(), gate_, [this] { return relay_->metrics().text(); }));
      const int error = admin_doors_.back()->listen();
      if (!listening("admin", door, error, admin_doors_.back()->port())) return false;
      certificates_.add(place, admin_doors_.back()->server());
    }
  }
  return true;
}

bool Assembly::watch_signals() {
  for (auto& [handle, number] : {std::pair{&sigterm_, SIGTERM}, {&sigint_, SIGINT}, {&sighup_, SIGHUP}}) {
    uv_signal_init(&uv_, handle);
    handle->data = this;
    uv_signal_start(
        handle,
        [](uv_signal_t* h, int what) {
          if (what != SIGHUP) return static_cast<Assembly*>(h->data)->begin_stop();
          static_cast<Assembly*>(h->data)->reload();
        },
        number);
  }
  return true;
}

// All of the file or nothing.
Reloaded Assembly::reload() {
  Reloaded reloaded;
  Config fresh;
  if (stopping_) {
    reloaded.errors.push_back({config_.path, 0, 0, "Forebay is stopping", ""});
  } else if (load_config(config_.path, &fresh, &reloaded.errors)) {
    put_in_force(std::move(fresh), &reloaded);
  }
  const bool good = reloaded.errors.empty();
  relay_->metrics().config_reload_success->Set(good ? 1 : 0);
  for (const ConfigError& error : reloaded.errors) spdlog::error("{}", to_string(error));
  if (!good) spdlog::error("the config is not reloaded: nothing changed");
  if (good) spdlog::info("the config is reloaded; applied: {}", fmt::join(reloaded.applied, ", "));
  if (!reloaded.needs_restart.empty()) {
    spdlog::warn("in force only after a restart: {}", fmt::join(reloaded.needs_restart, ", "));
  }
  return reloaded;
}

void Assembly::put_in_force(Config fresh, Reloaded* reloaded) {
  const auto refuse = [&](const std::string& why) { reloaded->errors.push_back({config_.path, 0, 0, why, ""}); };
  Difference changes = difference(config_, fresh);
  keep_until_restart(config_, &fresh);
  fresh.doors = with_fresh_tls(config_.doors, fresh.doors);
  if (fresh.tokens.empty() && is_open_beyond_this_machine(fresh.doors)) {
    return refuse("auth.tokens: the admin door that listens beyond this machine until a restart needs them");
  }
  std::vector<QueueId> queue_ids;
  std::string error = certificates_.read(fresh.doors);
  if (!error.empty()) return refuse(error);
  if (!number_queues(fresh, &queue_ids, &error)) return refuse(error);
  error = relay_->reconfigure(fresh, queue_ids);
  if (!error.empty()) return refuse(error);
  const bool other_tokens = config_.tokens != fresh.tokens;
  config_ = std::move(fresh);
  gate_.look_again(config_.tokens);
  for (auto& door : http_doors_) {
    if (other_tokens) door->tokens_changed();
  }
  reloaded->applied = std::move(changes.applied);
  std::ranges::copy(certificates_.put_in_force(), std::back_inserter(reloaded->applied));
  reloaded->needs_restart = std::move(changes.needs_restart);
}

// A second signal does not wait for what is in flight.
void Assembly::begin_stop() {
  if (std::exchange(stopping_, true)) {
    stop_deadline_ = clock_.now().steady;
    return;
  }
  spdlog::info("stopping: {} attempts in flight", relay_->in_flight());
  stop_deadline_ = clock_.now().steady + config_.shutdown_grace;
  relay_->stop();
  for (auto& door : http_doors_) door->stop_accepting();
  for (auto& door : forward_doors_) door->stop_accepting();
}

void Assembly::check_stop() {
  if (stopped_) return;
  if (relay_->settled() || clock_.now().steady >= stop_deadline_) finish_stop();
}

void Assembly::finish_stop() {
  stopped_ = true;
  if (relay_->in_flight() > 0) {
    spdlog::warn("{} attempts did not end within shutdown_grace; they count as unanswered and are kept",
                 relay_->in_flight());
  }
  relay_->dispatcher().close();
  sinks_->shut_down();
  relay_->checks().shut_down();
  relay_->save_spends();
  journal_->close();
  mailbox_.run_posted();
}

// Every handle is closed and the loop turned until none is left, so that nothing is freed under libuv's feet.
void Assembly::close_loop() {
  if (loop_) loop_->stop();
  for (auto& door : http_doors_) door->close();
  for (auto& door : forward_doors_) door->close();
  for (auto& door : admin_doors_) door->close();
  if (sinks_) sinks_->shut_down();
  if (relay_) relay_->checks().shut_down();
  for (uv_signal_t* handle : {&sigterm_, &sigint_, &sighup_}) {
    if (handle->data != nullptr) uv_close(reinterpret_cast<uv_handle_t*>(handle), nullptr);
  }
  mailbox_.close();
  uv_run(&uv_, UV_RUN_DEFAULT);
  http_doors_.clear();
  forward_doors_.clear();
  admin_doors_.clear();
  sinks_.reset();
  if (relay_) relay_->checks().drop_sinks();
  uv_run(&uv_, UV_RUN_DEFAULT);
}

// Nothing may be acknowledged after a failed sync: what the page cache still holds may never reach the disk, and a
// later sync would not say so.
void Assembly::die(const std::string& what) {
  spdlog::critical("{}", what);
  spdlog::critical(
      "Forebay stops here: what it cannot sync it must not acknowledge. Look at the disk, then start again.");
  spdlog::shutdown();
  std::_Exit(1);
}

int serve(const Config& config) {
  Assembly assembly(config);
  return assembly.run();
}

}  // namespace forebay
