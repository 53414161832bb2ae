// status, top, pause, resume and dead against a real relay.
#include <gtest/gtest.h>

#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>

#include "tests/end_to_end/json_reply.h"
#include "tests/support/evil_server.h"

namespace forebay::testing {
namespace {

struct Ran {
  int status = -1;
  std::string output;
};

Ran forebay(const RunningRelay& relay, std::vector<std::string> words, const Process::Environment& extra = {}) {
  words.insert(words.begin(), forebay_binary());
  words.insert(words.end(), {"--admin", "http://127.0.0.1:" + std::to_string(relay.admin_port())});
  Process process(words, extra);
  Ran ran;
  ran.output = process.read_all();
  ran.status = process.wait().value_or(-1);
  return ran;
}

bool has(const Ran& ran, const std::string& text) {
  return ran.output.find(text) != std::string::npos;
}

const std::string two_queues =
    "sinks:\n  s: {url: \"http://127.0.0.1:9/\", limits: [300/1s]}\n"
    "queues:\n  q: {sink: s, key: \"header:X-Key\", classes: {otp: {priority: 0}}}\n  pulled: {pull: true}\n";

TEST(Cli, status_tells_what_waits_and_pauses_show_in_it) {
  RunningRelay relay(two_queues);
  ASSERT_TRUE(relay.start()) << relay.output();
  EXPECT_TRUE(has(forebay(relay, {"pause", "queue", "q"}), "queue q: paused\n"));
  for (int i = 0; i < 3; ++i) relay.publish("q", "x");
  const Ran status = forebay(relay, {"status"});
  EXPECT_EQ(status.status, 0);
  EXPECT_TRUE(has(status, ", ready\n")) << status.output;
  EXPECT_TRUE(has(status, "\nq       s             3  ")) << status.output;
  EXPECT_TRUE(has(status, "never  paused\n")) << status.output;
  EXPECT_TRUE(has(status, "\npulled  (pulled)")) << status.output;
  EXPECT_TRUE(has(status, "300/1s 0 %")) << status.output;
  const Ran json = forebay(relay, {"status", "--json"});
  EXPECT_EQ(Json::parse(json.output)["queues"].size(), 2u);
  EXPECT_TRUE(has(forebay(relay, {"resume", "queue", "q"}), "queue q: resumed\n"));
  for (const auto& words : {std::vector<std::string>{"pause", "sink", "s"},
                            {"pause", "class", "--queue", "q", "otp"},
                            {"pause", "key", "--queue", "q", "a/b c", "d"}}) {
    const Ran paused = forebay(relay, words);
    EXPECT_EQ(paused.status, 0) << paused.output;
    EXPECT_TRUE(has(paused, ": paused")) << paused.output;
  }
  const Ran held = forebay(relay, {"status"});
  EXPECT_TRUE(has(held, "class otp paused, 2 keys paused")) << held.output;
  EXPECT_TRUE(has(held, "s     paused")) << held.output;
  const Ran wrong = forebay(relay, {"pause", "queue", "nosuch", "q"});
  EXPECT_EQ(wrong.status, 1);
  EXPECT_TRUE(has(wrong, "forebay pause: queue nosuch: ")) << wrong.output;
  EXPECT_TRUE(has(wrong, "queue q: paused")) << "the others all the same";
  const Ran top = forebay(relay, {"top"});
  EXPECT_EQ(top.status, 0);
  EXPECT_TRUE(has(top, "QUEUE")) << top.output;
  EXPECT_EQ(top.output.find('\033'), std::string::npos) << "no terminal: plain";
}

TEST(Cli, the_door_is_found_in_the_config_and_missing_tokens_are_said) {
  RunningRelay relay(two_queues,
                     "auth:\n  tokens: [{name: boss, token: boss-token, may: admin}, {name: shop, token: "
                     "shop-token, may: [\"publish:*\"]}]\n");
  ASSERT_TRUE(relay.start()) << relay.output();
  const Ran none = forebay(relay, {"status"});
  EXPECT_EQ(none.status, 1);
  EXPECT_TRUE(has(none, "--token or in FOREBAY_TOKEN")) << none.output;
  const Ran unknown = forebay(relay, {"status", "--token", "nonsense"});
  EXPECT_EQ(unknown.status, 1);
  EXPECT_TRUE(has(unknown, "is not known there")) << unknown.output;
  const Ran other = forebay(relay, {"status", "--token", "shop-token"});
  EXPECT_EQ(other.status, 1);
  EXPECT_TRUE(has(other, "does not let this token do that")) << other.output;
  EXPECT_EQ(forebay(relay, {"status", "--token", "boss-token"}).status, 0);
  EXPECT_EQ(forebay(relay, {"status"}, {{"FOREBAY_TOKEN", "boss-token"}}).status, 0);
  Process free_port({forebay_binary(), "status", "-c", relay.config_path()});
  const std::string said = free_port.read_all();
  EXPECT_EQ(free_port.wait(), 1);
  EXPECT_NE(said.find("takes any free port"), std::string::npos) << said;
}

TEST(Cli, dead_letters_are_listed_shown_replayed_and_purged) {
  std::atomic<int> answer = 400;
  EvilServer server([&](const EvilServer::Request&) { return EvilServer::answer(answer, "no \033[31msuch number"); });
  RunningRelay relay("sinks:\n  s: {url: \"" + server.url("/") + "\"}\nqueues:\n  q: {sink: s}\n");
  ASSERT_TRUE(relay.start()) << relay.output();
  EXPECT_TRUE(has(forebay(relay, {"dead", "list", "--queue", "q"}), "queue q has no dead letters"));
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) ids.push_back(relay.publish("q", "x"));
  const auto dead = [&] {
    return relay.metric("forebay_backlog_messages{class=\"default\",queue=\"q\",state=\"dead\"}");
  };
  ASSERT_TRUE(RunningRelay::eventually([&] { return dead() == 5; }));
  const Ran some = forebay(relay, {"dead", "list", "--queue", "q", "--limit", "2"});
  EXPECT_TRUE(has(some, "2 of 5; --all lists them all")) << some.output;
  const Ran all = forebay(relay, {"dead", "list", "--queue", "q", "--all"});
  for (const std::string& id : ids) EXPECT_TRUE(has(all, id)) << all.output;
  const Ran shown = forebay(relay, {"dead", "show", "--queue", "q", "--id", ids[3]});
  EXPECT_TRUE(has(shown, "response  no  [31msuch number")) << shown.output;
  EXPECT_EQ(forebay(relay, {"dead", "show", "--queue", "q", "--id", "nonsense"}).status, 1);
  const Ran unasked = forebay(relay, {"dead", "purge", "--queue", "q", "--all"});
  EXPECT_EQ(unasked.status, 2);
  EXPECT_TRUE(has(unasked, "--yes")) << unasked.output;
  EXPECT_EQ(dead(), 5);
  EXPECT_TRUE(has(forebay(relay, {"dead", "purge", "--queue", "q", "--id", ids[0], "--yes"}), "1 purged"));
  answer = 200;
  EXPECT_TRUE(has(forebay(relay, {"dead", "replay", "--queue", "q", "--id", ids[1]}), "1 replayed"));
  EXPECT_TRUE(has(forebay(relay, {"dead", "replay", "--queue", "q", "--all"}), "3 replayed"));
  ASSERT_TRUE(RunningRelay::eventually(
      [&] { return relay.metric("forebay_delivered_messages_total{class=\"default\",queue=\"q\"}") == 4; }));
  const Ran none = forebay(relay, {"dead", "list", "--queue", "nosuch"});
  EXPECT_EQ(none.status, 1);
  EXPECT_TRUE(has(none, "nosuch")) << none.output;
}

// `forebay top` on a terminal of its own.
class OnTerminal {
 public:
  explicit OnTerminal(const RunningRelay& relay) {
    const winsize size{.ws_row = 20, .ws_col = 90, .ws_xpixel = 0, .ws_ypixel = 0};
    const std::string url = "127.0.0.1:" + std::to_string(relay.admin_port()), binary = forebay_binary();
    pid_ = forkpty(&fd_, nullptr, nullptr, &size);
    if (pid_ != 0) return;
    setenv("TERM", "xterm", 1);
    setenv("LC_ALL", "C.UTF-8", 1);
    execl(binary.c_str(), binary.c_str(), "top", "--admin", url.c_str(), "--interval", "100ms", nullptr);
    _exit(127);
  }
  ~OnTerminal() {
    if (pid_ > 0) kill(pid_, SIGKILL), waitpid(pid_, nullptr, 0);
    close(fd_);
  }
  void type(char key) { EXPECT_EQ(write(fd_, &key, 1), 1); }
  void resize(uint16_t columns, uint16_t rows) {
    const winsize size{.ws_row = rows, .ws_col = columns, .ws_xpixel = 0, .ws_ypixel = 0};
    ioctl(fd_, TIOCSWINSZ, &size);
  }
  // Reads on until it is there, from what came after the last hit.
  bool sees(const std::string& text) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    for (size_t at; (at = seen_.find(text)) == std::string::npos;) {
      pollfd there{fd_, POLLIN, 0};
      char bytes[4096];
      ssize_t got = 0;
      if (poll(&there, 1, 1000) > 0) got = read(fd_, bytes, sizeof bytes);
      if (got < 0 || std::chrono::steady_clock::now() > end) return false;
      seen_.append(bytes, static_cast<size_t>(got));
    }
    seen_.erase(0, seen_.find(text) + text.size());
    return true;
  }
  int exit_status() {
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  const std::string& seen() const { return seen_; }

 private:
  int fd_ = -1;
  pid_t pid_ = -1;
  std::string seen_;
};

TEST(Cli, top_lives_on_a_terminal_over_resizes_and_restarts_and_leaves_it_as_it_was) {
  RunningRelay relay(two_queues);
  ASSERT_TRUE(relay.start()) << relay.output();
  OnTerminal top(relay);
  ASSERT_TRUE(top.sees("\033[?1049h")) << top.seen();
  ASSERT_TRUE(top.sees("QUEUE")) << top.seen();
  ASSERT_TRUE(top.sees("freeze")) << top.seen();
  top.resize(30, 3);
  ASSERT_TRUE(top.sees("\033[H")) << top.seen();
  top.resize(120, 40);
  ASSERT_TRUE(top.sees("300/1s")) << top.seen();
  relay.kill();
  ASSERT_TRUE(top.sees("NO ANSWER")) << top.seen();
  top.type(' ');
  ASSERT_TRUE(top.sees("frozen")) << top.seen();
  top.type('q');
  ASSERT_TRUE(top.sees("\033[?25h\033[?1049l")) << top.seen();
  EXPECT_EQ(top.exit_status(), 0);
}

TEST(Cli, a_signal_ends_top_and_leaves_the_terminal_as_it_was) {
  RunningRelay relay(two_queues);
  ASSERT_TRUE(relay.start()) << relay.output();
  OnTerminal top(relay);
  ASSERT_TRUE(top.sees("QUEUE")) << top.seen();
  top.type('\x03');  // Ctrl-C
  ASSERT_TRUE(top.sees("\033[?25h\033[?1049l")) << top.seen();
  EXPECT_EQ(top.exit_status(), 0);
}

}  // namespace
}  // namespace forebay::testing
