#include "relay/cli/terminal.h"

#include <langinfo.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <clocale>
#include <csignal>
#include <cstdlib>
#include <cstring>

namespace forebay {
namespace {

constexpr std::array ends = {SIGINT, SIGTERM, SIGHUP};
volatile std::sig_atomic_t stop_asked = 0, resize_told = 0;
sigset_t mask_before;

// The other screen, no cursor, no line breaks of the terminal's own; and back.
constexpr const char* take_over = "\033[?1049h\033[?25l\033[?7l\033[2J";
constexpr const char* give_back = "\033[?7h\033[?25h\033[?1049l";

bool write_all(const std::string& text) {
  for (size_t at = 0; at < text.size();) {
    const ssize_t written = ::write(STDOUT_FILENO, text.data() + at, text.size() - at);
    if (written < 0 && errno != EINTR) return false;
    if (written > 0) at += static_cast<size_t>(written);
  }
  return true;
}

// Signals come only while wait() waits, so that none is missed in between.
void watch_signals() {
  struct sigaction action {};
  sigset_t held;
  sigemptyset(&held);
  action.sa_handler = [](int) { stop_asked = 1; };
  for (const int signal : ends) sigaction(signal, &action, nullptr), sigaddset(&held, signal);
  action.sa_handler = [](int) { resize_told = 1; };
  sigaction(SIGWINCH, &action, nullptr);
  sigaddset(&held, SIGWINCH);
  std::signal(SIGPIPE, SIG_IGN);
  sigprocmask(SIG_BLOCK, &held, &mask_before);
}

}  // namespace

bool Terminal::there() {
  const char* kind = std::getenv("TERM");
  return isatty(STDOUT_FILENO) == 1 && kind != nullptr && *kind != '\0' && std::strcmp(kind, "dumb") != 0;
}

Terminal::Size Terminal::size() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) return {};
  return {size.ws_col, size.ws_row};
}

bool Terminal::shows_blocks() {
  std::setlocale(LC_CTYPE, "");
  return std::strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

bool Terminal::shows_colour() {
  const char* no = std::getenv("NO_COLOR");
  return no == nullptr || *no == '\0';
}

Terminal::Terminal() {
  watch_signals();
  if (isatty(STDIN_FILENO) == 1 && tcgetattr(STDIN_FILENO, &before_) == 0) {
    termios raw = before_;
    raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
    raw.c_cc[VMIN] = 0, raw.c_cc[VTIME] = 0;
    raw.c_cc[VSUSP] = _POSIX_VDISABLE;
    has_keys_ = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
  }
  write_all(take_over);
}

Terminal::~Terminal() {
  write_all(give_back);
  if (has_keys_) tcsetattr(STDIN_FILENO, TCSANOW, &before_);
}

bool Terminal::draw(const std::vector<std::string>& lines) {
  std::string screen = "\033[?2026h\033[H";
  for (size_t i = 0; i < lines.size(); ++i) screen += (i > 0 ? "\r\n" : "") + lines[i] + "\033[K";
  return write_all(screen + "\033[J\033[?2026l");
}

Terminal::Event Terminal::wait(Duration most, char* key) {
  const int64_t ns = most > Duration{} ? most.ns : 0;
  const timespec time{static_cast<time_t>(ns / 1'000'000'000), static_cast<long>(ns % 1'000'000'000)};
  pollfd keyboard{has_keys_ ? STDIN_FILENO : -1, POLLIN, 0};
  const int ready = ppoll(&keyboard, 1, &time, &mask_before);
  if (stop_asked != 0) return Event::stopped;
  if (resize_told != 0) return resize_told = 0, Event::resized;
  if (ready <= 0) return Event::nothing;
  return ::read(STDIN_FILENO, key, 1) == 1 ? Event::key : Event::stopped;  // a terminal that hung up
}

}  // namespace forebay
