// journal_speed [MESSAGES] [DIR]: how fast the journal takes 300-byte messages in, comes back, and what that
// costs.
#include <fmt/core.h>
#include <sys/resource.h>

#include <cstdlib>
#include <fstream>

#include "threaded_rig.h"

namespace forebay {
namespace {

constexpr int batch_messages = 256;

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

uint64_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  uint64_t total = 0, resident = 0;
  statm >> total >> resident;
  return resident * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

void append_one(Journal& journal, const std::string& body) {
  MessageFacts facts;
  facts.sequence = journal.next_sequence();
  facts.queue = 1;
  facts.accepted_ms = 1'700'000'000'000;
  facts.bytes = static_cast<uint32_t>(body.size());
  journal.append({&facts, 1}, "", body);
}

int run(uint64_t messages, const std::string& path) {
  const std::string body(300, 'x');
  {
    ThreadedRig rig(path);
    if (rig.open() != 0) return fmt::print("{}\n", rig.error), 1;
    const uint64_t before = resident_bytes();
    const auto start = std::chrono::steady_clock::now();
    double in_append = 0;
    for (uint64_t i = 0; i < messages; i += batch_messages) {
      const auto appending = std::chrono::steady_clock::now();
      for (int k = 0; k < batch_messages; ++k) append_one(*rig.journal, body);
      in_append += seconds_since(appending);
      rig.journal->flush();
      rig.loop.turn(Instant{});
      while (rig.journal->open_batch() > rig.last_batch + 64) rig.loop.turn(Instant::never());
    }
    rig.commit();
    const double took = seconds_since(start);
    const auto figures = rig.journal->figures();
    fmt::print("append, loop thread only     {:>12.0f} messages/s\n", messages / in_append);
    fmt::print("append to durable            {:>12.0f} messages/s, {} syncs\n", messages / took, rig.syncs);
    fmt::print("bytes written while growing  {:>12.2f} x payload\n",
               static_cast<double>(figures.bytes_written) / (static_cast<double>(messages) * 300));
    fmt::print("index                        {:>12.2f} bytes a message\n",
               static_cast<double>(rig.journal->index_bytes()) / static_cast<double>(messages));
    fmt::print("resident beyond the start    {:>12.1f} MiB\n",
               static_cast<double>(resident_bytes() - before) / (1 << 20));
  }
  {
    ThreadedRig rig(path);
    const auto start = std::chrono::steady_clock::now();
    if (rig.open() != 0) return fmt::print("{}\n", rig.error), 1;
    fmt::print("recovery after a kill        {:>12.3f} s, {} messages, {} frames replayed\n", seconds_since(start),
               rig.recovered_messages, rig.journal->recovery().replayed_frames);
  }
  return 0;
}

}  // namespace
}  // namespace forebay

int main(int argc, char** argv) {
  const uint64_t messages = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
  if (argc > 2) return forebay::run(messages, argv[2]);
  const forebay::ScratchDirectory directory;
  return forebay::run(messages, directory.path());
}
