#include "relay/cli/progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>

namespace forebay {
namespace {

constexpr size_t kBar = 24;

size_t columns_of(FILE* out) {
  winsize size{};
  return ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

}  // namespace

std::string with_commas(uint64_t number) {
  std::string digits = std::to_string(number);
  for (size_t at = digits.size(); at > 3;) digits.insert(at -= 3, 1, ',');
  return digits;
}

std::string progress_line(const ProgressFigures& figures, size_t width) {
  std::string line;
  const double rate = figures.per_second;
  if (figures.total && *figures.total > 0) {
    const double share = std::min(1.0, static_cast<double>(figures.done) / static_cast<double>(*figures.total));
    const auto full = static_cast<size_t>(share * kBar);
    line = fmt::format("[{}{}] {:3.0f} %  {}/{}", std::string(full, '#'), std::string(kBar - full, '-'), share * 100,
                       with_commas(figures.done), with_commas(*figures.total));
  } else {
    line = with_commas(figures.done);
  }
  line += fmt::format("  {}/s  {:.1f} s", with_commas(static_cast<uint64_t>(rate)), figures.seconds);
  if (!figures.note.empty()) line += "  " + figures.note;
  return line.substr(0, width);
}

Progress::Progress(FILE* out, bool quiet) : out_(out), quiet_(quiet), terminal_(isatty(fileno(out)) == 1) {}

void Progress::show(const ProgressFigures& figures) {
  if (quiet_) return;
  if (terminal_) {
    fprintf(out_, "\r\033[K%s", progress_line(figures, columns_of(out_) - 1).c_str());
    drawn_ = true;
  } else {
    fprintf(out_, "%s\n", progress_line(figures, 400).c_str());
  }
  fflush(out_);
}

void Progress::clear() {
  if (drawn_) fputs("\r\033[K", out_);
  drawn_ = false;
  fflush(out_);
}

}  // namespace forebay
