// Who may hold how many descriptors: producers get what sinks, journal and operators leave.
#include "relay/descriptors.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "doors/server.h"

namespace forebay {
namespace {

using Type = DoorConfig::Type;

Config config_with(uint32_t http_doors, uint32_t sends) {
  Config config;
  for (uint32_t i = 0; i < http_doors; ++i) config.doors.emplace_back().type = Type::http;
  config.doors.emplace_back().type = Type::admin;
  config.sinks["s"].concurrency = sends;
  return config;
}

TEST(Descriptors, EnoughOfThemLeaveTheDoorsAsConfigured) {
  const Config config = config_with(1, 64);
  const DescriptorPlan plan = plan_descriptors(config, 65'536, 30);
  EXPECT_EQ(plan.http_connections_max, 4096u);
  EXPECT_EQ(plan.admin_connections_max, 4096u);
  EXPECT_EQ(explain(plan, config, 65'536), "");
}

// For every limit from enough to start with: the sum of all that may be open stays within it.
TEST(Descriptors, WhateverTheLimitTheSumIsWithinIt) {
  for (uint32_t doors : {1u, 2u, 3u}) {
    const Config config = config_with(doors, 64);
    for (uint64_t limit = 700; limit < 20'000; limit += 37) {
      const DescriptorPlan plan = plan_descriptors(config, limit, 30);
      ASSERT_FALSE(plan.too_few);
      ASSERT_GE(plan.http_connections_max, 16u);
      const uint64_t http = doors * (1 + descriptors_max(plan.http_connections_max));
      ASSERT_GE(plan.sinks, 64u);
      ASSERT_GE(plan.admin, 1 + descriptors_max(plan.admin_connections_max));
      ASSERT_LE(30 + plan.sinks + plan.journal + plan.admin + http, limit) << doors << " doors, limit " << limit;
      ASSERT_EQ(explain(plan, config, limit).empty(), plan.http_connections_max == 4096u);
    }
  }
}

TEST(Descriptors, TheUsualThousandIsSharedAndSaid) {
  const Config config = config_with(1, 64);
  const DescriptorPlan plan = plan_descriptors(config, 1024, 30);
  EXPECT_GT(plan.http_connections_max, 500u);
  EXPECT_LT(plan.http_connections_max, 1024u - 30 - 64);
  const std::string said = explain(plan, config, 1024);
  EXPECT_NE(said.find("of the 1024 file descriptors"), std::string::npos) << said;
  EXPECT_NE(said.find(std::to_string(plan.http_connections_max) + " connections at once, not 4096"), std::string::npos);
}

TEST(Descriptors, TooFewAreSaidToBe) {
  const Config config = config_with(1, 2000);
  const DescriptorPlan plan = plan_descriptors(config, 1024, 30);
  EXPECT_TRUE(plan.too_few);
  EXPECT_EQ(plan.http_connections_max, 16u);
  EXPECT_NE(explain(plan, config, 1024).find("too few"), std::string::npos);
}

TEST(Descriptors, AreCounted) {
  const uint64_t before = open_descriptors();
  const int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
  EXPECT_EQ(open_descriptors(), before + 1);
  close(fd);
  EXPECT_GT(descriptor_limit(), before);
}

}  // namespace
}  // namespace forebay
