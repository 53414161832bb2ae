// A message as a line of JSON:
// {"id","queue","key","attempt","time","method","target","content_type","headers","body"}, with its line end; method
// and target are a forwarded request's. What a message does not have is left out. The body is as body_value.h says, but
// bytes that are no UTF-8 are "body_base64" instead of "body".
#pragma once

#include <string>

#include "base/time.h"
#include "sinks/sink.h"

namespace forebay {

void append_file_line(const Delivery& delivery, WallTime now, std::string* out);

}  // namespace forebay
