// Reader: walks a parsed YAML tree along the table of keys (schema.h) and fills a Config. Knows of yaml-cpp,
// and is the only header here that does.
#pragma once

#include <yaml-cpp/yaml.h>

#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/load.h"
#include "config/schema.h"
#include "config/values.h"

namespace forebay {

// A position in the file, from 1.
struct Place {
  int line = 0;
  int column = 0;
};

Place place_of(const YAML::Node& node);

class Reader {
 public:
  Reader(std::string file, const Variables& variables, std::vector<ConfigError>* errors);

  // The whole document. What is wrong goes to `errors`; the config is of use only if nothing was added there.
  Config read(const YAML::Node& root);

 private:
  // Where in the tree we are: in the table's words, in the file's, and in the file.
  struct Where {
    std::string path;   // "queues.*.retry"
    std::string shown;  // "queues.sms.retry"
    Place place;
  };
  // What a section held, by key.
  using Given = std::map<std::string, Place, std::less<>>;
  // A name that something else must have.
  struct Reference {
    std::string name, shown_name;
    Where where;
    bool to_sink = true;
  };
  // A class that a quota keeps a share for.
  struct Reserve {
    std::string lane, owner, shown;  // owner: the sink or queue
    Place place;
    bool of_sink = true;
  };

  // What a token may do, and where that is written.
  struct GivenScope {
    std::string text, shown_text;
    Where where;
  };

  void complain(Place place, std::string what, std::string hint = "");
  // A map of known keys; `given` tells the caller which were there.
  Given read_section(const YAML::Node& node, const Where& where);
  void read_key(const Key& key, const YAML::Node& node, const Where& where);
  void read_names(const YAML::Node& node, const Where& where);
  void read_sections(const YAML::Node& node, const Where& where);
  void read_limits(const Key& key, const YAML::Node& node, const Where& where);
  void read_shares(const Key& key, const YAML::Node& node, const Where& where);
  void read_weights(const Key& key, const YAML::Node& node, const Where& where);
  void read_closed(const Key& key, const YAML::Node& node, const Where& where);
  void read_headers(const YAML::Node& node, const Where& where);
  void read_values(const Key& key, const YAML::Node& node, const Where& where);
  void read_value(const Key& key, const YAML::Node& node, const Where& where);
  // false: complained.
  bool read_into(const Key& key, const YAML::Node& node, const Where& where, Slot slot);

  void complain_missing(const Where& where, const Key& key);
  void complain_unknown(const std::string& name, const Where& where, Place place);
  void complain_value(const Where& where, const std::string& shown, const Wrong& wrong);
  // The scalar with its ${…} replaced; false: complained.
  bool scalar(const YAML::Node& node, const Where& where, Substituted* out);

  void read_door(const YAML::Node& node, const Where& where);
  void check_tls(const YAML::Node& node, const Where& where);
  void check_forward_keys(const Given& given, const Where& where);
  // Into target_.limit; false: it is none, and complained.
  bool read_limit(const YAML::Node& node, const Where& where, Kind kind);
  void read_rule(const YAML::Node& node, const Where& where);
  void read_sink(const std::string& name, const YAML::Node& node, const Where& where);
  void check_sink_type(const Given& given, const YAML::Node& node, const Where& where);
  void check_not_empty(const YAML::Node& node, const Where& where);
  void check_signed_headers(const Given& given, const Where& where);
  void read_queue(const std::string& name, const YAML::Node& node, const Where& where);
  void read_class(const std::string& name, const YAML::Node& node, const Where& where);
  void read_token(const YAML::Node& node, const Where& where);
  void require(const Given& given, std::initializer_list<const char*> names, const Where& where,
               const std::string& forms);
  void read_topic(const std::string& name, const YAML::Node& node, const Where& where);
  void check_pull(const Given& given, const Where& where);
  void check_outcomes();
  void check_forward_doors();
  void check_limit(const Given& given, const Where& where);
  void check_classes(Place place, const Where& where);
  void add_default_doors();
  void check_doors();
  void check_messages_fit();
  void check_room(const Given& given);
  void check_references();
  void check_reserves();
  void check_scopes();
  void check_admin_doors();

  std::string file_;
  std::string folder_;
  const Variables& variables_;
  std::vector<ConfigError>* errors_;
  Target target_;
  std::vector<Reference> references_;
  std::vector<Reserve> reserves_;
  std::vector<GivenScope> scopes_;
  std::vector<Place> door_places_;
};

}  // namespace forebay
