#include "relay/cli/dead_letters.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "relay/cli/plain_text.h"
#include "relay/cli/progress.h"
#include "relay/cli/text_table.h"

namespace forebay {
namespace {

using Json = nlohmann::json;

std::string text(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? plain_text(found->get_ref<const std::string&>()) : "";
}

uint64_t count(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_number_unsigned() ? found->get<uint64_t>() : 0;
}

}  // namespace

std::optional<LetterPage> read_letters(const std::string& body) {
  const Json json = Json::parse(body, nullptr, false);
  if (!json.is_object() || !json.contains("letters") || !json["letters"].is_array()) return std::nullopt;
  LetterPage page;
  for (const Json& letter : json["letters"]) {
    if (!letter.is_object()) return std::nullopt;
    page.letters.push_back({text(letter, "id"), text(letter, "died"), text(letter, "reason"), text(letter, "excerpt"),
                            count(letter, "attempts"), count(letter, "bytes")});
  }
  page.total = count(json, "total");
  page.next = text(json, "next");
  return page;
}

std::string each_page(AdminClient& client, const std::string& queue, uint64_t letters_a_page,
                      const std::function<bool(const LetterPage&)>& tell) {
  std::string cursor;
  do {
    std::string path = admin_path({"v1", "queues", queue, "dead"}) + fmt::format("?limit={}", letters_a_page);
    if (!cursor.empty()) path += "&cursor=" + percent_encoded(cursor);
    const AdminReply reply = client.call("GET", path);
    if (!reply.ok()) return reply.error;
    const auto page = read_letters(reply.body);
    if (!page) return "what answers at " + client.place().url + " is not an admin door of Forebay";
    if (!tell(*page)) return {};
    cursor = page->next;
  } while (!cursor.empty());
  return {};
}

std::string letter_table(const std::vector<ShownLetter>& letters) {
  TextTable table;
  table.column("ID");
  table.column("DIED");
  table.column("ATTEMPTS", TextTable::Side::right);
  table.column("BYTES", TextTable::Side::right);
  table.column("REASON");
  for (const ShownLetter& letter : letters) {
    table.row({letter.id, letter.died, with_commas(letter.attempts), with_commas(letter.bytes), letter.reason});
  }
  return table.text();
}

std::string letter_text(const ShownLetter& letter) {
  return fmt::format("id        {}\ndied      {}\nattempts  {}\nbytes     {}\nreason    {}\nresponse  {}\n", letter.id,
                     letter.died, with_commas(letter.attempts), with_commas(letter.bytes), letter.reason,
                     letter.excerpt.empty() ? "(none)" : letter.excerpt);
}

}  // namespace forebay
