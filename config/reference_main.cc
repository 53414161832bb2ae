// Prints config/reference.yaml.
#include <cstdio>

#include "config/reference.h"

int main() {
  const std::string text = forebay::reference_yaml();
  return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() ? 0 : 1;
}
