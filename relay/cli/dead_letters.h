// The dead letters of a queue, as the admin door tells them, page by page; and as a table.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "relay/cli/admin_client.h"

namespace forebay {

struct ShownLetter {
  std::string id, died, reason, excerpt;
  uint64_t attempts = 0, bytes = 0;
};

struct LetterPage {
  std::vector<ShownLetter> letters;
  uint64_t total = 0;
  std::string next;  // empty: it is the last
};

// nullopt: it is no page of letters. Texts are fit for a terminal.
std::optional<LetterPage> read_letters(const std::string& json);
// Page for page until `tell` says false; what went wrong, or nothing.
std::string each_page(AdminClient& client, const std::string& queue, uint64_t letters_a_page,
                      const std::function<bool(const LetterPage&)>& tell);
std::string letter_table(const std::vector<ShownLetter>& letters);
// All that is known of one, a line each.
std::string letter_text(const ShownLetter& letter);

}  // namespace forebay
