#include "relay/cli/gateway.h"

#include <uv.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "relay/cli/gateway_server.h"

namespace forebay {
namespace {

struct Arguments {
  std::string listen = "127.0.0.1:7080", limit = "300/1s", latency = "20ms", fail = "0%";
  uint64_t seed = 1;
};

// Empty: fine. Otherwise what is wrong, naming the option.
std::string read_options(const Arguments& arguments, GatewayOptions& options) {
  const auto listen = read_address(arguments.listen);
  if (!listen) return "--listen: '" + arguments.listen + "' is not HOST:PORT";
  const auto latency = read_duration(arguments.latency);
  if (!latency) return "--latency: '" + arguments.latency + "' is not a duration such as 20ms";
  const auto fail = read_share(arguments.fail);
  if (!fail) return "--fail: '" + arguments.fail + "' is not a share such as 1%";
  if (arguments.limit != "none") {
    options.limit = read_rate(arguments.limit);
    if (!options.limit) return "--limit: '" + arguments.limit + "' is neither a rate such as 300/1s nor none";
  }
  options.listen = *listen;
  options.latency = *latency;
  options.fail_share = *fail;
  options.seed = arguments.seed;
  return "";
}

int run(const GatewayOptions& options) {
  uv_loop_t loop;
  uv_loop_init(&loop);
  GatewayServer server(&loop, options);
  const int error = server.listen();
  if (error != 0) {
    fprintf(stderr, "forebay gateway: cannot listen on %s:%u: %s\n", options.listen.host.c_str(), options.listen.port,
            uv_strerror(error));
    uv_run(&loop, UV_RUN_DEFAULT);
    return 1;
  }
  uv_signal_t signals[2];
  for (uv_signal_t& signal : signals) {
    uv_signal_init(&loop, &signal);
    signal.data = &server;
  }
  const auto stop = [](uv_signal_t* signal, int) {
    static_cast<GatewayServer*>(signal->data)->close();
    uv_stop(signal->loop);
  };
  uv_signal_start(&signals[0], stop, SIGTERM);
  uv_signal_start(&signals[1], stop, SIGINT);
  const bool v6 = options.listen.host.find(':') != std::string::npos;
  printf(v6 ? "listening on [%s]:%u\n" : "listening on %s:%u\n", options.listen.host.c_str(), server.port());
  fflush(stdout);
  uv_run(&loop, UV_RUN_DEFAULT);
  for (uv_signal_t& signal : signals) uv_close(reinterpret_cast<uv_handle_t*>(&signal), nullptr);
  uv_run(&loop, UV_RUN_DEFAULT);
  uv_loop_close(&loop);
  fputs(summary_text(server.summary()).c_str(), stdout);
  return 0;
}

}  // namespace

int gateway_main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("A mock SMS gateway that keeps score: arrivals, refusals, duplicates, worst windows.",
               "forebay gateway");
  app.add_option("--listen", arguments.listen, "HOST:PORT; port 0 takes a free one")->capture_default_str();
  app.add_option("--limit", arguments.limit, "sliding window such as 300/1s, or none; above it 429")
      ->capture_default_str();
  app.add_option("--latency", arguments.latency, "time to answer")->capture_default_str();
  app.add_option("--fail", arguments.fail, "share answered 500, such as 1%")->capture_default_str();
  app.add_option("--seed", arguments.seed, "of which ones fail")->capture_default_str();
  app.footer("GET /summary gives the score as JSON; it is printed at SIGTERM and Ctrl-C, too.");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  GatewayOptions options;
  const std::string wrong = read_options(arguments, options);
  if (!wrong.empty()) {
    fprintf(stderr, "forebay gateway: %s\n", wrong.c_str());
    return 2;
  }
  return run(options);
}

}  // namespace forebay
