// AdminHandler: the admin door's requests and answers, whatever server brings them.
//
// Promise: a change (pause, resume, purge, replay, pin) is answered with 2xx only once it is durable; a request
// that is not understood to the last query parameter changes nothing (a misspelt "?id=" must not purge
// everything); a page of another origin, open in somebody's browser, changes nothing. /metrics costs the loop
// only AdminView::refresh_gauges(): the text is made on a thread of its own, and scrapes that come meanwhile
// share the next text. All on the loop thread but `text`.
#pragma once

#include <uv.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "doors/admin/address.h"
#include "doors/admin/text_thread.h"
#include "doors/admin_view.h"
#include "doors/auth/gate.h"
#include "doors/server.h"

namespace forebay {

using MetricsText = std::function<std::string()>;

class AdminHandler final : public RequestHandler, public PublishListener {
 public:
  AdminHandler(uv_loop_t* loop, AdminView& view, const Gate& gate, MetricsText text);

  // Before the first request; the server must outlive the last answer.
  void answer_through(Server& server) { server_ = &server; }
  // No answer is given any more. The loop must run once more before the object may go.
  void close();

  void on_request(const Request& request, ExchangeId exchange) override;
  void on_published(uint64_t token, std::span<const AcceptedMessage> accepted) override;
  void on_refused(uint64_t token, const Problem& problem) override;
  void on_changed(uint64_t token, uint64_t count) override;

 private:
  // A request whose path, query and origin are in order.
  struct Call {
    ExchangeId exchange;
    std::vector<std::string> names;  // of the pattern's "*"
    Query query;
    std::string_view body;  // of a call that takes one
  };
  struct Route;
  static std::span<const Route> routes();

  void front(const Call& call);
  void metrics(const Call& call);
  void healthy(const Call& call);
  void ready(const Call& call);
  void status(const Call& call);
  void queues(const Call& call);
  void queue(const Call& call);
  void sinks(const Call& call);
  void sink(const Call& call);
  void pause_queue(const Call& call);
  void resume_queue(const Call& call);
  void purge_queue(const Call& call);
  void pause_sink(const Call& call);
  void resume_sink(const Call& call);
  void pause_class(const Call& call);
  void resume_class(const Call& call);
  void pause_key(const Call& call);
  void resume_key(const Call& call);
  void pin_limits(const Call& call);
  void unpin_limits(const Call& call);
  void reload(const Call& call);
  void dead(const Call& call);
  void replay_dead(const Call& call);
  void purge_dead(const Call& call);
  void subscribe(const Call& call);
  void unsubscribe(const Call& call);

  void run(const Route& route, const Request& request, Call call);
  void start_text();
  void text_made(std::string text);
  // Runs `change` under a new token; the answer comes with on_changed() or on_refused().
  void change(ExchangeId exchange, const std::function<std::optional<Problem>(uint64_t token)>& change);
  std::optional<ExchangeId> take(uint64_t token);
  void respond_json(ExchangeId exchange, std::string body);
  void respond_problem(ExchangeId exchange, const Problem& problem);
  void refuse(ExchangeId exchange, std::string detail);  // 400

  AdminView& view_;
  const Gate& gate_;
  Server* server_ = nullptr;
  TextThread text_thread_;
  std::vector<ExchangeId> scrapes_;          // answered by the text under way
  std::vector<ExchangeId> waiting_scrapes_;  // by the next
  uint64_t last_token_ = 0;
  std::unordered_map<uint64_t, ExchangeId> changing_;
};

}  // namespace forebay
