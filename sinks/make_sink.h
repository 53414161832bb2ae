// From a sink's config to the sink: the one place that knows which type is made of what.
#pragma once

#include <memory>

#include "config/config.h"
#include "sinks/sink.h"
#include "sinks/sink_ports.h"

namespace forebay {

// The type is one that the loader lets through (http, file, smtp, redis). A later reconfigure() may bring another.
std::unique_ptr<Sink> make_sink(const SinkPorts& ports, const SinkConfig& config, SinkListener& listener);

}  // namespace forebay
