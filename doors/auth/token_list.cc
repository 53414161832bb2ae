#include "doors/auth/token_list.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <cassert>

namespace forebay {

bool Token::allows(Verb verb, std::string_view on) const {
  return std::any_of(may.begin(), may.end(),
                     [&](const Scope& scope) { return scope.verb == verb && (scope.name == "*" || scope.name == on); });
}

bool Token::allows_some(Verb verb) const {
  return std::any_of(may.begin(), may.end(), [&](const Scope& scope) { return scope.verb == verb; });
}

TokenList::TokenList(const std::vector<AuthToken>& tokens)
    : sha256_(EVP_MD_fetch(nullptr, "SHA256", nullptr)), context_(EVP_MD_CTX_new()) {
  assert(sha256_ && context_);
  for (const AuthToken& configured : tokens) {
    hashes_.push_back(hash_of(configured.token));
    Token& token = tokens_.emplace_back();
    token.name = configured.name;
    for (const std::string& text : configured.may) {
      [[maybe_unused]] const bool good = parse_scope(text, &token.may.emplace_back());
      assert(good);  // the loader has seen to it
    }
  }
}

const Token* TokenList::find(std::string_view secret) const {
  const Hash hash = hash_of(secret);
  size_t found = 0;  // place + 1
  for (size_t i = 0; i < hashes_.size(); ++i) {
    const auto same = static_cast<size_t>(CRYPTO_memcmp(hashes_[i].data(), hash.data(), hash.size()) == 0);
    found |= same * (i + 1);
  }
  return found == 0 ? nullptr : &tokens_[found - 1];
}

TokenList::Hash TokenList::hash_of(std::string_view secret) const {
  Hash hash{};
  unsigned size = 0;
  [[maybe_unused]] const bool hashed = EVP_DigestInit_ex2(context_.get(), sha256_.get(), nullptr) == 1 &&
                                       EVP_DigestUpdate(context_.get(), secret.data(), secret.size()) == 1 &&
                                       EVP_DigestFinal_ex(context_.get(), hash.data(), &size) == 1;
  assert(hashed && size == hash.size());
  return hash;
}

}  // namespace forebay
