// Each rule against a tiny tree that breaks it, and one that does not.
#include "tests/house/rules.h"

#include <gtest/gtest.h>

namespace forebay {
namespace {

// Words that the rules look for, put together so that this file does not break them.
const std::string skip = std::string("GTEST_") + "SKIP();";
const std::string pause = std::string("usle") + "ep(1);";
const std::string left_over = std::string("// TO") + "DO later";
const std::string machine_path = std::string("see /ho") + "me/me/x";

std::string include(const std::string& name) {
  return "#include \"" + name + "\"\n";
}

TEST(CodeOf, leaves_out_comments_and_texts) {
  EXPECT_EQ(code_of("a // b\nc /* d\n */ e"), "a \nc  e");
  EXPECT_EQ(code_of("f(\"x // \\\" y\", 'z');"), "f(\"\", \"\");");
  EXPECT_EQ(code_of("R\"q(a \" )\" b)q\" c"), "\"\" c");
  EXPECT_EQ(code_of("1'000'000 + a"), "1'000'000 + a");
}

TEST(IncludesOf, finds_quoted_ones) {
  EXPECT_EQ(includes_of("#include \"a/b.h\"\n#include <c>\n  #  include \"d.h\"\n// #include \"e.h\"\n"),
            (std::vector<std::string>{"a/b.h", "d.h"}));
}

TEST(Rules, include_arrows) {
  EXPECT_EQ(include_arrows({{"limiter/a.h", include("base/time.h") + include("config/config.h")},
                            {"sim/a.cc", include("relay/core.h")},
                            {"relay/cli/plan.cc", include("sim/plan/plan.h")},
                            {"tests/limiter/a.cc", include("relay/core.h")}}),
            Complaints{});
  EXPECT_EQ(include_arrows({{"limiter/a.h", include("relay/core.h")}}),
            Complaints{"limiter/a.h includes relay/core.h"});
  EXPECT_EQ(include_arrows({{"backlog/a.cc", include("config/config.h")}}),
            Complaints{"backlog/a.cc includes config/config.h"});
  EXPECT_EQ(include_arrows({{"sim/a.cc", include("relay/loop.h")}}), Complaints{"sim/a.cc includes relay/loop.h"});
  EXPECT_EQ(include_arrows(
                {{"relay/cli/plan.cc", include("sim/world.h")}, {"relay/cli/send.cc", include("sim/plan/plan.h")}}),
            (Complaints{"relay/cli/plan.cc includes sim/world.h", "relay/cli/send.cc includes sim/plan/plan.h"}));
}

TEST(Rules, one_assembly) {
  EXPECT_EQ(one_assembly({{"relay/assemble.cc", include("backlog/journal.h")},
                          {"backlog/journal.cc", include("backlog/journal.h")},
                          {"relay/cli/journal_tool.cc", include("backlog/posix_files.h")},
                          {"relay/cli/serve.cc", include("relay/assemble.h") + include("relay/cli/serve.h")},
                          {"sinks/make_sink.cc", include("sinks/file/file_sink.h")},
                          {"tests/backlog/a.cc", include("backlog/journal.h")}}),
            Complaints{});
  EXPECT_EQ(one_assembly({{"sinks/make_sink.cc", include("backlog/journal.h")}}),
            Complaints{"sinks/make_sink.cc includes backlog/journal.h"});
  EXPECT_EQ(one_assembly({{"relay/core.cc", include("backlog/journal.h")}}),
            Complaints{"relay/core.cc includes backlog/journal.h"});
  EXPECT_EQ(one_assembly({{"doors/http/a.cc", include("doors/admin/admin_door.h")}}),
            Complaints{"doors/http/a.cc includes doors/admin/admin_door.h"});
  EXPECT_EQ(one_assembly({{"relay/main.cc", include("relay/relay.h")}}),
            Complaints{"relay/main.cc includes relay/relay.h"});
}

TEST(Rules, pure_core) {
  EXPECT_EQ(pure_core({{"relay/core.cc", "// std::chrono\nInstant next; now.steady; resend(x); runtime(y);"},
                       {"relay/loop.cc", "#include <uv.h>\nuv_run(loop);"},
                       {"relay/cli/send.cc", "std::chrono::seconds s;"},
                       {"sinks/http/a.cc", "#include <curl/curl.h>"}}),
            Complaints{});
  EXPECT_EQ(pure_core({{"relay/core.cc", "std::chrono::steady_clock::now();"}}),
            Complaints{"relay/core.cc has a clock: std::chrono"});
  EXPECT_EQ(pure_core({{"relay/brand_new.cc", "clock_gettime(0, &t);"}}),
            Complaints{"relay/brand_new.cc has a clock: clock_gettime"});
  EXPECT_EQ(pure_core({{"limiter/a.cc", "int x = rand();"}}), Complaints{"limiter/a.cc has chance: rand("});
  EXPECT_EQ(pure_core({{"limiter/a.h", "#include <mutex>"}}), Complaints{"limiter/a.h has a thread: <mutex>"});
  EXPECT_EQ(pure_core({{"relay/retry.cc", "#include <uv.h>"}}), Complaints{"relay/retry.cc has a socket: <uv.h>"});
  EXPECT_EQ(pure_core({{"relay/retry.cc", pause}}), Complaints{"relay/retry.cc has a pause: " + pause.substr(0, 7)});
}

TEST(Rules, named_tests) {
  const std::string cmake = "forebay_test(x SOURCES a_test.cc ${CMAKE_SOURCE_DIR}/tests/b/b_test.cc)";
  EXPECT_EQ(named_tests({{"tests/a/CMakeLists.txt", cmake}, {"tests/a/a_test.cc", ""}, {"tests/b/b_test.cc", ""}}),
            Complaints{});
  EXPECT_EQ(named_tests({{"tests/a/CMakeLists.txt", cmake}, {"tests/c/a_test.cc", ""}}),
            Complaints{"tests/c/a_test.cc is named by no CMake target"});
}

TEST(Rules, no_shortcuts) {
  EXPECT_EQ(no_shortcuts({{"relay/a.cc", "int x;"}, {"tests/a.cc", "TEST(A, b) {}"}}), Complaints{});
  EXPECT_EQ(no_shortcuts({{"relay/a.cc", left_over}}).size(), 1u);
  EXPECT_EQ(no_shortcuts({{"tests/a.cc", pause}}).size(), 1u);
  EXPECT_EQ(no_shortcuts({{"tests/a.cc", skip}}).size(), 1u);
}

TEST(Rules, tested_faults) {
  const std::string head = "# Faults\n| fault | what Forebay promises | test |\n|---|---|---|\n";
  const std::pair<const std::string, std::string> tests{
      "tests/a.cc", "TEST(Crash, loses_nothing) {}\nRC_GTEST_PROP(Disk,\n  any_n, ()) {}\nTEST_P(Big, one) {}"};
  EXPECT_EQ(
      tested_faults({tests, {"docs/faults.md", head + "| kill -9 | all kept | `Crash.loses_nothing`, Disk.any_n |\n"}}),
      Complaints{});
  EXPECT_EQ(tested_faults({tests, {"docs/faults.md", head + "| x | y | All/Big.one/3 |\n"}}), Complaints{});
  const std::pair<const std::string, std::string> scripts{
      "examples/CMakeLists.txt", "forebay_example(Example.a a)\n#forebay_example(Example.b b)\n"};
  EXPECT_EQ(tested_faults({scripts, {"docs/faults.md", head + "| x | y | Example.a |\n"}}), Complaints{});
  EXPECT_EQ(tested_faults({scripts, {"docs/faults.md", head + "| x | y | Example.b |\n"}}),
            Complaints{"docs/faults.md: there is no test Example.b"});
  EXPECT_EQ(tested_faults({tests, {"docs/faults.md", head + "| kill -9 | all kept | |\n"}}),
            Complaints{"docs/faults.md: no test shows \"kill -9\""});
  EXPECT_EQ(tested_faults({tests, {"docs/faults.md", head + "| kill -9 | all kept |\n"}}),
            Complaints{"docs/faults.md: no test shows \"kill -9\""});
  EXPECT_EQ(tested_faults({tests, {"docs/faults.md", head + "| kill -9 | all kept | Crash.gone |\n"}}),
            Complaints{"docs/faults.md: there is no test Crash.gone"});
}

TEST(Rules, exported_metrics) {
  const std::pair<const std::string, std::string> metrics{
      "relay/metrics.cc", "counters(r, \"forebay_accepted_total\"); histograms(r, \"forebay_sync_seconds\");"};
  EXPECT_EQ(exported_metrics({metrics,
                              {"dashboards/g/a.json", "rate(forebay_accepted_total[1m]) forebay_sync_seconds_bucket"},
                              {"dashboards/README.md", "forebay_wrong"}}),
            Complaints{});
  EXPECT_EQ(exported_metrics({metrics, {"dashboards/a.json", "{\"expr\": \"forebay_acepted_total\"}"}}),
            Complaints{"dashboards/a.json uses forebay_acepted_total, which is not exported"});
  EXPECT_EQ(exported_metrics({metrics, {"dashboards/p/a.yml", "expr: process_open_fds"}}),
            Complaints{"dashboards/p/a.yml uses process_open_fds, which is not exported"});
}

TEST(Rules, no_machine_paths) {
  EXPECT_EQ(no_machine_paths({{"docs/a.md", "a network/home/b, ./work/x, https://h/work/"}}), Complaints{});
  EXPECT_EQ(no_machine_paths({{"docs/a.md", machine_path}}).size(), 1u);
}

TEST(Rules, whole_map) {
  const std::pair<const std::string, std::string> code{"relay/a.cc", ""};
  EXPECT_EQ(whole_map({code, {"README.md", "`relay/` the core"}, {".ci/run", ""}, {"dev", ""}}), Complaints{});
  EXPECT_EQ(whole_map({code, {"README.md", "relay"}}), Complaints{"README.md's map has no `relay/`"});
}

TEST(Rules, short_files) {
  EXPECT_EQ(short_files({{"a.cc", std::string(400, '\n')}, {"a.md", std::string(900, '\n')}}), Complaints{});
  EXPECT_EQ(short_files({{"a.cc", std::string(401, '\n')}}), Complaints{"a.cc has 401 lines"});
}

TEST(Rules, stand_an_empty_tree) {
  for (auto rule : {include_arrows, one_assembly, pure_core, named_tests, no_shortcuts, tested_faults, exported_metrics,
                    no_machine_paths, whole_map, short_files}) {
    EXPECT_EQ(rule({}), Complaints{});
  }
}

}  // namespace
}  // namespace forebay
