// HopByHop: which headers of a message concern one connection alone, and are not passed on (RFC 9110, section 7.6.1):
// those that Connection names, and a list of those that always do.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "doors/http_chars.h"

namespace forebay {

class HopByHop {
 public:
  // `headers`: pairs of name and value; its texts must outlive this.
  template <typename Headers>
  explicit HopByHop(const Headers& headers) {
    for (const auto& [name, value] : headers) {
      if (same_ignoring_case(name, "Connection")) add(value);
    }
  }

  bool names(std::string_view name) const {
    const auto is_it = [name](std::string_view other) { return same_ignoring_case(name, other); };
    return std::any_of(always.begin(), always.end(), is_it) || std::any_of(named_.begin(), named_.end(), is_it);
  }

 private:
  // Expect is met here; a proxy's credentials were meant for this one; trailers are dropped, and so is their list.
  static constexpr std::array<std::string_view, 11> always{
      "Connection", "Keep-Alive",     "Proxy-Connection", "Transfer-Encoding",   "TE",      "Trailer",
      "Upgrade",    "HTTP2-Settings", "Expect",           "Proxy-Authorization", "Trailers"};

  void add(std::string_view list) {
    while (!list.empty()) {
      const size_t comma = std::min(list.find(','), list.size());
      named_.push_back(trimmed(list.substr(0, comma)));
      list.remove_prefix(std::min(comma + 1, list.size()));
    }
  }

  std::vector<std::string_view> named_;
};

}  // namespace forebay
