#include "relay/cli/demo_verdict.h"

#include <gtest/gtest.h>

#include <functional>

namespace forebay {
namespace {

DemoFigures good() {
  DemoFigures figures{.sent = 6000, .accepted = 6000, .accept_seconds = 0.4, .drain_seconds = 20.3};
  figures.limit = {300, Duration::seconds(1)};
  figures.gateway.taken = figures.gateway.unique_ids = 6000;
  figures.gateway.failed = 60;
  figures.gateway.worst_1s = 300;
  return figures;
}

bool holds_with(const std::function<void(DemoFigures&)>& change) {
  DemoFigures figures = good();
  change(figures);
  return judge(figures).holds;
}

TEST(DemoVerdict, HoldsWhenEverythingDoes) {
  EXPECT_TRUE(judge(good()).holds);
  EXPECT_DOUBLE_EQ(ideal_seconds(good()), 20.2) << "retries cost permits, too";
  EXPECT_NE(verdict_text(judge(good())).find("Everything promised holds."), std::string::npos);
}

TEST(DemoVerdict, FallsWithEachPromise) {
  EXPECT_FALSE(holds_with([](DemoFigures& f) { f.accepted = 5999; }));
  EXPECT_FALSE(holds_with([](DemoFigures& f) { f.gateway.unique_ids = 5999; }));
  EXPECT_FALSE(holds_with([](DemoFigures& f) { f.gateway.unique_ids = 5999, f.dead = 1; }));
  EXPECT_FALSE(holds_with([](DemoFigures& f) { f.gateway.refused = 1; }));
  EXPECT_FALSE(holds_with([](DemoFigures& f) { f.gateway.worst_1s = 301; }));
  EXPECT_FALSE(holds_with([](DemoFigures& f) { f.drain_seconds = 20.9; }));
}

TEST(DemoVerdict, WhatStillWaitsIsNotLost) {
  DemoFigures figures = good();
  figures.gateway.unique_ids = 5990;
  figures.waiting = 8;
  EXPECT_NE(verdict_text(judge(figures)).find("lost                                2 "), std::string::npos);
}

}  // namespace
}  // namespace forebay
