// FileSink: messages as lines of JSON (file_line.h), appended to a file (line_file.h) by a thread of its own.
//
// A message is delivered once its line is on disk. What comes while a write and its sync are running is written
// together after it. Whatever the file system refuses (full, not allowed, gone) is the sink's fault: no message dies of
// it, and the breaker probes until it is over. With `batch` the first message waits for others before it is written.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "config/config.h"
#include "sinks/batcher.h"
#include "sinks/file/line_file.h"
#include "sinks/sink.h"
#include "sinks/sink_ports.h"

namespace forebay {

class FileSink : public Sink {
 public:
  FileSink(const SinkPorts& ports, const SinkConfig& config, SinkListener& listener);
  ~FileSink() override;

  void deliver(Delivery delivery) override;
  void reconfigure(const SinkConfig& config) override;
  // Waits for a write under way, whose outcome is then its own.
  void shut_down() override;

 private:
  struct Line {
    Ticket ticket;
    std::string text;
  };
  // What the thread and the loop share; it outlives the sink in tasks that are still posted.
  struct Shared;

  void take(Delivery delivery);
  void write_waiting();
  void written();

  SinkListener& listener_;
  SinkConfig config_;
  std::shared_ptr<Shared> shared_;
  std::unique_ptr<Worker> worker_;  // null: shut down
  Batcher batcher_;
  std::deque<Line> waiting_;
  std::vector<Ticket> writing_;
};

}  // namespace forebay
