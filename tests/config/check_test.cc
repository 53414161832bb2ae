#include "relay/cli/check.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "config/load.h"
#include "config/warnings.h"

namespace forebay {
namespace {

class Check : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "forebay-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  int check(const std::string& yaml) {
    const std::string path = folder_ + "/t.yaml";
    std::ofstream(path) << yaml;
    std::ostringstream out, err;
    const int code = run_check(path, out, err);
    out_ = without_folder(out.str());
    err_ = without_folder(err.str());
    return code;
  }

  std::string without_folder(std::string text) const {
    for (size_t at = text.find(folder_ + "/"); at != std::string::npos; at = text.find(folder_ + "/")) {
      text.erase(at, folder_.size() + 1);
    }
    return text;
  }

  std::string folder_, out_, err_;
};

TEST_F(Check, a_good_file) {
  EXPECT_EQ(check("sinks: {a: {url: http://h/, limits: [300/1s], timeout: 200ms}}\nqueues: {q: {sink: a}, r: "
                  "{sink: a}}"),
            0);
  EXPECT_EQ(out_, "ok: 2 doors, 1 sink, 2 queues\n");
  EXPECT_EQ(err_, "");
}

TEST_F(Check, a_bad_file_tells_all_and_exits_one) {
  EXPECT_EQ(check("max_bytes: 1\nqueues: {q: {sink: a}}"), 1);
  EXPECT_EQ(out_, "");
  EXPECT_EQ(err_,
            "t.yaml:1:12: max_bytes: `1` is out of range (16MiB to 1024TiB)\n"
            "t.yaml:2:20: queues.q.sink: no sink is called `a` (there is none)\n"
            "t.yaml: 2 errors\n");
}

TEST_F(Check, more_queues_than_the_journal_numbers) {
  std::string queues = "sinks: {a: {url: http://h/}}\nqueues:\n";
  for (int i = 0; i < 65'536; ++i) queues += "  q" + std::to_string(i) + ": {sink: a}\n";
  EXPECT_EQ(check(queues), 1);
  EXPECT_EQ(err_, "t.yaml:2:1: there can be 65,535 queues (there are 65536)\nt.yaml: 1 error\n");
}

TEST_F(Check, more_classes_than_a_queue_has_lanes) {
  std::string yaml = "sinks: {a: {url: http://h/}}\nqueues: {q: {sink: a, classes: {c0: {}";
  for (int i = 1; i < 64; ++i) yaml += ", c" + std::to_string(i) + ": {}";
  EXPECT_EQ(check(yaml + "}}}"), 1);
  EXPECT_EQ(err_, "t.yaml:2:23: queues.q.classes: there can be 63 of them (there are 64)\nt.yaml: 1 error\n");
}

TEST_F(Check, a_file_that_is_not_there) {
  std::ostringstream out, err;
  EXPECT_EQ(run_check(folder_ + "/none.yaml", out, err), 1);
  EXPECT_EQ(without_folder(err.str()), "none.yaml: cannot be read: No such file or directory\nnone.yaml: 1 error\n");
}

TEST_F(Check, a_folder) {
  std::ostringstream out, err;
  EXPECT_EQ(run_check(folder_, out, err), 1);
  EXPECT_NE(err.str().find("cannot be read: Is a directory"), std::string::npos);
}

TEST_F(Check, secrets_beside_the_file) {
  std::filesystem::create_directory(folder_ + "/secrets");
  std::ofstream(folder_ + "/secrets/token") << "hunter2\n";
  const std::string yaml = "sinks: {a: {url: http://h/, headers: {X-Key: \"${file:secrets/token}\"}}}";
  Config config;
  std::vector<ConfigError> errors;
  ASSERT_TRUE(load_config_text(yaml, folder_ + "/t.yaml", &config, &errors));
  EXPECT_EQ(config.sinks.at("a").headers.at(0).second, "hunter2");
}

TEST_F(Check, warnings) {
  EXPECT_EQ(check("doors: [{type: http, listen: \"0.0.0.0:0\"}]\n"
                  "max_bytes: 1GiB\n"
                  "sinks:\n"
                  "  a: {url: http://h/, limits: [300/1s, {rate: 1/1s, burst: 5}], concurrency: 20, timeout: 10s}\n"
                  "  b: {url: http://h/, ca_file: none.pem,\n"
                  "      responses: [{status: 400, then: throttle, scope: key}]}\n"
                  "queues: {q: {sink: a, on_late: refuse, retry: {min_backoff: 10s, max_backoff: 1s}}}\n"),
            0);
  EXPECT_EQ(out_,
            "t.yaml: warning: doors[0] listens beyond this machine, and there are no tokens: whoever reaches "
            "it may "
            "publish\n"
            "t.yaml: warning: sinks.a: limit 300/1s cannot be reached when replies take longer than 66ms "
            "(concurrency 20)\n"
            "t.yaml: warning: sinks.a: limit 1/1s burst 5: the burst is larger than what the rate lets through in "
            "1s\n"
            "t.yaml: warning: sinks.b has no limits: only concurrency 64 holds it back\n"
            "t.yaml: warning: sinks.b.ca_file cannot be read from here\n"
            "t.yaml: warning: sinks.b.responses: no queue of it has a key, so a throttle closes the whole sink\n"
            "t.yaml: warning: sinks.b is not used by any queue\n"
            "t.yaml: warning: queues.q.retry: max_backoff is below min_backoff\n"
            "t.yaml: warning: queues.q.on_late: refuse has an effect only on messages that bring a ttl of their "
            "own\n"
            "t.yaml: warning: max_bytes of the data_dir is below that of the queues it holds, and is reached first: q\n"
            "ok: 1 door, 2 sinks, 1 queue; 10 warnings\n");
}

TEST_F(Check, a_small_data_dir_is_said_once_for_all_queues) {
  EXPECT_EQ(check("max_bytes: 1GiB\nsinks: {a: {url: http://h/, limits: [300/1s], timeout: 200ms}}\n"
                  "queues: {q: {sink: a}, r: {sink: a}, small: {sink: a, max_bytes: 1MiB}}"),
            0);
  EXPECT_EQ(
      out_,
      "t.yaml: warning: max_bytes of the data_dir is below that of the queues it holds, and is reached first: q, r\n"
      "ok: 2 doors, 1 sink, 3 queues; 1 warning\n");
}

TEST_F(Check, an_empty_file_is_a_relay_with_nothing_to_do) {
  EXPECT_EQ(check(""), 0);
  EXPECT_EQ(out_,
            "t.yaml: warning: there are no queues: nothing can be published\nok: 2 doors, 0 sinks, 0 queues; "
            "1 warning\n");
}

}  // namespace
}  // namespace forebay
