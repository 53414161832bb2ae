#include "relay/cli/top.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <utility>

#include "relay/cli/admin_options.h"
#include "relay/cli/clocks.h"
#include "relay/cli/spec.h"
#include "relay/cli/terminal.h"
#include "relay/cli/top_frame.h"

namespace forebay {
namespace {

constexpr Duration answer_deadline = Duration::seconds(2);
constexpr size_t plain_columns = 132;

// What is known of the relay, and since when.
class Looks {
 public:
  explicit Looks(const AdminPlace& place) : client_(place, answer_deadline) {}

  // False: there was no answer, or none to understand. What was known before stays.
  bool look() {
    const AdminReply reply = client_.call("GET", "/v1/status");
    auto status = reply.ok() ? read_status(reply.body) : std::nullopt;
    trouble_ = status       ? ""
               : reply.ok() ? "what answers at " + client_.place().url + " is not an admin door of Forebay"
                            : reply.error;
    if (!status) return false;
    status_ = std::move(*status);
    at_ = wall_now();
    history_.look(status_, steady_now());
    return true;
  }
  const std::string& trouble() const { return trouble_; }
  std::vector<std::string> frame(const FrameSize& size, bool frozen) const {
    return top_frame({status_, history_, client_.place().url, at_, trouble_, frozen}, size);
  }

 private:
  AdminClient client_;
  ShownStatus status_;
  TopHistory history_;
  WallTime at_;
  std::string trouble_;
};

int one_frame(Looks& looks) {
  const FrameSize size{.columns = plain_columns, .ascii = !Terminal::shows_blocks()};
  for (const std::string& line : looks.frame(size, false)) std::printf("%s\n", line.c_str());
  return 0;
}

bool draw(Terminal& terminal, const Looks& looks, bool frozen) {
  const Terminal::Size size = Terminal::size();
  return terminal.draw(looks.frame(
      {size.columns, size.rows, Terminal::shows_colour(), !Terminal::shows_blocks(), terminal.has_keys()}, frozen));
}

// Until somebody has seen enough. A relay that goes away may come back.
int go_on(Looks& looks, Duration interval) {
  Terminal terminal;
  bool frozen = false;
  Instant next = steady_now() + interval;
  while (draw(terminal, looks, frozen)) {
    char key = 0;
    switch (terminal.wait(next - steady_now(), &key)) {
      case Terminal::Event::stopped:
        return 0;
      case Terminal::Event::key:
        if (key == 'q' || key == 'Q') return 0;
        if (key == ' ' || key == 'p') frozen = !frozen;
        break;
      case Terminal::Event::resized:
        break;
      case Terminal::Event::nothing:
        if (!frozen) looks.look();
        next = std::max(next + interval, steady_now());
        break;
    }
  }
  return 1;
}

}  // namespace

int top_main(int argc, char** argv) {
  AdminOptions options;
  bool once = false;
  std::string interval_text = "1s";
  CLI::App app("A live view of a relay: backlogs, rates, and how much of the limits is in use.", "forebay top");
  add_admin_options(app, &options);
  app.add_flag("--once", once, "one plain frame, as where the output is no terminal");
  app.add_option("--interval", interval_text, "how often to look")->capture_default_str();
  app.footer("Keys: q quits, the space bar freezes the view. Exit: 0 done, 1 the relay could not be asked, 2 usage.");
  if (const auto over = parse_arguments(app, argc, argv)) return *over;
  const auto interval = read_duration(interval_text);
  if (!interval || *interval < Duration::milliseconds(100) || *interval > Duration::hours(1)) {
    return fail_command("top", "--interval: '" + interval_text + "' is not a duration from 100ms to 1h", 2);
  }
  int exit_status = 0;
  const auto place = admin_place("top", options, &exit_status);
  if (!place) return exit_status;
  Looks looks(*place);
  if (!looks.look()) return fail_command("top", looks.trouble(), 1);
  return once || !Terminal::there() ? one_frame(looks) : go_on(looks, *interval);
}

}  // namespace forebay
