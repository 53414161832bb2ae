#include "journal_rig.h"

namespace forebay {
namespace {

class MemoryFile : public File {
 public:
  MemoryFile(MemoryFiles& files, std::string name, std::shared_ptr<MemoryFiles::Node> node)
      : files_(files), name_(std::move(name)), node_(std::move(node)) {}

  int write_at(uint64_t offset, std::span<const std::byte> bytes) override {
    ++files_.writes;
    if (files_.on_write) {
      if (const int error = files_.on_write(name_, offset, bytes.size())) return error;
    }
    if (const int error = files_.grow(*node_, offset + bytes.size())) return error;
    if (!bytes.empty()) std::memcpy(node_->bytes.data() + offset, bytes.data(), bytes.size());
    return 0;
  }
  int read_at(uint64_t offset, std::span<std::byte> bytes, size_t* read) override {
    ++files_.reads;
    if (files_.on_read) {
      if (const int error = files_.on_read(name_)) return error;
    }
    const uint64_t size = node_->bytes.size();
    *read = offset >= size ? 0 : std::min<uint64_t>(bytes.size(), size - offset);
    if (*read > 0) std::memcpy(bytes.data(), node_->bytes.data() + offset, *read);
    return 0;
  }
  int sync() override {
    ++files_.syncs;
    return files_.on_sync ? files_.on_sync(name_) : 0;
  }
  int allocate(uint64_t bytes) override {
    if (files_.on_allocate) {
      if (const int error = files_.on_allocate(name_, bytes)) return error;
    }
    return files_.grow(*node_, bytes);
  }
  int truncate(uint64_t bytes) override {
    if (bytes < node_->bytes.size()) node_->bytes.resize(bytes);
    return files_.grow(*node_, bytes);
  }
  int size(uint64_t* bytes) override { return *bytes = node_->bytes.size(), 0; }

 private:
  MemoryFiles& files_;
  std::string name_;
  std::shared_ptr<MemoryFiles::Node> node_;
};

}  // namespace

int MemoryFiles::open(std::string_view name, Mode mode, std::unique_ptr<File>* file) {
  auto at = nodes.find(name);
  if (at == nodes.end() && mode == Mode::open_existing) return ENOENT;
  if (at != nodes.end() && mode == Mode::create_new) return EEXIST;
  if (at == nodes.end()) at = nodes.emplace(std::string(name), std::make_shared<Node>()).first;
  *file = std::make_unique<MemoryFile>(*this, std::string(name), at->second);
  return 0;
}

int MemoryFiles::rename(std::string_view from, std::string_view to) {
  const auto at = nodes.find(from);
  if (at == nodes.end()) return ENOENT;
  nodes[std::string(to)] = at->second;
  nodes.erase(at);
  return 0;
}

int MemoryFiles::remove(std::string_view name) {
  const auto at = nodes.find(name);
  if (at == nodes.end()) return ENOENT;
  nodes.erase(at);
  return 0;
}

int MemoryFiles::list(std::vector<std::string>* names) {
  names->clear();
  for (const auto& [name, node] : nodes) names->push_back(name);
  return 0;
}

int MemoryFiles::lock(std::string_view) {
  if (*locked) return EWOULDBLOCK;
  *locked = true;
  return 0;
}

MemoryFiles MemoryFiles::copy() const {
  MemoryFiles copied;
  for (const auto& [name, node] : nodes) copied.nodes[name] = std::make_shared<Node>(*node);
  return copied;
}

uint64_t MemoryFiles::total_bytes() const {
  uint64_t total = 0;
  for (const auto& [name, node] : nodes) total += node->bytes.size();
  return total;
}

int MemoryFiles::grow(Node& node, uint64_t bytes) {
  if (bytes <= node.bytes.size()) return 0;
  if (capacity != UINT64_MAX && total_bytes() + bytes - node.bytes.size() > capacity) return ENOSPC;
  node.bytes.resize(bytes);
  return 0;
}

int Rig::open() {
  recovered.clear();
  const JournalPorts ports{files, commit_worker, helper, reader, loop, clock, *this};
  if (const int failed = Journal::open(ports, options, &journal, &error)) return failed;
  const auto keep = [this](std::span<const RecoveredMessage> messages) {
    recovered.insert(recovered.end(), messages.begin(), messages.end());
  };
  const int failed = journal->recover(keep, &error);
  if (failed != 0) journal.reset();
  return failed;
}

void Rig::run_all() {
  while (loop.step() || commit_worker.step() || reader.step() || helper.step()) {
  }
}

bool Rig::step_random(std::mt19937_64& random) {
  StepWorker* const workers[] = {&loop, &commit_worker, &reader, &helper};
  for (uint64_t i = 0, first = random(); i < 4; ++i) {
    if (workers[(first + i) % 4]->step()) return true;
  }
  return false;
}

Sequence Rig::append(const std::string& body, QueueId queue, MessageFacts facts) {
  facts.sequence = journal->next_sequence();
  facts.queue = queue;
  facts.accepted_ms = clock.now().wall.ms();
  facts.bytes = static_cast<uint32_t>(body.size() + 4);
  journal->append({&facts, 1}, "meta", body);
  return facts.sequence;
}

uint64_t Rig::commit() {
  const uint64_t batch = journal->open_batch();
  journal->flush();
  run_all();
  return batch;
}

void Rig::rest() {
  commit();
  clock.time = clock.time + settles_wait;
  commit();
}

std::string Rig::fetch(Sequence sequence) {
  std::string body = "nothing";
  journal->fetch(sequence, [&](int failed, StoredMessage message) {
    body = failed != 0 ? "errno " + std::to_string(failed) : std::string(message.body);
  });
  run_all();
  return body;
}

}  // namespace forebay
