// The commands of relay/cli/ alone, for trying them without the relay.
#include <cstdio>
#include <string_view>

#include "relay/cli/demo.h"
#include "relay/cli/gateway.h"
#include "relay/cli/send.h"

int main(int argc, char** argv) {
  const std::string_view command = argc > 1 ? argv[1] : "";
  if (command == "gateway") return forebay::gateway_main(argc - 1, argv + 1);
  if (command == "demo") return forebay::demo_main(argc - 1, argv + 1);
  if (command == "send") return forebay::send_main(argc - 1, argv + 1);
  fputs("usage: forebay_cli_main demo|gateway|send ...\n", stderr);
  return 2;
}
