#include "relay/cli/dead.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "relay/cli/admin_options.h"
#include "relay/cli/dead_letters.h"
#include "relay/cli/plain_text.h"
#include "relay/cli/progress.h"

namespace forebay {
namespace {

constexpr uint64_t page_max = 1000;

struct Arguments {
  AdminOptions admin;
  std::string queue, id;
  uint64_t limit = 20;
  bool all = false, yes = false;
};

int fail(const std::string& why, int status = 1) {
  return fail_command("dead", why, status);
}

int list(AdminClient& client, const Arguments& a) {
  uint64_t left = a.all ? UINT64_MAX : a.limit, total = 0, shown = 0;
  std::vector<ShownLetter> letters;
  const auto take = [&](const LetterPage& page) {
    total = page.total;
    for (const ShownLetter& letter : page.letters) {
      if (shown == left) break;
      letters.push_back(letter);
      ++shown;
    }
    return shown < left;
  };
  const std::string error = each_page(client, a.queue, std::min(left, page_max), take);
  if (!error.empty()) return fail(error);
  if (total == 0) return std::printf("queue %s has no dead letters\n", plain_text(a.queue).c_str()), 0;
  std::fputs(letter_table(letters).c_str(), stdout);
  if (shown < total)
    std::printf("%s of %s; --all lists them all\n", with_commas(shown).c_str(), with_commas(total).c_str());
  return 0;
}

int show(AdminClient& client, const Arguments& a) {
  bool found = false;
  const auto look = [&](const LetterPage& page) {
    for (const ShownLetter& letter : page.letters) {
      if (letter.id != a.id) continue;
      std::fputs(letter_text(letter).c_str(), stdout);
      found = true;
    }
    return !found;
  };
  const std::string error = each_page(client, a.queue, page_max, look);
  if (!error.empty()) return fail(error);
  return found ? 0 : fail(fmt::format("queue {} has no dead letter {}", plain_text(a.queue), plain_text(a.id)));
}

// Whoever is not at a terminal cannot be asked.
bool confirmed(const Arguments& a, int* status) {
  if (a.yes) return true;
  const std::string what = a.all ? "all dead letters" : "dead letter " + plain_text(a.id);
  if (isatty(STDIN_FILENO) != 1) {
    *status = fail("purging " + what + " cannot be undone; say --yes where nobody can be asked", 2);
    return false;
  }
  std::fprintf(stderr, "Purge %s of queue %s? It cannot be undone. [y/N] ", what.c_str(), plain_text(a.queue).c_str());
  std::string answer;
  if (std::getline(std::cin, answer) && (answer == "y" || answer == "Y" || answer == "yes")) return true;
  *status = fail("nothing was purged");
  return false;
}

int change(AdminClient& client, const Arguments& a, bool replays) {
  std::string path = admin_path({"v1", "queues", a.queue, "dead"}) + (replays ? ":replay" : "");
  if (!a.id.empty()) path += "?id=" + percent_encoded(a.id);
  const AdminReply reply = client.call(replays ? "POST" : "DELETE", path);
  if (!reply.ok()) return fail(reply.error);
  const auto json = nlohmann::json::parse(reply.body, nullptr, false);
  const uint64_t count = json.is_object() ? json.value("changed", uint64_t{0}) : 0;
  std::printf("%s %s\n", with_commas(count).c_str(), replays ? "replayed" : "purged");
  return 0;
}

int run(const Arguments& a, const std::string& verb) {
  if ((verb == "replay" || verb == "purge") && a.id.empty() == !a.all) return fail("give either --id ID or --all", 2);
  int status = 0;
  const auto place = admin_place("dead", a.admin, &status);
  if (!place) return status;
  AdminClient client(*place, Duration::seconds(60));  // a replay of millions takes its time
  if (verb == "list") return list(client, a);
  if (verb == "show") return show(client, a);
  if (verb == "purge" && !confirmed(a, &status)) return status;
  return change(client, a, verb == "replay");
}

}  // namespace

int dead_main(int argc, char** argv) {
  Arguments a;
  CLI::App app("The dead letters of a queue: what was given up on, and is kept until it is replayed or purged.",
               "forebay dead");
  app.require_subcommand(1);
  app.fallthrough();
  add_admin_options(app, &a.admin);
  const auto add = [&](const char* verb, const char* what) {
    CLI::App* sub = app.add_subcommand(verb, what);
    sub->add_option("--queue", a.queue, "whose")->required();
    add_admin_options(*sub, &a.admin);
    return sub;
  };
  CLI::App* list = add("list", "the oldest first, with reason and attempts");
  list->add_option("--limit", a.limit, "how many")->check(CLI::Range(1, 1'000'000))->capture_default_str();
  list->add_flag("--all", a.all, "all of them");
  add("show", "one, with what the downstream answered last")->add_option("--id", a.id, "which")->required();
  CLI::App* replay = add("replay", "back into the queue, in a class of their own");
  CLI::App* purge = add("purge", "away for good");
  for (CLI::App* sub : {replay, purge}) {
    sub->add_option("--id", a.id, "one");
    sub->add_flag("--all", a.all, "all of the queue");
  }
  purge->add_flag("--yes", a.yes, "without asking");
  app.footer("Exit: 0 done, 1 refused or failed, 2 usage.");
  if (const auto over = parse_arguments(app, argc, argv)) return *over;
  return run(a, app.get_subcommands().front()->get_name());
}

}  // namespace forebay
