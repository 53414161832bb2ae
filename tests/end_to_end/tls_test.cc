// TLS on the real program: curl publishes through it, certificates come and go with a reload, and whoever does not
// belong is turned away.
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "tests/end_to_end/running_relay.h"
#include "tests/support/tls_socket.h"

namespace forebay::testing {
namespace {

// A relay with a third door: http with TLS. RunningRelay's own two stay in the clear, to ask by.
class TlsTest : public ::testing::Test {
 public:
  void start(const std::string& more_tls = "") {
    const std::string names = "{cert: tls/cert.pem, key: tls/key.pem" + more_tls + "}";
    relay_.emplace("sinks: {s: {url: \"http://127.0.0.1:9/\"}}\nqueues: {q: {sink: s}}\n", "",
                   "  - {type: http, listen: \"127.0.0.1:0\", tls: " + names + "}\n");
    std::filesystem::create_directory(relay_->directory() + "/tls");
    put("ca.pem", authority_.pem());
    put_pair("cert.pem", "key.pem", authority_.issue("first"));
    ASSERT_TRUE(relay_->start({{"SPDLOG_LEVEL", "debug"}})) << relay_->output();
    port_ = relay_->wait_for_door("http");
    ASSERT_NE(port_, 0) << relay_->output();
  }
  std::string path(const std::string& name) const { return relay_->directory() + "/tls/" + name; }
  void put(const std::string& name, const std::string& text) const { std::ofstream(path(name)) << text; }
  void put_pair(const std::string& certificate, const std::string& key, const TestPair& pair) const {
    put(certificate, pair.certificate);
    put(key, pair.key);
  }

  // What curl says of a publish: the status, and where that is 000 its own exit status.
  std::string publish_by_curl(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> argv{"curl",       "-s", "-o",       "/dev/null",    "-w", "%{http_code} %{http_version}",
                                  "--max-time", "15", "--cacert", path("ca.pem"), "-d", "a message"};
    argv.insert(argv.end(), more.begin(), more.end());
    argv.push_back("https://localhost:" + std::to_string(port_) + "/v1/queues/q/messages");
    Process curl(argv);
    const std::string said = curl.read_all();
    return said + " " + std::to_string(curl.wait().value_or(-1));
  }
  TlsClient::Settings client() const { return {.trusted = authority_.pem()}; }
  double handshakes(const std::string& result) const {
    return relay_->metric("forebay_tls_handshakes_total{result=\"" + result + "\"}").value_or(-1);
  }
  // Of who answers a new handshake now.
  std::string shown() const { return TlsSocket(port_, client()).tls().server_name(); }
  int ask(TlsSocket& socket) const {
    socket.send("POST /v1/queues/q/messages HTTP/1.1\r\nHost: relay\r\nContent-Length: 1\r\n\r\nx");
    const auto response = socket.read_response();
    return response ? response->status : 0;
  }

  TestAuthority authority_;
  std::optional<RunningRelay> relay_;
  uint16_t port_ = 0;
};

TEST_F(TlsTest, publishes_by_curl_and_counts) {
  start();
  EXPECT_EQ(publish_by_curl(), "202 1.1 0");
  EXPECT_EQ(publish_by_curl({"--tls-max", "1.2"}), "202 1.1 0");
  EXPECT_EQ(publish_by_curl({"--http2"}), "202 1.1 0");
  EXPECT_EQ(publish_by_curl({"--tls-max", "1.1", "--ciphers", "DEFAULT@SECLEVEL=0"}).substr(0, 3), "000");
  EXPECT_EQ(handshakes("done"), 3);
  EXPECT_EQ(handshakes("failed"), 1);
  EXPECT_EQ(relay_->metric("forebay_accepted_messages_total{class=\"default\",queue=\"q\"}"), 3);
  EXPECT_EQ(relay_->stop(), 0);
}

TEST_F(TlsTest, drops_cleartext_with_a_word_at_debug) {
  start();
  RawClient client(port_);
  ASSERT_TRUE(client.send("GET / HTTP/1.1\r\nHost: relay\r\n\r\n"));
  EXPECT_EQ(client.read_all().find("HTTP/"), std::string::npos);
  EXPECT_TRUE(relay_->process().wait_for("its TLS handshake failed: http request")) << relay_->output();
  EXPECT_EQ(handshakes("failed"), 1);
  EXPECT_EQ(publish_by_curl(), "202 1.1 0");
}

TEST_F(TlsTest, lets_in_only_clients_of_client_ca) {
  start(", client_ca: tls/ca.pem");
  put_pair("shop.pem", "shop.key", authority_.issue("shop"));
  put_pair("late.pem", "late.key", authority_.issue("late", -60));
  put_pair("other.pem", "other.key", TestAuthority("other").issue("shop"));
  const auto as = [this](const std::string& name) {
    return publish_by_curl({"--cert", path(name + ".pem"), "--key", path(name + ".key")});
  };
  EXPECT_EQ(as("shop"), "202 1.1 0");
  EXPECT_EQ(publish_by_curl().substr(0, 3), "000");
  EXPECT_EQ(as("late").substr(0, 3), "000");
  EXPECT_EQ(as("other").substr(0, 3), "000");
  EXPECT_EQ(handshakes("failed"), 3);
  EXPECT_EQ(relay_->metric("forebay_accepted_messages_total{class=\"default\",queue=\"q\"}"), 1);
}

TEST_F(TlsTest, another_certificate_comes_with_a_reload_and_no_connection_goes) {
  start();
  TlsSocket before(port_, client());
  EXPECT_EQ(ask(before), 202);
  put_pair("cert.pem", "key.pem", authority_.issue("second"));
  EXPECT_EQ(shown(), "first") << "nothing changes by itself";
  const Reply reply = relay_->admin("POST", "/v1/config:reload");
  EXPECT_EQ(reply.status, 200) << reply.body;
  EXPECT_NE(reply.body.find("doors[2].tls.cert renewed"), std::string::npos) << reply.body;
  EXPECT_EQ(shown(), "second");
  put_pair("cert.pem", "key.pem", authority_.issue("third"));
  relay_->process().signal(SIGHUP);
  ASSERT_TRUE(relay_->process().wait_for("doors[2] shows certificate /CN=third")) << relay_->output();
  ASSERT_TRUE(relay_->process().wait_for("the config is reloaded")) << relay_->output();
  EXPECT_EQ(shown(), "third");
  EXPECT_EQ(ask(before), 202);
  EXPECT_EQ(before.tls().server_name(), "first");
}

TEST_F(TlsTest, other_files_come_with_a_reload) {
  start();
  put_pair("new.pem", "new.key", authority_.issue("new"));
  std::ifstream in(relay_->config_path());
  std::string text((std::istreambuf_iterator<char>(in)), {});
  text.replace(text.find("tls/cert.pem"), 12, "tls/new.pem");
  text.replace(text.find("tls/key.pem"), 11, "tls/new.key");
  std::ofstream(relay_->config_path()) << text;
  const Reply reply = relay_->admin("POST", "/v1/config:reload");
  EXPECT_EQ(reply.status, 200) << reply.body;
  EXPECT_NE(reply.body.find("doors[2].tls changed"), std::string::npos) << reply.body;
  EXPECT_NE(reply.body.find("\"needs_restart\":[]"), std::string::npos) << reply.body;
  EXPECT_EQ(shown(), "new");
}

TEST_F(TlsTest, a_broken_file_refuses_the_reload_whole) {
  start();
  TlsSocket before(port_, client());
  const TestPair other = authority_.issue("other");
  std::ifstream in(relay_->config_path());
  std::string text((std::istreambuf_iterator<char>(in)), {});
  text.replace(text.find("q: {sink: s}"), 12, "q: {sink: s}, more: {sink: s}");
  std::ofstream(relay_->config_path()) << text;
  put("key.pem", other.key);
  const Reply mismatch = relay_->admin("POST", "/v1/config:reload");
  EXPECT_EQ(mismatch.status, 422);
  EXPECT_NE(mismatch.body.find("doors[2].tls.key: `tls/key.pem` does not belong to the certificate"), std::string::npos)
      << mismatch.body;
  EXPECT_NE(mismatch.body.find("\"line\":5"), std::string::npos) << mismatch.body;
  EXPECT_EQ(mismatch.body.find("PRIVATE KEY"), std::string::npos);
  put("cert.pem", "nothing");
  relay_->process().signal(SIGHUP);
  ASSERT_TRUE(relay_->process().wait_for("holds no certificate")) << relay_->output();
  ASSERT_TRUE(relay_->process().wait_for("nothing changed"));
  EXPECT_EQ(relay_->metric("forebay_config_reload_success"), 0);
  EXPECT_EQ(relay_->http("POST", "/v1/queues/more/messages", "x").status, 404) << "whole or not at all";
  EXPECT_EQ(shown(), "first");
  EXPECT_EQ(ask(before), 202);
  put("cert.pem", other.certificate);
  EXPECT_EQ(relay_->admin("POST", "/v1/config:reload").status, 200);
  EXPECT_EQ(relay_->http("POST", "/v1/queues/more/messages", "x").status, 202);
  EXPECT_EQ(shown(), "other");
}

TEST_F(TlsTest, a_missing_file_is_an_error_at_start_with_its_place) {
  RunningRelay relay("", "", "  - {type: http, listen: \"127.0.0.1:0\", tls: {cert: no.pem, key: no.key}}\n");
  EXPECT_FALSE(relay.start());
  EXPECT_NE(relay.output().find("forebay.yaml:5:53: doors[2].tls.cert: `no.pem` cannot be read"), std::string::npos)
      << relay.output();
  EXPECT_EQ(relay.process().wait(), 1);
}

}  // namespace
}  // namespace forebay::testing
