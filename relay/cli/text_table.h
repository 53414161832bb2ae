// TextTable: rows of texts in columns as wide as their widest text, two spaces between.
#pragma once

#include <string>
#include <vector>

namespace forebay {

class TextTable {
 public:
  enum class Side { left, right };
  void column(std::string title, Side side = Side::left);
  // As many texts as there are columns.
  void row(std::vector<std::string> texts);
  bool empty() const { return rows_.empty(); }
  // Lines with their line ends; no spaces at their ends.
  std::string text() const;

 private:
  std::vector<std::string> titles_;
  std::vector<Side> sides_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace forebay
