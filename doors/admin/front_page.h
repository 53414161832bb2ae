// The page at "/" of the admin door: what can be looked at, as links. No scripts, nothing loaded from
// elsewhere.
#pragma once

#include <string_view>

namespace forebay {

std::string_view front_page();

}  // namespace forebay
