#include "sim/medium.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "tests/sim/bytes.h"

namespace forebay {
namespace {

std::string listing(const Medium& medium) {
  std::string line;
  for (const auto& [name, file] : medium.names()) line += name + ":" + std::to_string(file->size()) + " ";
  return line;
}

std::string after_cut(const Medium& original, Forget forget, uint64_t seed) {
  Medium medium(original);
  std::mt19937_64 random(seed);
  medium.power_cut(forget, random);
  return listing(medium);
}

std::set<std::string> all_after_random_cuts(const Medium& medium) {
  std::set<std::string> seen;
  for (uint64_t seed = 0; seed < 100; ++seed) seen.insert(after_cut(medium, Forget::random, seed));
  return seen;
}

void put(Medium& medium, std::string_view name, size_t bytes) {
  auto file = medium.create(name);
  file->write(1, 0, testing::repeated('x', bytes));
  file->sync();
}

TEST(Medium, ANameIsLostUntilNamesAreSynced) {
  Medium medium;
  put(medium, "a", 1);
  EXPECT_EQ(listing(medium), "a:1 ");
  EXPECT_EQ(after_cut(medium, Forget::all, 1), "");
  medium.sync_names();
  EXPECT_EQ(after_cut(medium, Forget::all, 1), "a:1 ");
  medium.remove("a");
  EXPECT_EQ(listing(medium), "");
  EXPECT_EQ(after_cut(medium, Forget::all, 1), "a:1 ");
}

TEST(Medium, ACreatedNameMayComeBackWithoutItsBytes) {
  Medium medium;
  medium.create("a")->write(1, 0, testing::repeated('x', 5));
  EXPECT_EQ(all_after_random_cuts(medium), (std::set<std::string>{"", "a:0 ", "a:5 "}));
}

TEST(Medium, ARenameHappensWholeOrNotAtAll) {
  Medium medium;
  put(medium, "old", 1);
  put(medium, "new", 2);
  medium.sync_names();
  medium.rename("old", "new");
  EXPECT_EQ(listing(medium), "new:1 ");
  EXPECT_EQ(all_after_random_cuts(medium), (std::set<std::string>{"new:1 ", "new:2 old:1 "}));
}

TEST(Medium, EachUnsyncedChangeIsKeptOrNotOnItsOwn) {
  Medium medium;
  put(medium, "a", 1);
  put(medium, "b", 2);
  EXPECT_EQ(all_after_random_cuts(medium), (std::set<std::string>{"", "a:1 ", "b:2 ", "a:1 b:2 "}));
}

TEST(Medium, ARenameOfAForgottenCreationComesToNothing) {
  Medium medium;
  put(medium, "temporary", 3);
  medium.rename("temporary", "real");
  EXPECT_EQ(all_after_random_cuts(medium), (std::set<std::string>{"", "temporary:3 ", "real:3 "}));
}

TEST(Medium, ACopySharesNothing) {
  Medium medium;
  put(medium, "a", 1);
  Medium copy(medium);
  medium.find("a")->resize(2, 9);
  medium.remove("a");
  EXPECT_EQ(listing(copy), "a:1 ");
}

}  // namespace
}  // namespace forebay
