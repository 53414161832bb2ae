// config/reference.yaml, generated from the table of keys: every key of the contract with its default and
// range. What is there already is live YAML and loads as the defaults; the rest is commented out.
#pragma once

#include <string>

namespace forebay {

std::string reference_yaml();

}  // namespace forebay
