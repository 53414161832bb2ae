// Fifty ways in which a config file can be broken, made of one that is not.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace forebay::testing {

struct BrokenConfig {
  std::string name;
  // Puts the broken file at `path`, where there may be something by now; `good` is what it is made of.
  std::function<void(const std::string& path, const std::string& good)> put;
};

// `good` has a sink s and the queues q and kept as reload_test.cc writes them.
std::vector<BrokenConfig> broken_configs();

// Whatever is at the path is replaced by that text.
void put_file(const std::string& path, const std::string& text);

}  // namespace forebay::testing
