#pragma once
#include "config/config.h"
namespace forebay { struct LimitSetConfig {}; inline LimitSetConfig limit_set_config(const QueueConfig&, const SinkConfig&) { return {}; } }
