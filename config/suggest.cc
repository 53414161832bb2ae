#include "config/suggest.h"

#include <algorithm>
#include <cctype>
#include <vector>

namespace forebay {
namespace {

std::string folded(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c == '-' ? '_' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

size_t forgiven(std::string_view written) {
  const size_t third = written.size() / 3;
  return written.size() < 4 ? 1 : std::max<size_t>(2, third);
}

}  // namespace

// Optimal string alignment: three rows of the usual table, the third for swaps.
size_t edit_distance(std::string_view a_text, std::string_view b_text) {
  const std::string a = folded(a_text), b = folded(b_text);
  std::vector<size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] != b[j - 1])});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

std::string nearest_name(std::string_view written, std::span<const std::string> names) {
  std::string nearest;
  size_t least = forgiven(written) + 1;
  for (const std::string& name : names) {
    const size_t distance = edit_distance(written, name);
    if (distance < least && distance < name.size()) {
      least = distance;
      nearest = name;
    }
  }
  return nearest;
}

}  // namespace forebay
