#include <algorithm>

#include "sim/checkers.h"

namespace forebay::sim {

Ledger::Row& Ledger::at(Sequence sequence) {
  if (sequence >= rows_.size()) rows_.resize(std::max<size_t>(sequence + 1, rows_.size() * 3 / 2));
  return rows_[sequence];
}

void Ledger::came(const Event& event) {
  Row& row = at(event.sequence);
  // A number that nobody was told of is given again after a crash, and only then.
  if (row.accepted || row.came_in == life_) complain(event.now, "message {} has the number of another", event.sequence);
  row = {};
  row.came_in = life_;
}

void Ledger::accepted(const Event& event) {
  Row& row = at(event.sequence);
  if (row.came_in != life_) complain(event.now, "message {} is acknowledged, and never came", event.sequence);
  if (row.accepted) complain(event.now, "message {} is acknowledged twice", event.sequence);
  row.accepted = true;
}

void Ledger::sent(const Event& event) {
  Row& row = at(event.sequence);
  if (row.came_in == 0) complain(event.now, "message {} is sent, and never came", event.sequence);
  // A kill can leave a message on the disk that was never acknowledged: it is taken back, and sent.
  if (row.came_in == life_ && !row.accepted)
    complain(event.now, "message {} is sent before it is durable", event.sequence);
  if (row.ended_in == life_) complain(event.now, "message {} is sent after it ended", event.sequence);
  if (row.ended_in != 0) ++again_;
  row.dead = false;  // replayed
}

void Ledger::finished(const Event& event, const char* how) {
  Row& row = at(event.sequence);
  if (row.came_in == 0) complain(event.now, "message {} is {}, and never came", event.sequence, how);
  if (row.ended_in == life_) complain(event.now, "message {} is {} after it ended", event.sequence, how);
  row.ended_in = life_;
}

void Ledger::finish(World& world) {
  for (Sequence sequence = 1; sequence < rows_.size(); ++sequence) {
    const Row& row = rows_[sequence];
    if (!row.accepted || row.ended_in != 0) continue;
    const bool known = world.up() ? world.core().entry(sequence) != nullptr : world.backlog().find(sequence) != nullptr;
    if (!known) complain(world.now(), "message {} was acknowledged and is lost", sequence);
  }
}

}  // namespace forebay::sim
