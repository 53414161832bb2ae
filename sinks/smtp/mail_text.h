// A message as a mail (RFC 5322 and 2045 to 2047): its header lines, an empty line, its content; lines end with CR LF.
//
// Message-ID is the message's id at the domain of `from`, the same at every attempt, so that a mail that was sent twice
// is seen to be one. The subject is encoded where it is not short plain ASCII. The content is the message's body in its
// content type (curl's form type, and none, are text), or what `body` names; plain short lines go as they are, anything
// else as base64. Recipients and subjects that could end a header line are refused: nothing is sent.
#pragma once

#include <string>
#include <string_view>

#include "base/time.h"
#include "config/config.h"
#include "sinks/sink.h"

namespace forebay {

struct Mail {
  std::string from, to;
  std::string text;
  std::string refused;  // why there is no mail; made of words of the config only
};

Mail compose_mail(const MailConfig& config, const Delivery& delivery, WallTime now);

// Encoded words (RFC 2047) of UTF-8, folded; short plain ASCII is left as it is. What is not UTF-8 is read as ISO
// 8859-1.
std::string header_text(std::string_view text);

}  // namespace forebay
