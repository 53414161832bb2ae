#include "relay/cli/styled_line.h"

#include <array>

#include "relay/cli/plain_text.h"

namespace forebay {
namespace {

// SGR parameters, in the order of Style.
constexpr std::array<const char*, 6> codes = {"", "1", "2", "32", "33", "1;31"};

}  // namespace

StyledLine& StyledLine::add(std::string_view text, Style style) {
  columns_ += columns_of(text);
  pieces_.push_back({std::string(text), style});
  return *this;
}

StyledLine& StyledLine::cell(std::string_view text, size_t columns, Style style, bool to_the_right) {
  const std::string cut = cut_to(text, columns);
  const std::string space(columns - columns_of(cut), ' ');
  if (to_the_right) add(space);
  add(cut, style);
  return to_the_right ? *this : add(space);
}

StyledLine& StyledLine::fill_to(size_t column) {
  return column > columns_ ? add(std::string(column - columns_, ' ')) : *this;
}

std::string StyledLine::text(size_t columns, bool colour) const {
  std::string out;
  size_t plain_end = 0;  // behind the last text that is not a space
  for (const Piece& piece : pieces_) {
    if (columns == 0) break;
    const std::string cut = cut_to(piece.text, columns);
    columns -= columns_of(cut);
    const bool blank = cut.find_first_not_of(' ') == std::string::npos;
    const bool styled = colour && piece.style != Style::plain && !blank;
    if (styled) out += "\033[" + std::string(codes[static_cast<size_t>(piece.style)]) + "m";
    out += cut;
    if (!blank) plain_end = styled ? out.size() : out.find_last_not_of(' ') + 1;
    if (styled) out += "\033[0m", plain_end = out.size();
  }
  out.resize(plain_end);
  return out;
}

}  // namespace forebay
