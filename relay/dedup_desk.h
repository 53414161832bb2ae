// DedupDesk: knows duplicates by their Idempotency-Key, where the queue or topic says `dedup`.
//
// Of each call, before anything is admitted, look() says which messages are new. A key may be
//   - that of a message earlier in the same call: its answer is that one's;
//   - under way to the disk with another call: this one waits for that write, and fails if it fails;
//   - on the disk: this call waits for the reading of it, which is the reader's; nothing here blocks;
//   - none that is known: new.
// A call that waits is kept as a copy, and looked at again, from the beginning, by `resume`. So whatever was
// acknowledged is found, and what was never kept is not. All calls and callbacks are on the loop thread.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "backlog/backlog.h"
#include "config/config.h"
#include "doors/intake.h"
#include "relay/core.h"
#include "relay/dedup_key.h"
#include "relay/kept_messages.h"
#include "relay/message_id.h"
#include "relay/metrics.h"

namespace forebay {

class DedupDesk {
 public:
  static constexpr size_t waiting_bytes_max = 32u << 20;  // of calls that wait

  DedupDesk(Core& core, Backlog& backlog, MessageIds& ids, const Metrics& metrics);

  // The config in force: who remembers keys, and how long.
  void follow(const Config& config);
  // Publishes a call that waited, as Intake::publish.
  std::function<std::optional<Problem>(std::span<const NewMessage>, uint64_t token, PublishListener&)> resume;

  struct Look {
    std::optional<Problem> refused;
    bool waits = false;  // it is kept, and will be resumed or refused: nothing more is to be done
    std::span<const NewMessage> fresh;
  };
  Look look(std::span<const NewMessage> messages, uint64_t token, PublishListener& listener, Now now);
  // The fresh ones were appended to the open batch; `accepted` one each a copy, as `facts`. Returns all that the call
  // is answered with, duplicates included.
  std::span<const AcceptedMessage> answer(std::span<const MessageFacts> facts,
                                          std::span<const AcceptedMessage> accepted);

  // As reported by the backlog, in order; after the core and the producers were told.
  void committed(uint64_t batch, int error, const std::string& why);
  void forget(PublishListener& listener);
  uint64_t waiting() const { return calls_.size(); }

 private:
  // A message of the call under way.
  struct Line {
    enum class Is : uint8_t { plain, fresh, again, known } is = Is::plain;
    DedupKey key;
    Duration window;     // 0: its key is not remembered
    uint32_t place = 0;  // fresh, plain: among the fresh ones; again: the line it repeats
    std::optional<RememberedKey> known;
  };
  struct Reading {
    uint64_t key = 0;
    std::vector<KeyPlace> places;
    std::vector<RememberedKey> found;
  };
  struct Call {
    Call(std::span<const NewMessage> call, uint64_t t, PublishListener& l) : messages(call), token(t), listener(&l) {}
    KeptMessages messages;
    uint64_t token;
    PublishListener* listener;
    uint64_t number = 0;
    size_t bytes = 0;
    uint64_t batch = 0;  // waits for it; 0: for its readings
    size_t unread = 0;
    int error = 0;
    std::vector<Reading> readings;
  };
  struct Missing {
    uint64_t batch = 0;
    std::vector<Reading> readings;
    bool any() const { return batch > 0 || !readings.empty(); }
  };

  Duration window_of(const NewMessage& message) const;
  bool read_lines(std::span<const NewMessage> messages);
  std::optional<Problem> find(std::span<const NewMessage> messages, Missing* missing);
  void find_one(Line& line, Missing* missing);
  std::optional<Problem> reused(const NewMessage& message) const;
  std::optional<Problem> no_room(std::span<const NewMessage> messages) const;
  std::span<const NewMessage> fresh_of(std::span<const NewMessage> messages);
  Look wait(std::span<const NewMessage> messages, uint64_t token, PublishListener& listener, Missing missing);
  void read(Call& call);
  void have_read(uint64_t number, size_t which, int error, std::vector<RememberedKey> found);
  void go_on(uint64_t number);
  void refuse(uint64_t number, const Problem& problem);
  std::unique_ptr<Call> take(uint64_t number);
  void remember(const Line& line, std::span<const MessageFacts> facts);
  void answer_known(const RememberedKey& known, uint32_t line);
  void count(const AcceptedMessage& copy) const;
  std::string_view name_of(QueueId queue);

  Core& core_;
  Backlog& backlog_;
  MessageIds& ids_;
  const Metrics& metrics_;
  std::map<std::string, Duration, std::less<>> queues_, topics_;  // those with a window
  std::map<QueueId, std::string> names_;                          // what AcceptedMessage::queue views

  absl::flat_hash_map<uint64_t, uint64_t> under_way_;               // key: the batch it is on its way in
  std::deque<std::pair<uint64_t, std::vector<uint64_t>>> batches_;  // those keys by batch, rising
  std::list<std::unique_ptr<Call>> calls_;                          // in order of coming
  uint64_t next_number_ = 1;
  size_t waiting_bytes_ = 0;
  const Call* resumed_ = nullptr;

  // Of the call under way; kept for their capacity.
  std::vector<Line> lines_;
  bool plain_ = true;
  Now now_;
  std::vector<NewMessage> fresh_;
  std::vector<AcceptedMessage> answer_;
};

}  // namespace forebay
