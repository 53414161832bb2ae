// TokenList: the bearer tokens of the config, as their SHA-256. What was configured is not kept.
//
// Promise: find() looks at every token, whichever is the right one, and compares whole hashes in constant time: how
// long it takes tells nothing but how many tokens there are and how long the text is.
#pragma once

#include <openssl/evp.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "config/scope.h"

namespace forebay {

struct Token {
  std::string name;
  std::vector<Scope> may;

  // A scope on that name, or on every one.
  bool allows(Verb verb, std::string_view name) const;
  // A scope of that verb, on whatever.
  bool allows_some(Verb verb) const;
};

class TokenList {
 public:
  explicit TokenList(const std::vector<AuthToken>& tokens);

  bool empty() const { return tokens_.empty(); }
  // nullptr: it is none of them. Valid as long as this is.
  const Token* find(std::string_view secret) const;

 private:
  using Hash = std::array<unsigned char, 32>;
  struct FreeContext {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  struct FreeDigest {
    void operator()(EVP_MD* digest) const { EVP_MD_free(digest); }
  };
  Hash hash_of(std::string_view secret) const;

  std::unique_ptr<EVP_MD, FreeDigest> sha256_;
  std::unique_ptr<EVP_MD_CTX, FreeContext> context_;
  std::vector<Hash> hashes_;
  std::vector<Token> tokens_;  // in the order of hashes_
};

}  // namespace forebay
