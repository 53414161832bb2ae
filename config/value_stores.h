// One store for each kind of scalar. For values.cc, which has the table of them, and the files it is parted into.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/values.h"

namespace forebay {

using StoreResult = std::optional<Wrong>;

StoreResult out_of_range(const Key& key);
bool in_range(const Key& key, uint64_t number);
StoreResult store_duration(const Key& key, std::string_view text, Slot slot);

// limit_values.cc
StoreResult store_rate(const Key& key, std::string_view text, Slot slot);
StoreResult store_limit(const Key& key, std::string_view text, Slot slot);
StoreResult store_key_limit(const Key& key, std::string_view text, Slot slot);
StoreResult store_per(const Key& key, std::string_view text, Slot slot);
StoreResult store_percent(const Key& key, std::string_view text, Slot slot);
StoreResult store_share(const Key& key, std::string_view text, Slot slot);
StoreResult store_source(const Key& key, std::string_view text, Slot slot);
StoreResult store_hours(const Key& key, std::string_view text, Slot slot);
StoreResult store_cron(const Key& key, std::string_view text, Slot slot);
StoreResult store_zone(const Key& key, std::string_view text, Slot slot);

}  // namespace forebay
