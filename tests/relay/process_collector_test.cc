#include "relay/process_collector.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <prometheus/registry.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <vector>

namespace forebay {
namespace {

double value_of(const prometheus::Registry& registry, const std::string& name) {
  for (const auto& family : registry.Collect()) {
    if (family.name != name) continue;
    const auto& metric = family.metric.at(0);
    return family.type == prometheus::MetricType::Counter ? metric.counter.value : metric.gauge.value;
  }
  ADD_FAILURE() << name << " is not there";
  return -1;
}

TEST(ProcessCollector, ParsesStatWhateverTheCommandIsCalled) {
  const auto stat = parse_process_stat(
      "4711 (a) b (c) S 1 2 3 0 -1 4194304 5 6 7 8 250 50 0 0 20 0 9 0 123456 987654321 4321 "
      "18446744073709551615 "
      "1 1\n");
  ASSERT_TRUE(stat);
  EXPECT_EQ(stat->cpu_ticks, 300u);
  EXPECT_EQ(stat->start_ticks, 123456u);
  EXPECT_EQ(stat->virtual_bytes, 987654321u);
  EXPECT_EQ(stat->resident_pages, 4321u);
}

TEST(ProcessCollector, RefusesWhatIsNoStat) {
  EXPECT_FALSE(parse_process_stat(""));
  EXPECT_FALSE(parse_process_stat("4711 forebay S 1 2 3"));
  EXPECT_FALSE(parse_process_stat("4711 (forebay) S 1 2 3"));
  EXPECT_FALSE(parse_process_stat("1 (x) S 1 2 3 0 -1 4194304 5 6 7 8 many 50 0 0 20 0 9 0 1 2 3\n"));
}

TEST(ProcessCollector, FindsTheBootTime) {
  EXPECT_EQ(parse_boot_time("cpu 1 2\nctxt 3\nbtime 1700000000\nprocesses 4\n"), 1'700'000'000u);
  EXPECT_FALSE(parse_boot_time("cpu 1 2\n"));
  EXPECT_FALSE(parse_boot_time("cpu 1\nbtime soon\n"));
}

TEST(ProcessCollector, DescribesThisProcess) {
  prometheus::Registry registry;
  ProcessCollector collector(registry);
  collector.refresh();
  EXPECT_GT(value_of(registry, "process_resident_memory_bytes"), 1 << 20);
  EXPECT_GT(value_of(registry, "process_virtual_memory_bytes"), value_of(registry, "process_resident_memory_bytes"));
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const double now_seconds = std::chrono::duration<double>(now).count();
  // The kernel rounds the boot time to seconds, and start-up may be long ago under a debugger.
  EXPECT_NEAR(value_of(registry, "process_start_time_seconds"), now_seconds, 3600);
  EXPECT_LE(value_of(registry, "process_start_time_seconds"), now_seconds + 2);
}

TEST(ProcessCollector, CountsDescriptorsAlsoWhenThereAreNoneLeft) {
  prometheus::Registry registry;
  ProcessCollector collector(registry);
  const double before = value_of(registry, "process_open_fds");
  rlimit old{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &old), 0);
  const rlimit small{.rlim_cur = 64, .rlim_max = old.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &small), 0);
  std::vector<int> opened;
  while (true) {
    const int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (fd < 0) break;
    opened.push_back(fd);
  }
  ASSERT_FALSE(opened.empty());
  collector.refresh();
  EXPECT_EQ(value_of(registry, "process_open_fds"), before + static_cast<double>(opened.size()));
  EXPECT_EQ(value_of(registry, "process_max_fds"), 64);
  for (int fd : opened) close(fd);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &old), 0);
}

TEST(ProcessCollector, CpuTimeRises) {
  prometheus::Registry registry;
  ProcessCollector collector(registry);
  const double before = value_of(registry, "process_cpu_seconds_total");
  while (value_of(registry, "process_cpu_seconds_total") <= before) collector.refresh();
}

}  // namespace
}  // namespace forebay
