// Holds the source tree to the rules of the house.
#include <gtest/gtest.h>

#include "tests/house/rules.h"

namespace forebay {
namespace {

struct Rule {
  std::string name;
  Complaints (*check)(const Tree&);
};

void PrintTo(const Rule& rule, std::ostream* out) {
  *out << rule.name;
}

const Tree& source_tree() {
  static const Tree tree = read_tree(FOREBAY_SOURCE);
  return tree;
}

class House : public testing::TestWithParam<Rule> {};

TEST_P(House, is_tidy) {
  for (const std::string& complaint : GetParam().check(source_tree())) ADD_FAILURE() << complaint;
}

std::string rule_name(const testing::TestParamInfo<Rule>& rule) {
  return rule.param.name;
}

INSTANTIATE_TEST_SUITE_P(Rules, House,
                         testing::Values(Rule{"include_arrows", include_arrows}, Rule{"one_assembly", one_assembly},
                                         Rule{"pure_core", pure_core}, Rule{"named_tests", named_tests},
                                         Rule{"no_shortcuts", no_shortcuts}, Rule{"tested_faults", tested_faults},
                                         Rule{"exported_metrics", exported_metrics},
                                         Rule{"no_machine_paths", no_machine_paths}, Rule{"whole_map", whole_map},
                                         Rule{"short_files", short_files}),
                         rule_name);

// Guards against rules that pass because nothing was read.
TEST(SourceTree, is_read) {
  const Tree& tree = source_tree();
  EXPECT_TRUE(tree.contains("CMakeLists.txt"));
  EXPECT_TRUE(tree.contains("tests/house/tidy_test.cc"));
  EXPECT_TRUE(tree.contains("config/config.h"));
  for (const auto& [path, text] : tree) EXPECT_FALSE(path.starts_with("build/")) << path;
}

}  // namespace
}  // namespace forebay
