// The part of Reader that looks into the files of a door's `tls`.
#include <filesystem>

#include "config/reader.h"
#include "config/tls_files.h"

namespace forebay {
namespace {

// As it is written in the file, never what a ${…} in it stands for.
std::string written(const YAML::Node& tls, const std::string& key) {
  const YAML::Node node = tls[key];
  return node.IsDefined() && node.IsScalar() ? "`" + node.Scalar() + "` " : "";
}

}  // namespace

// From here on the paths are those to open, whatever directory Forebay runs in.
void Reader::check_tls(const YAML::Node& node, const Where& where) {
  TlsConfig& tls = target_.door.tls;
  if (!node.IsMap()) return;  // complained
  for (const char* key : {"cert", "key", "client_ca"}) {
    const YAML::Node path = node[key];
    if (!path.IsDefined() || !path.IsScalar() || !path.Scalar().empty()) continue;
    complain(place_of(path), where.shown + ".tls." + key + " is empty", "the name of a PEM file");
    return;
  }
  if (tls.cert.empty() || tls.key.empty()) return;  // complained
  for (std::string* path : {&tls.cert, &tls.key, &tls.client_ca}) {
    if (!path->empty()) *path = (std::filesystem::path(folder_) / *path).string();
  }
  TlsFiles files;
  const auto fault = read_tls_files(tls, &files);
  if (!fault) return;
  const YAML::Node at = node[fault->key];
  complain(at.IsDefined() ? place_of(at) : where.place,
           where.shown + ".tls." + fault->key + ": " + written(node, fault->key) + fault->what, fault->hint);
}

}  // namespace forebay
