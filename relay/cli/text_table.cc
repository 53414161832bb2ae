#include "relay/cli/text_table.h"

#include <algorithm>
#include <cassert>

#include "relay/cli/plain_text.h"

namespace forebay {

void TextTable::column(std::string title, Side side) {
  titles_.push_back(std::move(title));
  sides_.push_back(side);
}

void TextTable::row(std::vector<std::string> texts) {
  assert(texts.size() == titles_.size());
  rows_.push_back(std::move(texts));
}

std::string TextTable::text() const {
  std::vector<size_t> widths;
  for (const std::string& title : titles_) widths.push_back(columns_of(title));
  for (const auto& row : rows_) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], columns_of(row[i]));
  }
  std::string out;
  const auto put = [&](const std::vector<std::string>& row) {
    for (size_t i = 0; i < row.size(); ++i) {
      const std::string space(widths[i] - columns_of(row[i]), ' ');
      out += (i > 0 ? "  " : "") + (sides_[i] == Side::right ? space + row[i] : row[i] + space);
    }
    out.erase(out.find_last_not_of(' ') + 1);
    out += '\n';
  };
  put(titles_);
  for (const auto& row : rows_) put(row);
  return out;
}

}  // namespace forebay
