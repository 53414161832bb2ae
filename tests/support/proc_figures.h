// What the kernel says of a running process.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>

namespace forebay::testing {

uint64_t rss_bytes(pid_t pid);
uint64_t rss_peak_bytes(pid_t pid);
double cpu_seconds(pid_t pid);  // user and system, all threads, in ticks of 10 ms
size_t open_descriptors(pid_t pid);

}  // namespace forebay::testing
