// What the kernel says of a process, and what the disk does by itself.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace forebay::bench {

int64_t steady_ns();
double cpu_seconds(pid_t pid);  // user and system, all threads (/proc/PID/stat)
// What the process's first thread, its loop, has waited for a processor while it could have run
// (/proc/PID/schedstat): what other programs on this machine did to a figure.
double waited_seconds(pid_t pid);
uint64_t rss_bytes(pid_t pid);       // VmRSS
uint64_t rss_peak_bytes(pid_t pid);  // VmHWM
// Three views of what is written. Kernels with large folios count a whole folio in write_bytes for each write
// into it, so that small synced writes look many times their size: the device's own count is the true one on
// a quiet machine.
struct Written {
  uint64_t device = 0;       // by all processes, to the block device below `directory`; 0: not known
  uint64_t write_bytes = 0;  // pages that the process made dirty
  uint64_t wchar = 0;        // passed to write calls, of sockets too
};
Written written(pid_t pid, const std::string& directory);

// A TCP port of loopback that was free a moment ago, for servers that cannot choose one themselves.
uint16_t free_port();

// Appends 512 bytes to a zero-filled file in `directory` and syncs them, one after the other; milliseconds
// each.
std::vector<double> bare_syncs_ms(const std::string& directory, double seconds_max, size_t count_max, int pause_ms);

}  // namespace forebay::bench
