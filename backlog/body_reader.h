// BodyReader: messages back from the disk, shortly before they are sent. Answers come later, on the loop
// thread. One job at a time goes to the reader worker; what is asked for meanwhile is gathered, sorted by
// place and read together where it lies close together. A segment being read is pinned, so that it is not
// recycled; what waits for its turn is looked up again when that comes, because it may have moved.
// EBADMSG is an answer about what the disk holds; memory that does not hold a message is passed over.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "backlog/backlog.h"
#include "backlog/body_window.h"
#include "backlog/catalog.h"
#include "backlog/record.h"
#include "backlog/task_line.h"

namespace forebay {

class BodyReader {
 public:
  BodyReader(Files& files, Worker& reader, Inbox& inbox, Catalog& catalog, uint64_t window_bytes);
  ~BodyReader();

  std::optional<StoredMessage> held(Sequence sequence);
  void fetch(Sequence sequence, Backlog::Fetched done);
  void prefetch(std::span<const Sequence> sequences);
  // Message records just written, so that they need not be read.
  void keep_written(uint32_t slot, uint32_t offset, std::span<const std::byte> bytes,
                    std::shared_ptr<const void> owner) {
    written_.keep(slot, offset, bytes, std::move(owner));
  }
  // A slot that was recycled (its file stays) or removed.
  void forget(uint32_t slot);
  void forget_file(uint32_t slot);
  void stop() { line_.stop(); }

 private:
  struct Want {
    Sequence sequence = 0;
    Place place;
    Backlog::Fetched done;  // none: reading ahead
  };
  struct Stretch {
    uint32_t slot = 0;
    uint64_t begin = 0, end = 0;
    std::shared_ptr<ByteBuffer> bytes;
    int error = 0;
  };
  using Job = std::vector<Stretch>;
  class OpenFiles;

  std::pair<std::span<const std::byte>, std::shared_ptr<const void>> bytes_of(const Place& place) const;
  std::optional<StoredMessage> message_in(std::span<const std::byte> bytes, std::shared_ptr<const void> owner,
                                          Sequence sequence);
  void answer(const Want& want, StoredMessage message);
  void fail(const Want& want, int error);
  void look_up_again();
  void later(std::function<void()> answer);
  void start();
  Job plan() const;
  void read_done(const std::shared_ptr<Job>& job);
  void settle_want(const Want& want, const Job& job);

  Inbox& inbox_;
  Catalog& catalog_;
  BodyWindow written_;
  BodyWindow read_;
  const uint64_t ahead_bytes_max_;
  std::vector<Want> wanted_;
  std::vector<Want> reading_;
  bool busy_ = false;
  std::vector<std::function<void()>> answers_;
  Record record_;
  std::unique_ptr<OpenFiles> files_;  // the reader worker's
  TaskLine line_;
};

}  // namespace forebay
