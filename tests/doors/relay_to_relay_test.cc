// A door whose producer is another Forebay's http sink.
#include <gtest/gtest.h>

#include "tests/doors/http_door_fixture.h"

namespace forebay::testing {
namespace {

TEST(HttpDoorOfAnotherForebay, TakesWhatADeliveryCarriesAndKeepsTheIdempotencyKey) {
  HttpDoorFixture fixture;
  const RawResponse response = fixture.publish(
      "Forebay-Message-Id: 1Q1VQ3X8096XK31K8T1DTWTBYN\r\nForebay-Attempt: 2\r\nForebay-Queue: to-b\r\n"
      "forebay-message-ids: a,b\r\nIdempotency-Key: 1Q1VQ3X8096XK31K8T1DTWTBYN\r\n",
      "x");
  ASSERT_EQ(response.status, 202) << response.body;
  EXPECT_EQ(fixture.intake().seen().at(0).idempotency_key, "1Q1VQ3X8096XK31K8T1DTWTBYN");
  EXPECT_TRUE(fixture.intake().seen().at(0).forward.empty());
  EXPECT_EQ(fixture.publish("Forebay-Message: x\r\n", "x").status, 422);
}

}  // namespace
}  // namespace forebay::testing
