// ProcessCollector: the standard process_* metrics, read from /proc when refreshed.
// It holds its files in /proc open from the start, so that it still answers when descriptors have run out.
// What cannot be read keeps its last value.
#pragma once

#include <dirent.h>

#include <cstdint>
#include <optional>
#include <string_view>

namespace prometheus {
class Counter;
class Gauge;
class Registry;
}  // namespace prometheus

namespace forebay {

// From the fields of /proc/[pid]/stat, see proc(5).
struct ProcessStat {
  uint64_t cpu_ticks = 0;    // utime + stime
  uint64_t start_ticks = 0;  // after boot
  uint64_t virtual_bytes = 0;
  uint64_t resident_pages = 0;
};

// nullopt: not in that form. The command's name may hold anything, spaces and parentheses too.
std::optional<ProcessStat> parse_process_stat(std::string_view text);

// The line "btime N" of /proc/stat: when the machine came up, in Unix seconds.
std::optional<uint64_t> parse_boot_time(std::string_view text);

class ProcessCollector {
 public:
  explicit ProcessCollector(prometheus::Registry& registry);
  ~ProcessCollector();
  ProcessCollector(const ProcessCollector&) = delete;
  ProcessCollector& operator=(const ProcessCollector&) = delete;

  // Not on the loop thread: it lists every open descriptor.
  void refresh();

 private:
  void refresh_stat();
  void refresh_descriptors();

  int stat_fd_ = -1;
  DIR* descriptors_ = nullptr;
  uint64_t boot_time_ = 0;
  prometheus::Counter* cpu_seconds_;
  prometheus::Gauge *open_fds_, *max_fds_, *virtual_bytes_, *resident_bytes_, *start_time_;
};

}  // namespace forebay
