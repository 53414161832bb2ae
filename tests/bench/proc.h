// What the kernel says of a process, and what the disk does by itself.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace forebay::bench {

int64_t steady_ns();
double cpu_seconds(pid_t pid);       // user and system, all threads (/proc/PID/stat)
uint64_t rss_bytes(pid_t pid);       // VmRSS
uint64_t rss_peak_bytes(pid_t pid);  // VmHWM
struct Written {
  uint64_t write_bytes = 0;  // sent towards the disk, whole pages
  uint64_t wchar = 0;        // passed to write calls
};
Written written(pid_t pid);

// A TCP port of loopback that was free a moment ago, for servers that cannot choose one themselves.
uint16_t free_port();

// Appends 512 bytes to a zero-filled file in `directory` and syncs them, one after the other; milliseconds each.
std::vector<double> bare_syncs_ms(const std::string& directory, double seconds_max, size_t count_max, int pause_ms);

}  // namespace forebay::bench
