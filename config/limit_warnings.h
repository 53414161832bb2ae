// Warnings about limits, classes and hours: the part of warnings.h that has to reckon.
#pragma once

#include <string>
#include <vector>

#include "config/config.h"

namespace forebay {

// Quotas that are never reached, or gone within the hour.
void warn_about_quotas(const Config& config, std::vector<std::string>* out);

// Key limits whose history cannot fit key_memory.
void warn_about_key_memory(const Config& config, std::vector<std::string>* out);

// Opening hours that never meet, and zones of none.
void warn_about_hours(const Config& config, std::vector<std::string>* out);

// Floors of classes that nobody is in front of.
void warn_about_floors(const QueueConfig& queue, std::vector<std::string>* out);

}  // namespace forebay
