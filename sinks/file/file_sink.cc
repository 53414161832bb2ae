#include "sinks/file/file_sink.h"

#include <algorithm>
#include <cassert>
#include <optional>
#include <utility>

#include "sinks/file/file_line.h"
#include "sinks/wall_clock.h"

namespace forebay {
namespace {

constexpr size_t group_bytes_max = 4 << 20;

Outcome outcome_of(const std::string& wrong) {
  Outcome outcome;
  outcome.kind = wrong.empty() ? Outcome::Kind::delivered : Outcome::Kind::sink_fault;
  outcome.sent = outcome.answered = wrong.empty();
  outcome.reason = wrong.empty() ? "written" : wrong;
  return outcome;
}

}  // namespace

struct FileSink::Shared {
  explicit Shared(Mailbox& m) : mailbox(m) {}
  Mailbox& mailbox;
  LineFile file;                      // the thread's
  std::optional<std::string> result;  // of the write under way: the thread's until it is told of
  FileSink* owner = nullptr;          // the loop's; null: it is gone
};

FileSink::FileSink(const SinkPorts& ports, const SinkConfig& config, SinkListener& listener)
    : listener_(listener),
      shared_(std::make_shared<Shared>(ports.mailbox)),
      worker_(ports.start_worker("fb-file")),
      batcher_(ports.loop, [this](Batcher::Group group) {
        for (Delivery& delivery : group) take(std::move(delivery));
        write_waiting();
      }) {
  shared_->owner = this;
  reconfigure(config);
}

FileSink::~FileSink() {
  shut_down();
}

void FileSink::reconfigure(const SinkConfig& config) {
  config_ = config;
  batcher_.set(std::min(config.batch.max, config.concurrency), config.batch.linger);
}

void FileSink::deliver(Delivery delivery) {
  assert(worker_ != nullptr);
  if (config_.batch.max > 1) return batcher_.add(std::move(delivery));
  take(std::move(delivery));
  write_waiting();
}

void FileSink::take(Delivery delivery) {
  Line& line = waiting_.emplace_back();
  line.ticket = delivery.ticket;
  append_file_line(delivery, wall_now(), &line.text);
}

void FileSink::write_waiting() {
  if (!writing_.empty() || waiting_.empty()) return;
  std::string lines;
  while (!waiting_.empty() && (lines.empty() || lines.size() + waiting_.front().text.size() <= group_bytes_max)) {
    lines += waiting_.front().text;
    writing_.push_back(waiting_.front().ticket);
    waiting_.pop_front();
  }
  worker_->post([shared = shared_, lines = std::move(lines), settings = config_.file, patience = config_.timeout] {
    shared->result = shared->file.append(lines, settings, patience);
    shared->mailbox.post([shared] {
      if (shared->owner != nullptr) shared->owner->written();
    });
  });
}

void FileSink::written() {
  const Outcome outcome = outcome_of(*std::exchange(shared_->result, std::nullopt));
  const std::vector<Ticket> tickets = std::exchange(writing_, {});
  write_waiting();
  for (const Ticket ticket : tickets) listener_.on_outcome(ticket, outcome);
}

void FileSink::shut_down() {
  if (worker_ == nullptr) return;
  shared_->file.interrupt();
  worker_.reset();
  shared_->owner = nullptr;
  Outcome ended;
  ended.sent = false;
  ended.reason = "shut down";
  for (const Ticket ticket : std::exchange(writing_, {})) listener_.on_outcome(ticket, outcome_of(*shared_->result));
  for (const Delivery& delivery : batcher_.close()) listener_.on_outcome(delivery.ticket, ended);
  for (const Line& line : std::exchange(waiting_, {})) listener_.on_outcome(line.ticket, ended);
}

}  // namespace forebay
