// `forebay plan`: what it prints, and how it refuses.
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "relay/cli/plan.h"
#include "relay/cli/plan_plot.h"
#include "relay/cli/plan_report.h"

namespace forebay {
namespace {

using nlohmann::json;

struct Ran {
  int status;
  std::string out, err;
};

class PlanCommand : public testing::Test {
 protected:
  void SetUp() override {
    setenv("LC_ALL", "C", 1);
    write("a.yaml", "100/1s");
    write("b.yaml", "{rate: 200/1s, burst: 1}");
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string file(const std::string& name) const { return folder_ + "/" + name; }
  void text(const std::string& name, const std::string& what) const { std::ofstream(file(name)) << what; }
  void write(const std::string& name, const std::string& limit) const {
    text(name, "data_dir: " + folder_ +
                   "/data\ndoors: [{type: http, listen: \"127.0.0.1:0\"}]\n"
                   "sinks:\n  gw: {type: http, url: \"http://127.0.0.1:1/\", limits: [" +
                   limit + ", {count: 150, per: day}]}\nqueues:\n  sms: {sink: gw, classes: {otp: {priority: 0}}}\n");
  }
  static Ran run(std::vector<std::string> words) {
    words.insert(words.begin(), "plan");
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const int status = plan_main(static_cast<int>(argv.size()), argv.data());
    std::string out = testing::internal::GetCapturedStdout();
    return {status, std::move(out), testing::internal::GetCapturedStderr()};
  }
  Ran burst(std::vector<std::string> more) const {
    more.insert(more.begin(), {"-c", file("b.yaml"), "--burst", "101", "--queue", "sms"});
    return run(std::move(more));
  }

 private:
  static std::string make_folder() {
    std::string name = (std::filesystem::temp_directory_path() / "forebay-plan-XXXXXX").string();
    return mkdtemp(name.data());
  }
  std::string folder_ = make_folder();
};

TEST_F(PlanCommand, writes_json_of_the_promised_shape) {
  const Ran ran = burst({"--json", "--rtt", "10ms", "--against", file("a.yaml"), "--target", "1s"});
  ASSERT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(ran.err, "");
  const json out = json::parse(ran.out);
  const json& sms = out["queues"]["sms"];
  EXPECT_EQ(sms["drain_seconds"], 0.51);
  EXPECT_EQ(sms["delay_seconds"], json({{"p50", 0.26}, {"p99", 0.505}, {"max", 0.51}}));
  EXPECT_EQ(sms["delivered"], 101);
  EXPECT_EQ(sms["expired"], 0);
  EXPECT_EQ(sms["dead"], 0);
  EXPECT_EQ(sms["peak_messages"], 101);
  EXPECT_EQ(sms["peak_bytes"], 30'300);
  EXPECT_EQ(sms["binding"][0]["limit"], "200/1s burst 1");
  EXPECT_EQ(sms["binding"][0]["seconds"], 0.5);
  EXPECT_EQ(sms["classes"]["default"]["delivered"], 101);
  EXPECT_EQ(out["quotas"][0]["limit"], "150/day");
  EXPECT_TRUE(out["quotas"][0]["out"].empty());
  EXPECT_GT(out["against"]["queues"]["sms"]["drain_seconds"], 0.9);
  EXPECT_EQ(out["needed"][0]["sink"], "gw");
  EXPECT_TRUE(out["needed"][0]["limit"].is_string());
}

TEST_F(PlanCommand, says_null_where_there_is_no_figure) {
  const Ran ran = run({"-c", file("a.yaml"), "--burst", "151", "--queue", "sms", "--json", "--most", "10s", "--start",
                       "2026-03-01T12:00:00Z"});
  const json out = json::parse(ran.out);
  EXPECT_TRUE(out["queues"]["sms"]["drain_seconds"].is_null());
  EXPECT_EQ(out["queues"]["sms"]["waiting"], 1);
  EXPECT_EQ(out["quotas"][0]["out"][0]["to_seconds"], 10);
}

TEST_F(PlanCommand, shows_two_side_by_side) {
  const Ran ran = burst({"--against", file("a.yaml"), "--class", "otp"});
  ASSERT_EQ(ran.status, 0) << ran.err;
  for (const char* part :
       {"queue sms into sink gw", "drained after", "520ms", "a.yaml    change", "held back by, ", "200/1s burst 1",
        "backlog over time", "150/day of sink gw does not run out", "|#", "+---"}) {
    EXPECT_NE(ran.out.find(part), std::string::npos) << part << " is not in\n" << ran.out;
  }
  EXPECT_EQ(ran.out.find('\033'), std::string::npos);
}

TEST_F(PlanCommand, names_the_line_of_a_trace_that_is_wrong_and_prints_nothing) {
  text("day.csv", "time,queue\n0,sms\n1,mail\n");
  const Ran ran = run({"-c", file("a.yaml"), "--trace", file("day.csv")});
  EXPECT_EQ(ran.status, 1);
  EXPECT_EQ(ran.out, "");
  EXPECT_EQ(ran.err, "forebay plan: " + file("day.csv") + ":3: there is no queue \"mail\" in " + file("a.yaml") +
                         "; it has sms\n");
}

TEST_F(PlanCommand, plans_a_trace_by_class) {
  text("day.csv", "0,sms,otp\n0.5,sms,,k,2\n60,sms,otp\n");
  const Ran ran = run({"-c", file("a.yaml"), "--trace", file("day.csv"), "--json"});
  ASSERT_EQ(ran.status, 0) << ran.err;
  const json out = json::parse(ran.out);
  EXPECT_EQ(out["queues"]["sms"]["classes"]["otp"]["delivered"], 2);
  EXPECT_EQ(out["queues"]["sms"]["drain_seconds"], 60.02);
}

TEST_F(PlanCommand, refuses_what_is_not_there) {
  text("empty.csv", "");
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases{
      {{"-c", file("none.yaml"), "--burst", "1", "--queue", "sms"}, "none.yaml"},
      {{"-c", file("a.yaml"), "--burst", "1", "--queue", "mail"}, "there is no queue \"mail\""},
      {{"-c", file("a.yaml"), "--burst", "1", "--queue", "sms", "--class", "vip"}, "it has otp"},
      {{"-c", file("a.yaml"), "--burst", "1", "--queue", "sms", "--against", file("none.yaml")}, "none.yaml"},
      {{"-c", file("a.yaml"), "--trace", file("none.csv")}, "No such file"},
      {{"-c", file("a.yaml"), "--trace", file("")}, "Is a directory"},
      {{"-c", file("a.yaml"), "--trace", file("empty.csv")}, "empty.csv: it is empty"}};
  for (const auto& [words, says] : cases) {
    const Ran ran = run(words);
    EXPECT_EQ(ran.status, 1);
    EXPECT_EQ(ran.out, "");
    EXPECT_NE(ran.err.find(says), std::string::npos) << ran.err;
  }
}

TEST_F(PlanCommand, knows_misuse) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases{
      {{}, "either --burst"},
      {{"--burst", "5"}, "--burst needs --queue"},
      {{"--burst", "5", "--queue", "q", "--trace", "x"}, "either --burst"},
      {{"--trace", "x", "--queue", "q"}, "go with --burst"},
      {{"--trace", "x", "--keys", "2"}, "--keys goes with --burst"},
      {{"--burst", "0", "--queue", "q"}, "--burst: '0'"},
      {{"--burst", "200M", "--queue", "q"}, "--burst: '200M'"},
      {{"--burst", "5", "--queue", "q", "--rtt", "5"}, "--rtt: '5'"},
      {{"--burst", "5", "--queue", "q", "--most", "0s"}, "--most: '0s'"},
      {{"--burst", "5", "--queue", "q", "--target", "x"}, "--target: 'x'"},
      {{"--burst", "5", "--queue", "q", "--target", "20ms"}, "not longer than the round trip"},
      {{"--burst", "5", "--queue", "q", "--fail", "2"}, "--fail: '2'"},
      {{"--burst", "5", "--queue", "q", "--body-bytes", "-1"}, "--body-bytes"},
      {{"--burst", "5", "--queue", "q", "--start", "soon"}, "--start: 'soon'"},
      {{"--nonsense"}, "--nonsense"}};
  for (const auto& [words, says] : cases) {
    const Ran ran = run(words);
    EXPECT_EQ(ran.status, 2) << says;
    EXPECT_EQ(ran.out, "");
    EXPECT_NE(ran.err.find(says), std::string::npos) << ran.err;
  }
  const Ran help = run({"--help"});
  EXPECT_EQ(help.status, 0);
  EXPECT_NE(help.out.find("--against"), std::string::npos);
}

TEST(Plots, have_the_peak_at_the_top_and_show_what_is_little) {
  EXPECT_EQ(plot({8, 4, 1, 0}, 2, 40, false, "4s"), "          8 |#\n            |###\n          0 +----\n" +
                                                        ("            0s" + std::string(24, ' ')) + "4s\n");
  EXPECT_EQ(plot({16, 8, 1, 0}, 2, 40, true, "4s").substr(0, 71),
            "         16 │█\n            │██▁\n          0 └────");
}

TEST(Spoken, has_two_units_at_most) {
  for (const auto& [ms, text] : {std::pair<int64_t, const char*>(0, "0s"),
                                 {840, "840ms"},
                                 {1'234, "1.23s"},
                                 {12'340, "12.3s"},
                                 {59'990, "1m00s"},
                                 {299'400, "4m59s"},
                                 {4'320'000, "1h12m"},
                                 {90'000'000, "1d01h"}}) {
    EXPECT_EQ(spoken(Duration::milliseconds(ms)), text);
  }
}

}  // namespace
}  // namespace forebay
