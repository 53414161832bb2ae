// From what a mail server said, or did not say, to an Outcome.
//
// The mail was taken: delivered. 421, and whatever is said to the password or to the sender: the sink's fault, for it
// is the config's, or the server's, and not the mail's (552 to the sender is: too large). Any other 4xx: retry. Any
// other 5xx: dead, unless it is the server's greeting: the sink's fault. No reply: unanswered once the mail's text was
// begun, for it may have been taken; else retry.
#pragma once

#include <curl/curl.h>

#include <string>
#include <string_view>

#include "sinks/sink.h"

namespace forebay {

struct MailEnd {
  CURLcode code = CURLE_OK;
  int reply = 0;             // the last reply's code; 0: none
  bool connected = false;    // greeted, and allowed in: mail commands were, or may have been, sent
  bool text_begun = false;   // of the mail
  bool interrupted = false;  // by shut_down()
  int os_errno = 0;
  int open_error = 0;  // as Failure::open_error of ../http/classify.h
  std::string_view host, detail, last_line, peer;
};

Outcome classify_mail(const MailEnd& end);

}  // namespace forebay
