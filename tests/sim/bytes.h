// Small helpers for tests that write recognisable bytes to a disk.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "backlog/files.h"

namespace forebay::testing {

inline std::vector<std::byte> repeated(char letter, size_t count) {
  return std::vector<std::byte>(count, static_cast<std::byte>(letter));
}

inline std::string text_of(File& file) {
  uint64_t bytes = 0;
  if (int error = file.size(&bytes)) return "error " + std::to_string(error);
  std::string text(bytes, '\0');
  size_t count = 0;
  if (int error = file.read_at(0, std::as_writable_bytes(std::span(text)), &count)) {
    return "error " + std::to_string(error);
  }
  text.resize(count);
  return text;
}

inline std::string text_of(Files& files, std::string_view name) {
  std::unique_ptr<File> file;
  if (int error = files.open(name, Files::Mode::open_existing, &file)) return "error " + std::to_string(error);
  return text_of(*file);
}

inline int write_text(File& file, uint64_t offset, std::string_view text) {
  return file.write_at(offset, std::as_bytes(std::span(text)));
}

inline std::vector<std::string> sorted_names(Files& files) {
  std::vector<std::string> names;
  files.list(&names);
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace forebay::testing
