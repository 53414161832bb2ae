// Lines, rounds and counts against plain models of them.
#include "relay/flow_table.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <deque>
#include <map>

#include "relay/class_order.h"
#include "relay/length_counts.h"
#include "relay/rounds.h"

namespace forebay {
namespace {

RC_GTEST_PROP(FlowTable, a_line_is_a_queue_with_two_ends, ()) {
  FlowTable flows;
  std::map<FlowId, std::deque<Sequence>> model;
  for (KeyHash key = 1; key <= 3; ++key) model[flows.add(0, key)];
  Sequence next = 1;
  const auto steps = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 12));
  for (const int step : steps) {
    const FlowId id = static_cast<FlowId>(step % 3 + 1);
    auto& line = model[id];
    Flow& flow = flows[id];
    if (step < 6) {
      flows.push(flow, next);
      line.push_back(next++);
    } else if (step < 8) {
      flows.push_front(flow, next);
      line.push_front(next);
      next += 2;
    } else if (!line.empty()) {
      flows.pop(flow);
      line.pop_front();
    }
    std::deque<Sequence> seen;
    flows.scan(flow, [&](Sequence s) { return seen.push_back(s), true; });
    RC_ASSERT(seen == line);
    RC_ASSERT(FlowTable::line_empty(flow) == line.empty());
    if (!line.empty()) RC_ASSERT(FlowTable::front(flow) == line.front());
  }
}

RC_GTEST_PROP(FlowTable, what_is_added_is_found_until_it_is_forgotten, ()) {
  FlowTable flows;
  std::map<std::pair<uint8_t, KeyHash>, FlowId> model;
  const auto steps = *rc::gen::container<std::vector<uint32_t>>(rc::gen::arbitrary<uint32_t>());
  for (const uint32_t step : steps) {
    const auto klass = static_cast<uint8_t>(step % 3);
    const KeyHash key = (step / 3 % 50 + 1) * 0x9E3779B97F4A7C15ull;
    const auto known = model.find({klass, key});
    RC_ASSERT(flows.find(klass, key) == (known == model.end() ? no_flow : known->second));
    if (known == model.end()) {
      model[{klass, key}] = flows.add(klass, key);
    } else if (step % 7 == 0) {
      flows.forget(known->second);
      model.erase(known);
    }
    RC_ASSERT(flows.size() == model.size());
  }
}

TEST(FlowTable, a_flow_of_one_message_takes_little) {
  FlowTable flows;
  constexpr size_t count = 1'000'000;
  for (size_t i = 1; i <= count; ++i) flows.push(flows[flows.add(0, i * 0x9E3779B97F4A7C15ull | 1)], i);
  const double each = static_cast<double>(flows.memory_bytes()) / count;
  std::printf("%.1f bytes a flow\n", each);
  EXPECT_LE(each, 62);
}

// By weight and cost, whatever comes and goes: over the whole run, members that always wait get their shares.
RC_GTEST_PROP(Rounds, members_that_wait_share_by_weight, ()) {
  struct Member {
    double weight;
    uint64_t cost;
    uint64_t turn = 0;
    double got = 0;
  };
  std::vector<Member> members;
  const size_t count = *rc::gen::inRange(1, 8);
  for (size_t i = 0; i < count; ++i) {
    members.push_back({static_cast<double>(*rc::gen::inRange(1, 10)), *rc::gen::inRange<uint64_t>(1, 20)});
  }
  Rounds rounds;
  for (size_t i = 0; i < count; ++i) rounds.join(static_cast<uint32_t>(i), members[i].turn);
  const auto passers = *rc::gen::container<std::vector<bool>>(4000, rc::gen::arbitrary<bool>());
  uint64_t passing = 0;
  bool passes = false;
  for (const bool one_comes : passers) {
    if (one_comes && !passes) rounds.join(999, passing), passes = true;
    const uint32_t front = rounds.front([&](uint32_t id) { return id == 999 ? passing : members[id].turn; });
    if (front == 999) {
      rounds.leave();
      passes = false;
      continue;
    }
    Member& m = members[front];
    m.got += static_cast<double>(m.cost);
    rounds.served(m.turn, Rounds::price(m.cost, m.weight), true);
  }
  for (const Member& a : members) {
    for (const Member& b : members) {
      const double slack = 2 * (static_cast<double>(a.cost) / a.weight + static_cast<double>(b.cost) / b.weight) + 2;
      RC_ASSERT(std::abs(a.got / a.weight - b.got / b.weight) <= slack);
    }
  }
}

RC_GTEST_PROP(LengthCounts, sums_are_those_of_the_lines, ()) {
  LengthCounts counts;
  std::vector<uint64_t> lines(5);
  const auto steps = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 25));
  for (const int step : steps) {
    uint64_t& line = lines[static_cast<size_t>(step % 5)];
    if (step < 17) {
      counts.grown_to(++line);
    } else if (line > 0) {
      counts.shrunk_from(line--);
    }
    for (uint64_t most = 0; most < 12; ++most) {
      uint64_t sum = 0;
      for (const uint64_t length : lines) sum += std::min(length, most);
      RC_ASSERT(counts.sum_up_to(most) == sum);
    }
  }
}

// Every class with a floor that waits all the time is served within floor(1/f) sends, while their sum is a half at
// most.
RC_GTEST_PROP(ClassOrder, floors_have_their_gaps, ()) {
  std::vector<ClassLane> classes;
  classes.emplace_back(ClassConfig{.name = "first", .priority = 0});
  double left = 0.5;
  const int count = *rc::gen::inRange(1, 20);
  for (int i = 0; i < count; ++i) {
    const double floor = std::min(left, *rc::gen::inRange(1, 500) / 1000.0);
    if (floor < 0.01) break;
    left -= floor;
    classes.emplace_back(ClassConfig{.name = "f", .priority = 5, .floor = floor});
  }
  ClassOrder order;
  ClassOrder::give_slots(classes);
  std::vector<uint64_t> last(classes.size(), 0);
  for (uint64_t send = 1; send <= 3000; ++send) {
    const int chosen = order.choose(classes, [](size_t) { return true; });
    order.sent(classes[static_cast<size_t>(chosen)]);
    last[static_cast<size_t>(chosen)] = send;
    for (size_t k = 1; k < classes.size(); ++k) {
      RC_ASSERT(send - last[k] < static_cast<uint64_t>(1 / classes[k].config.floor + 1e-9) + (last[k] == 0));
    }
  }
}

}  // namespace
}  // namespace forebay
