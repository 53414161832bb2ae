#include "relay/process_collector.h"

#include <fcntl.h>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <fstream>
#include <sstream>
#include <string>

namespace forebay {
namespace {

std::optional<uint64_t> to_number(std::string_view text) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string_view next_field(std::string_view& rest) {
  const size_t begin = std::min(rest.find_first_not_of(" \n"), rest.size());
  const size_t end = std::min(rest.find_first_of(" \n", begin), rest.size());
  const std::string_view field = rest.substr(begin, end - begin);
  rest.remove_prefix(end);
  return field;
}

prometheus::Gauge* gauge(prometheus::Registry& registry, const char* name, const char* help) {
  return &prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add({});
}

uint64_t read_boot_time() {
  std::ifstream file("/proc/stat");
  std::stringstream text;
  text << file.rdbuf();
  return parse_boot_time(text.str()).value_or(0);
}

}  // namespace

std::optional<ProcessStat> parse_process_stat(std::string_view text) {
  const size_t name_end = text.rfind(')');
  if (name_end == std::string_view::npos) return std::nullopt;
  std::string_view rest = text.substr(name_end + 1);
  std::array<std::optional<uint64_t>, 25> field;  // numbered from 1, as in proc(5); 3 is the state, a letter
  next_field(rest);
  for (size_t i = 4; i < field.size(); i++) field[i] = to_number(next_field(rest));
  if (!field[14] || !field[15] || !field[22] || !field[23] || !field[24]) return std::nullopt;
  return ProcessStat{*field[14] + *field[15], *field[22], *field[23], *field[24]};
}

std::optional<uint64_t> parse_boot_time(std::string_view text) {
  constexpr std::string_view label = "\nbtime ";
  const size_t at = text.find(label);
  if (at == std::string_view::npos) return std::nullopt;
  std::string_view rest = text.substr(at + label.size());
  return to_number(next_field(rest));
}

ProcessCollector::ProcessCollector(prometheus::Registry& r)
    : stat_fd_(open("/proc/self/stat", O_RDONLY | O_CLOEXEC)),
      descriptors_(opendir("/proc/self/fd")),
      boot_time_(read_boot_time()),
      cpu_seconds_(&prometheus::BuildCounter()
                        .Name("process_cpu_seconds_total")
                        .Help("CPU time spent, user and system.")
                        .Register(r)
                        .Add({})),
      open_fds_(gauge(r, "process_open_fds", "Open file descriptors.")),
      max_fds_(gauge(r, "process_max_fds", "The bound on open file descriptors.")),
      virtual_bytes_(gauge(r, "process_virtual_memory_bytes", "Virtual memory.")),
      resident_bytes_(gauge(r, "process_resident_memory_bytes", "Resident memory.")),
      start_time_(gauge(r, "process_start_time_seconds", "When the process started, in Unix seconds.")) {
  refresh();
}

ProcessCollector::~ProcessCollector() {
  if (stat_fd_ >= 0) close(stat_fd_);
  if (descriptors_ != nullptr) closedir(descriptors_);
}

void ProcessCollector::refresh() {
  refresh_stat();
  refresh_descriptors();
}

void ProcessCollector::refresh_stat() {
  std::array<char, 1024> buffer;
  const ssize_t n = pread(stat_fd_, buffer.data(), buffer.size(), 0);
  if (n <= 0) return;
  const auto stat = parse_process_stat({buffer.data(), static_cast<size_t>(n)});
  if (!stat) return;
  const double tick = 1.0 / static_cast<double>(sysconf(_SC_CLK_TCK));
  const double more_cpu = static_cast<double>(stat->cpu_ticks) * tick - cpu_seconds_->Value();
  if (more_cpu > 0) cpu_seconds_->Increment(more_cpu);
  virtual_bytes_->Set(static_cast<double>(stat->virtual_bytes));
  resident_bytes_->Set(static_cast<double>(stat->resident_pages) * static_cast<double>(sysconf(_SC_PAGESIZE)));
  start_time_->Set(static_cast<double>(boot_time_) + static_cast<double>(stat->start_ticks) * tick);
}

void ProcessCollector::refresh_descriptors() {
  rlimit bound{};
  if (getrlimit(RLIMIT_NOFILE, &bound) == 0) max_fds_->Set(static_cast<double>(bound.rlim_cur));
  if (descriptors_ == nullptr) return;
  rewinddir(descriptors_);
  int open_count = 0;
  while (const dirent* entry = readdir(descriptors_)) {
    if (entry->d_name[0] != '.') open_count++;
  }
  if (open_count > 0) open_fds_->Set(open_count);
}

}  // namespace forebay
