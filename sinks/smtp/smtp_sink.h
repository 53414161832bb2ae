// SmtpSink: one mail per delivery (mail_text.h), over at most `concurrency` connections, each with a thread of its own
// (mail_transfer.h), made as they are needed and kept. What is handed in beyond that waits its turn.
//
// What replies mean: classify_mail.h. A message that makes no mail (no recipient in it, a line end in its subject) ends
// dead.
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "config/config.h"
#include "sinks/sink.h"
#include "sinks/sink_ports.h"
#include "sinks/smtp/mail_transfer.h"

namespace forebay {

class SmtpSink : public Sink {
 public:
  SmtpSink(const SinkPorts& ports, const SinkConfig& config, SinkListener& listener);
  ~SmtpSink() override;

  void deliver(Delivery delivery) override;
  void reconfigure(const SinkConfig& config) override;
  // Interrupts what is under way, and waits a second or so for it.
  void shut_down() override;

 private:
  struct Letter {
    Ticket ticket;
    Mail mail;
  };
  // A connection, its thread, and what the two and the loop share.
  struct Sender;
  // Reaches the sink from tasks that are still posted when it is gone.
  struct Reach {
    SmtpSink* sink;
  };

  void send_waiting();
  void sent(Sender* sender);
  void tell_refused();

  SinkPorts ports_;
  SinkListener& listener_;
  SinkConfig config_;
  std::shared_ptr<Reach> reach_;
  bool closed_ = false;
  std::vector<std::unique_ptr<Sender>> senders_;
  std::vector<Sender*> free_;
  std::deque<Letter> waiting_;
  std::vector<std::pair<Ticket, Outcome>> refused_;  // to be told in the next turn
};

}  // namespace forebay
