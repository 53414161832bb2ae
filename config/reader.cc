#include "config/reader.h"

#include <algorithm>
#include <filesystem>

#include "config/forms.h"
#include "config/suggest.h"

namespace forebay {
namespace {

std::string quoted(const std::string& text) {
  constexpr size_t shown_max = 60;
  std::string out = "`";
  for (char c : text.substr(0, shown_max)) out += static_cast<unsigned char>(c) < ' ' ? '?' : c;
  return out + (text.size() > shown_max ? "…`" : "`");
}

std::string joined(const std::string& parent, const std::string& name) {
  return parent.empty() ? name : parent + "." + name;
}

std::vector<std::string> names_below(const std::string& path) {
  std::vector<std::string> names;
  for (const Key* key : keys_below(path)) {
    if (!key->later) names.emplace_back(last_name(key->path));
  }
  return names;
}

std::string listed(const std::vector<std::string>& names) {
  std::string all;
  for (const std::string& name : names) all += (all.empty() ? "" : ", ") + name;
  return all;
}

// A key of that name that belongs elsewhere: `max_attempts` right below a queue.
const Key* namesake(const std::string& name) {
  for (const Key& key : keys()) {
    if (!key.later && last_name(key.path) == name) return &key;
  }
  return nullptr;
}

}  // namespace

Place place_of(const YAML::Node& node) {
  const YAML::Mark mark = node.Mark();
  return {mark.line + 1, mark.column + 1};
}

Reader::Reader(std::string file, const Variables& variables, std::vector<ConfigError>* errors)
    : file_(std::move(file)),
      folder_(std::filesystem::path(file_).parent_path().string()),
      variables_(variables),
      errors_(errors) {}

void Reader::complain(Place place, std::string what, std::string hint) {
  errors_->push_back({file_, place.line, place.column, std::move(what), std::move(hint)});
}

Config Reader::read(const YAML::Node& root) {
  const Given given = read_section(root, {"", "", {1, 1}});
  if (!given.contains("doors")) add_default_doors();
  check_doors();
  check_messages_fit();
  check_room(given);
  check_references();
  check_reserves();
  check_scopes();
  check_admin_doors();
  check_outcomes();
  check_forward_doors();
  return std::move(target_.config);
}

Reader::Given Reader::read_section(const YAML::Node& node, const Where& where) {
  Given given;
  const std::string in = where.shown.empty() ? "the file" : where.shown;
  if (!node.IsNull() && !node.IsMap()) {
    const std::string what = in + (where.shown.empty() ? " must hold" : " must be") + " a map of keys";
    complain(place_of(node), what, "key: value");
    return given;
  }
  for (const auto& pair : node) {
    const Place place = place_of(pair.first);
    if (!pair.first.IsScalar()) {
      complain(place, "a key in " + in + " is not plain text");
      continue;
    }
    const std::string name = pair.first.Scalar();
    const auto [first, fresh] = given.emplace(name, place);
    if (!fresh) {
      complain(place, quoted(name) + " is given twice in " + in, "first on line " + std::to_string(first->second.line));
      continue;
    }
    const Key* key = find_key(joined(where.path, name));
    if (key == nullptr) {
      complain_unknown(name, where, place);
    } else {
      read_key(*key, pair.second, {std::string(key->path), joined(where.shown, name), place});
    }
  }
  for (const Key* key : keys_below(where.path)) {
    const std::string name(last_name(key->path));
    if (!key->required || given.contains(name) || given.contains(key->unless)) continue;
    complain_missing(where, *key);
  }
  return given;
}

void Reader::complain_missing(const Where& where, const Key& key) {
  const std::string name(last_name(key.path));
  const std::string example(key.example.empty() && !key.choices.empty() ? key.choices[0] : key.example);
  complain(where.place, joined(where.shown, name) + " is missing",
           std::string(key.about) + ", such as " + name + ": " + example);
}

void Reader::complain_unknown(const std::string& name, const Where& where, Place place) {
  const std::string in = where.shown.empty() ? "" : " in " + where.shown;
  const std::vector<std::string> siblings = names_below(where.path);
  const std::string nearest = nearest_name(name, siblings);
  const Key* elsewhere = namesake(name);
  std::string hint = "known here: " + listed(siblings);
  if (!nearest.empty()) {
    hint = "did you mean " + nearest + "?";
  } else if (elsewhere != nullptr) {
    hint = "there is " + std::string(elsewhere->path);
  }
  complain(place, "unknown key " + quoted(name) + in, std::move(hint));
}

void Reader::read_key(const Key& key, const YAML::Node& node, const Where& where) {
  if (key.later) return complain(where.place, where.shown + " is not yet available");
  switch (key.kind) {
    case Kind::section:
      read_section(node, where);
      return;
    case Kind::names:
      return read_names(node, where);
    case Kind::sections:
      return read_sections(node, where);
    case Kind::switched:
      if (node.IsScalar()) return read_value(key, node, where);
      read_section(node, where);
      return;
    case Kind::limits:
    case Kind::key_limits:
    case Kind::producer_limits:
      return read_limits(key, node, where);
    case Kind::closed:
      return read_closed(key, node, where);
    case Kind::shares:
      return read_shares(key, node, where);
    case Kind::weights:
      return read_weights(key, node, where);
    case Kind::headers:
      return read_headers(node, where);
    case Kind::status_codes:
    case Kind::status_ranges:
    case Kind::texts:
    case Kind::queue_names:
    case Kind::webhook_secrets:
    case Kind::scopes:
      return read_values(key, node, where);
    default:
      return read_value(key, node, where);
  }
}

void Reader::read_names(const YAML::Node& node, const Where& where) {
  if (node.IsNull()) return;
  if (!node.IsMap()) return complain(place_of(node), where.shown + " must be a map of names", "name: {…}");
  std::map<std::string, Place> seen;
  for (const auto& pair : node) {
    const Place place = place_of(pair.first);
    const std::string name = pair.first.IsScalar() ? pair.first.Scalar() : "";
    const auto [first, fresh] = seen.emplace(name, place);
    const Where item{where.path + ".*", joined(where.shown, name), place};
    if (!is_name(name)) {
      complain(place, quoted(name) + " in " + where.shown + " is not a name",
               "1 to 64 letters, digits, `.`, `_` and `-`, a letter or digit first");
    } else if (!fresh) {
      complain(place, quoted(name) + " is given twice in " + where.shown,
               "first on line " + std::to_string(first->second.line));
    } else if (where.path == "sinks") {
      read_sink(name, pair.second, item);
    } else if (where.path == "queues") {
      read_queue(name, pair.second, item);
    } else if (where.path == "topics") {
      read_topic(name, pair.second, item);
    } else {
      read_class(name, pair.second, item);
    }
  }
}

void Reader::read_sections(const YAML::Node& node, const Where& where) {
  if (!node.IsSequence()) {
    const Place place = node.IsNull() ? where.place : place_of(node);
    return complain(place, where.shown + " must be a list", "[{…}, {…}]");
  }
  if (where.path == "doors" && node.size() == 0) {
    return complain(place_of(node), "doors is empty", "left out, there are an http and an admin door");
  }
  for (size_t i = 0; i < node.size(); ++i) {
    const Where item{where.path + "[]", where.shown + "[" + std::to_string(i) + "]", place_of(node[i])};
    if (where.path == "doors") {
      read_door(node[i], item);
    } else if (where.path == "auth.tokens") {
      read_token(node[i], item);
    } else {
      read_rule(node[i], item);
    }
  }
}

bool Reader::scalar(const YAML::Node& node, const Where& where, Substituted* out) {
  if (node.IsNull()) {
    complain(where.place, where.shown + " has no value");
    return false;
  }
  if (!node.IsScalar()) {
    complain(place_of(node), where.shown + " takes one value, not a " + (node.IsMap() ? "map" : "list"));
    return false;
  }
  *out = substitute(node.Scalar(), variables_, folder_);
  if (out->error.empty()) return true;
  const bool lone = out->error == "a lone $";
  complain(place_of(node), where.shown + ": " + out->error,
           lone ? "write $$ for a dollar sign, ${NAME} for a variable" : "");
  return false;
}

void Reader::complain_value(const Where& where, const std::string& shown, const Wrong& wrong) {
  const Key* key = find_key(where.path);
  std::string value = quoted(shown);
  if (key != nullptr && (key->kind == Kind::url || key->kind == Kind::sink_url)) value = "the URL";
  if (key != nullptr && (key->kind == Kind::webhook_secrets || key->kind == Kind::secret)) value = "the secret";
  complain(where.place, where.shown + ": " + value + " " + wrong.what, wrong.hint);
}

void Reader::read_value(const Key& key, const YAML::Node& node, const Where& where) {
  read_into(key, node, where, key.slot(target_));
}

bool Reader::read_into(const Key& key, const YAML::Node& node, const Where& where, Slot slot) {
  Substituted value;
  if (!scalar(node, where, &value)) return false;
  const Where here{where.path, where.shown, place_of(node)};
  if (key.kind == Kind::sink_name) references_.push_back({value.text, value.shown, here, true});
  if (key.kind == Kind::scopes) scopes_.push_back({value.text, value.shown, here});
  if (key.kind == Kind::queue_name || key.kind == Kind::queue_names) {
    references_.push_back({value.text, value.shown, here, false});
  }
  auto wrong = store_value(key, value.text, slot);
  if (wrong && wrong->quotes_value && value.text != value.shown) wrong = Wrong{"is not accepted here", ""};
  if (wrong) complain_value(here, value.shown, *wrong);
  return !wrong;
}

void Reader::read_values(const Key& key, const YAML::Node& node, const Where& where) {
  if (!node.IsSequence()) return read_value(key, node, where);
  for (const YAML::Node& item : node) read_value(key, item, where);
}

}  // namespace forebay
