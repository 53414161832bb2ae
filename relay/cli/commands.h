// The commands that main.cc knows. Each is handed its own word as argv[0] and returns the exit status.
#pragma once

#include "relay/cli/check.h"
#include "relay/cli/dead.h"
#include "relay/cli/demo.h"
#include "relay/cli/gateway.h"
#include "relay/cli/journal_tool.h"
#include "relay/cli/pause.h"
#include "relay/cli/plan.h"
#include "relay/cli/send.h"
#include "relay/cli/serve.h"
#include "relay/cli/status.h"
#include "relay/cli/top.h"
