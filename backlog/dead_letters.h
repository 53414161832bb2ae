// DeadLetters: by sequence, in groups of neighbours. As with SequenceTable a copy is a picture of that
// moment and costs a pointer a group: groups are shared until the original changes one. The same rule of
// threads.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <utility>

#include "backlog/backlog.h"

namespace forebay {

class DeadLetters {
 public:
  void put(DeadLetter letter) {
    Group& group = own(groups_[letter.sequence / sequences_per_group]);
    const Sequence sequence = letter.sequence;
    size_ += group.insert_or_assign(sequence, std::move(letter)).second;
  }

  // False: there is none.
  bool erase(Sequence sequence) {
    const auto at = groups_.find(sequence / sequences_per_group);
    if (at == groups_.end() || !at->second->contains(sequence)) return false;
    Group& group = own(at->second);
    group.erase(sequence);
    if (group.empty()) groups_.erase(at);
    --size_;
    return true;
  }

  const DeadLetter* find(Sequence sequence) const {
    const auto at = groups_.find(sequence / sequences_per_group);
    if (at == groups_.end()) return nullptr;
    const auto letter = at->second->find(sequence);
    return letter == at->second->end() ? nullptr : &letter->second;
  }

  // f(const DeadLetter&), rising.
  template <class F>
  void for_each(F&& f) const {
    for (const auto& [number, group] : groups_) {
      for (const auto& [sequence, letter] : *group) f(letter);
    }
  }

  uint64_t size() const { return size_; }

 private:
  static constexpr Sequence sequences_per_group = 256;
  using Group = std::map<Sequence, DeadLetter>;

  static Group& own(std::shared_ptr<Group>& group) {
    if (!group) {
      group = std::make_shared<Group>();
    } else if (group.use_count() > 1) {
      group = std::make_shared<Group>(*group);
    }
    return *group;
  }

  std::map<uint64_t, std::shared_ptr<Group>> groups_;
  uint64_t size_ = 0;
};

}  // namespace forebay
