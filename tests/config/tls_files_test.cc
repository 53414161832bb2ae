// A door's certificate files, looked at when the config is loaded.
#include "config/tls_files.h"

#include <gtest/gtest.h>
#include <openssl/pem.h>

#include <filesystem>

#include "config/difference.h"
#include "config/load.h"
#include "config/warnings.h"
#include "tests/support/certificates.h"
#include "tests/support/process.h"

namespace forebay::testing {
namespace {

// A directory with a config, two pairs and what goes wrong.
class TlsFilesTest : public ::testing::Test {
 public:
  TlsFilesTest() {
    const TestPair one = authority_.issue("one"), two = authority_.issue("two");
    directory_.write("one.pem", one.certificate + authority_.pem());
    directory_.write("one.key", one.key);
    directory_.write("two.pem", two.certificate);
    directory_.write("two.key", two.key);
    directory_.write("ca.pem", authority_.pem());
    directory_.write("empty", "");
    directory_.write("cut.pem", one.certificate + two.certificate.substr(0, 200));
  }

  // `tls` in the flow style, in the third column of the second line.
  std::string complaints(const std::string& tls) { return loaded("doors:\n- {type: http, tls: " + tls + "}\n"); }
  std::string loaded(const std::string& yaml) {
    const std::string path = directory_.write("forebay.yaml", yaml);
    std::vector<ConfigError> errors;
    load_config(path, &config_, &errors, [this](const std::string& name) -> std::optional<std::string> {
      return name == "DIR" ? std::optional(directory_.path()) : std::nullopt;
    });
    std::string told;
    for (const ConfigError& error : errors) told += to_string(error).substr(path.size() + 1) + "\n";
    return told;
  }

  TempDir directory_;
  TestAuthority authority_;
  Config config_;
};

TEST_F(TlsFilesTest, are_taken_from_the_folder_of_the_config) {
  EXPECT_EQ(complaints("{cert: one.pem, key: one.key, client_ca: ca.pem}"), "");
  EXPECT_EQ(config_.doors[0].tls.cert, directory_.path() + "/one.pem");
  EXPECT_EQ(config_.doors[0].tls.key, directory_.path() + "/one.key");
  EXPECT_EQ(config_.doors[0].tls.client_ca, directory_.path() + "/ca.pem");
  EXPECT_EQ(complaints("{cert: \"${DIR}/two.pem\", key: \"${DIR}/two.key\"}"), "");
  EXPECT_EQ(config_.doors[0].tls.cert, directory_.path() + "/two.pem");
  TlsFiles files;
  EXPECT_FALSE(read_tls_files({directory_.path() + "/one.pem", directory_.path() + "/one.key", ""}, &files));
  EXPECT_EQ(files.chain.size(), 2u);
  EXPECT_EQ(why_not_valid_now(*files.chain[0]), "");
}

TEST_F(TlsFilesTest, that_are_wrong_are_told_with_their_place) {
  const std::string folder = " (a path is taken from the folder of the config file)\n";
  EXPECT_EQ(complaints("{cert: none.pem, key: one.key}"),
            "2:28: doors[0].tls.cert: `none.pem` cannot be read: No such file or directory" + folder);
  EXPECT_EQ(complaints("{cert: \"${DIR}/none\", key: one.key}"),
            "2:28: doors[0].tls.cert: `${DIR}/none` cannot be read: No such file or directory" + folder);
  EXPECT_EQ(complaints("{cert: one.pem, key: none.key}"),
            "2:42: doors[0].tls.key: `none.key` cannot be read: No such file or directory" + folder);
  EXPECT_EQ(complaints("{cert: empty, key: one.key}"),
            "2:28: doors[0].tls.cert: `empty` holds no certificate (-----BEGIN CERTIFICATE-----, in PEM form)\n");
  EXPECT_EQ(complaints("{cert: one.key, key: one.key}").substr(0, 59),
            "2:28: doors[0].tls.cert: `one.key` holds no certificate (--");
  EXPECT_EQ(complaints("{cert: one.pem, key: one.pem}"),
            "2:42: doors[0].tls.key: `one.pem` holds no private key (-----BEGIN PRIVATE KEY-----, in PEM form)\n");
  EXPECT_EQ(complaints("{cert: one.pem, key: two.key}"),
            "2:42: doors[0].tls.key: `two.key` does not belong to the certificate (the first one in cert must be the "
            "door's own)\n");
  EXPECT_EQ(
      complaints("{cert: one.pem, key: one.key, client_ca: one.key}"),
      "2:62: doors[0].tls.client_ca: `one.key` holds no certificate (-----BEGIN CERTIFICATE-----, in PEM form)\n");
  const std::string cut = complaints("{cert: cut.pem, key: one.key}");
  EXPECT_TRUE(cut.starts_with("2:28: doors[0].tls.cert: `cut.pem` holds a certificate that is damaged: ")) << cut;
  EXPECT_TRUE(cut.ends_with(" (certificate 2)\n")) << cut;
  EXPECT_EQ(complaints("{cert: ., key: one.key}"),
            "2:28: doors[0].tls.cert: `.` cannot be read: Is a directory" + folder);
}

TEST_F(TlsFilesTest, come_in_pairs) {
  EXPECT_EQ(complaints("{cert: one.pem}").substr(0, 38), "2:16: doors[0].tls.key is missing (PEM");
  EXPECT_EQ(complaints("{key: one.key}").substr(0, 39), "2:16: doors[0].tls.cert is missing (PEM");
  EXPECT_EQ(complaints("{cert: one.pem, key: one.key, client_ca: \"\"}"),
            "2:62: doors[0].tls.client_ca is empty (the name of a PEM file)\n");
  EXPECT_EQ(complaints("one.pem"), "2:21: doors[0].tls must be a map of keys (key: value)\n");
}

// OpenSSL would ask for the passphrase on the terminal.
TEST_F(TlsFilesTest, a_locked_key_is_refused_without_a_question) {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  BIO* bio = BIO_new(BIO_s_mem());
  unsigned char phrase[] = "hunter2";
  PEM_write_bio_PrivateKey(bio, key, EVP_aes_128_cbc(), phrase, 7, nullptr, nullptr);
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(bio, &bytes);
  directory_.write("locked.key", std::string(bytes, static_cast<size_t>(size)));
  BIO_free(bio);
  EVP_PKEY_free(key);
  EXPECT_EQ(
      complaints("{cert: one.pem, key: locked.key}"),
      "2:42: doors[0].tls.key: `locked.key` is locked by a passphrase (openssl pkey -in KEY -out OPEN_KEY unlocks "
      "it)\n");
}

TEST_F(TlsFilesTest, that_are_too_weak_are_refused) {
  EVP_PKEY* key = EVP_RSA_gen(1024);
  X509* certificate = X509_new();
  X509_set_pubkey(certificate, key);
  X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 60);
  X509_sign(certificate, key, EVP_sha256());
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(bio, certificate);
  PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(bio, &bytes);
  directory_.write("weak.pem", std::string(bytes, static_cast<size_t>(size)));
  BIO_free(bio);
  X509_free(certificate);
  EVP_PKEY_free(key);
  EXPECT_EQ(complaints("{cert: weak.pem, key: weak.pem}"),
            "2:28: doors[0].tls.cert: `weak.pem` cannot be used: ee key too small\n");
}

TEST_F(TlsFilesTest, that_are_out_of_their_time_can_be_told) {
  const TestPair late = authority_.issue("late", -60);
  TlsFiles files;
  ASSERT_FALSE(read_tls_files({directory_.write("l", late.certificate), directory_.write("k", late.key), ""}, &files));
  EXPECT_EQ(why_not_valid_now(*files.chain[0]), "expired on " + valid_until(*files.chain[0]));
  EXPECT_EQ(complaints("{cert: l, key: k}"), "") << "a clock may be wrong";
  const std::vector<std::string> warnings = config_warnings(config_);
  ASSERT_FALSE(warnings.empty());
  EXPECT_EQ(warnings[0], "doors[0].tls.cert expired on " + valid_until(*files.chain[0]));
}

TEST_F(TlsFilesTest, of_another_name_are_for_a_reload_but_no_tls_or_tls_is_not) {
  const auto config = [&](const std::string& tls) {
    EXPECT_EQ(loaded("doors: [{type: http, listen: \"127.0.0.1:0\"" + tls + "}]\n"), "");
    return config_;
  };
  const Config one = config(", tls: {cert: one.pem, key: one.key}");
  const Config two = config(", tls: {cert: two.pem, key: two.key}");
  const Config none = config("");
  using Words = std::vector<std::string>;
  EXPECT_EQ(difference(one, two).applied, Words{"doors[0].tls changed"});
  EXPECT_EQ(difference(one, two).needs_restart, Words{});
  EXPECT_EQ(difference(one, none).applied, Words{});
  EXPECT_EQ(difference(one, none).needs_restart, Words{"doors changed"});
  EXPECT_EQ(difference(none, one).needs_restart, Words{"doors changed"});
  EXPECT_EQ(with_fresh_tls(none.doors, one.doors), none.doors);
  EXPECT_EQ(with_fresh_tls(one.doors, two.doors), two.doors);
}

}  // namespace
}  // namespace forebay::testing
