#pragma once

namespace forebay {
inline constexpr const char* version = "0.1.0";
}
