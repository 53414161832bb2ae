// A checkpoint's content: read, or refused.
#include "backlog/checkpoint.h"
#include "tests/fuzz/input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace forebay;
  Checkpoint checkpoint;
  if (!decode_checkpoint(fuzz::bytes(data, size), &checkpoint)) return 0;
  checkpoint.dead.for_each([](const DeadLetter& letter) { fuzz::look_at(letter.reason); });
  for (const auto& [name, value] : checkpoint.notes) fuzz::look_at(name), fuzz::look_at(value);
  return 0;
}
