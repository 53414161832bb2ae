// StyledLine: one line of a screen, pieces of text with a style each. Laid out by columns first, coloured last: what is
// cut off or padded is text, never half of a terminal's command.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace forebay {

enum class Style : uint8_t { plain, bold, dim, good, warning, bad };

class StyledLine {
 public:
  StyledLine& add(std::string_view text, Style style = Style::plain);
  // In `columns` columns: cut, or padded on its right (or left).
  StyledLine& cell(std::string_view text, size_t columns, Style style = Style::plain, bool to_the_right = false);
  StyledLine& fill_to(size_t column);
  size_t columns() const { return columns_; }
  // At most `columns` of it; no spaces at its end.
  std::string text(size_t columns, bool colour) const;

 private:
  struct Piece {
    std::string text;
    Style style;
  };
  std::vector<Piece> pieces_;
  size_t columns_ = 0;
};

}  // namespace forebay
