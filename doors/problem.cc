// Problem to Response: RFC 9457 problem details.
#include <algorithm>

#include "doors/json_text.h"
#include "doors/response_writer.h"
#include "doors/server.h"

namespace forebay {
namespace {

int64_t whole_seconds(Duration wait) {
  constexpr int64_t second = 1'000'000'000;
  return wait.ns <= 0 ? 0 : (wait.ns - 1) / second + 1;
}

}  // namespace

Response problem_response(const Problem& problem) {
  Response response;
  response.status = problem.status;
  response.content_type = "application/problem+json";
  std::string& body = response.body;
  body += "{\"type\":";
  append_json_string(&body, problem.type == "about:blank" ? problem.type : "/problems/" + problem.type);
  body += ",\"title\":";
  append_json_string(&body, problem.title.empty() ? reason_phrase(problem.status) : problem.title);
  body += ",\"status\":";
  append_number(&body, static_cast<uint64_t>(problem.status));
  if (!problem.detail.empty()) {
    body += ",\"detail\":";
    append_json_string(&body, problem.detail);
  }
  body += '}';
  if (problem.retry_after) {
    response.headers.emplace_back("Retry-After", std::to_string(whole_seconds(*problem.retry_after)));
  }
  return response;
}

}  // namespace forebay
