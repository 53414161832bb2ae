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
// Bytes written, by all processes, to the block device below `directory`; 0: not known. True on a quiet machine only.
// (The kernel's count of a process is no better: with large folios write_bytes counts a whole folio for each write into
// it, so that small synced writes look many times their size.)
uint64_t device_written(const std::string& directory);

// A TCP port of loopback that was free a moment ago, for servers that cannot choose one themselves.
uint16_t free_port();

// Appends 512 bytes to a zero-filled file in `directory` and syncs them, one after the other; milliseconds
// each.
std::vector<double> bare_syncs_ms(const std::string& directory, double seconds_max, size_t count_max, int pause_ms);

}  // namespace forebay::bench
