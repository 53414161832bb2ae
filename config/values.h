// One scalar of the config file into its slot, checked against its row of the table.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/schema.h"

namespace forebay {

// Follows the value in a message: `"10" ` + what + ` (` + hint + `)`.
struct Wrong {
  std::string what;
  std::string hint;
  bool quotes_value = false;  // parts of the value are in it: not to be shown when the value came through ${…}
};

// nullopt: stored (lists: appended). A key that takes several scalars is given them one by one.
std::optional<Wrong> store_value(const Key& key, std::string_view text, Slot slot);

}  // namespace forebay
