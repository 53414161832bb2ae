// The source tree as text: what the rules of the house (rules.h) are functions of.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace forebay {

// Paths relative to the root, with `/`.
using Tree = std::map<std::string, std::string>;

// Every text file below the root; not what is built, hidden (but for .ci), or larger than 4 MiB.
Tree read_tree(const std::string& root);

// Folders right below the root that hold a file of the tree.
std::vector<std::string> top_folders(const Tree& tree);

bool is_source(std::string_view path);  // C or C++

// The text without comments, and with texts in quotes emptied.
std::string code_of(std::string_view text);

// What `#include "…"` names, in order.
std::vector<std::string> includes_of(std::string_view text);

}  // namespace forebay
