// What consumers send: an answer, and nothing that was not in bounds. The first byte says which call it is.
#include <cassert>

#include "doors/http/pull_requests.h"
#include "tests/fuzz/input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace forebay;
  if (size == 0) return 0;
  const std::string body = fuzz::padded(data + 1, size - 1);
  if (data[0] % 4 == 3) {
    const auto read = read_lease_request(body);
    if (const auto* lease = std::get_if<LeaseRequest>(&read)) {
      assert(lease->max >= 1 && lease->max <= lease_messages_max);
      assert(lease->wait <= lease_wait_max);
      assert(!lease->lease || (*lease->lease >= lease_min && *lease->lease <= lease_max));
    }
    return 0;
  }
  const auto read = read_lease_change(body, static_cast<LeaseVerb>(data[0] % 4));
  if (const auto* change = std::get_if<LeaseChange>(&read)) {
    assert(!change->lease_ids.empty() && change->lease_ids.size() <= lease_ids_max);
    for (const std::string& id : change->lease_ids) fuzz::look_at(id);
    assert(!change->lease || (*change->lease >= lease_min && *change->lease <= lease_max));
  }
  return 0;
}
