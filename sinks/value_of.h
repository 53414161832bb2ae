// A value read out of a message: a header that the producer forwards, or a scalar of its JSON body.
#pragma once

#include <optional>
#include <string>

#include "config/config.h"
#include "sinks/sink.h"

namespace forebay {

// nullopt: nothing is there, or the body is no JSON.
std::optional<std::string> value_of(const ValueSource& source, const Delivery& delivery);

// `json:/email`, `header:X-Email`; as it is in a config.
std::string source_text(const ValueSource& source);

}  // namespace forebay
