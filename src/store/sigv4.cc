#include "store/sigv4.h"

#include <algorithm>
#include <map>

#include "base/text.h"
#include "crypto/hash.h"
#include "crypto/wipe.h"

namespace hf {
namespace {

constexpr std::string_view algorithm = "AWS4-HMAC-SHA256";

bool is_unreserved(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

std::string encode(std::string_view text, bool keeps_slash) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    if (is_unreserved(c) || (keeps_slash && c == '/')) {
      encoded += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      encoded += {'%', digits[byte >> 4], digits[byte & 15]};
    }
  }
  return encoded;
}

// Without spaces at the ends, and with one where there are several.
std::string trimmed(std::string_view value) {
  std::string text;
  for (const char c : value) {
    if (c == ' ' && (text.empty() || text.back() == ' ')) continue;
    text += c;
  }
  if (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

std::string lower(std::string name) {
  for (char& c : name)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return name;
}

std::map<std::string, std::string> canonical_headers(const std::vector<HttpHeader>& headers) {
  std::map<std::string, std::string> canonical;
  for (const HttpHeader& header : headers) {
    const auto [at, is_new] = canonical.try_emplace(lower(header.name), trimmed(header.value));
    if (!is_new) at->second += "," + trimmed(header.value);
  }
  return canonical;
}

std::string signed_names(const std::vector<HttpHeader>& headers) {
  std::string names;
  for (const auto& [name, value] : canonical_headers(headers)) names += (names.empty() ? "" : ";") + name;
  return names;
}

std::string credential_scope(const SigV4Scope& scope, std::string_view day) {
  return std::string(day) + "/" + scope.region + "/" + scope.service + "/aws4_request";
}

Sha256 signing_key(const Credential& secret, const SigV4Scope& scope, std::string_view day) {
  Bytes first = to_bytes("AWS4");
  append(first, reveal_bytes(secret, Purpose::Authenticate));
  const Wiped key(std::move(first));
  Sha256 derived = hmac_sha256(key.view(), as_bytes(day));
  for (const std::string_view part :
       {std::string_view(scope.region), std::string_view(scope.service), std::string_view("aws4_request")})
    derived = hmac_sha256(derived.bytes, as_bytes(part));
  return derived;
}

}  // namespace

std::string uri_encode(std::string_view text) {
  return encode(text, false);
}

std::string uri_encode_path(std::string_view path) {
  return encode(path, true);
}

std::string canonical_query(const UriQuery& query) {
  UriQuery encoded;
  for (const auto& [name, value] : query) encoded.emplace_back(uri_encode(name), uri_encode(value));
  std::sort(encoded.begin(), encoded.end());
  std::string text;
  for (const auto& [name, value] : encoded) text += (text.empty() ? "" : "&") + name + "=" + value;
  return text;
}

std::string canonical_request(const SigV4Request& request) {
  std::string text = request.method + "\n" + request.path + "\n" + canonical_query(request.query) + "\n";
  for (const auto& [name, value] : canonical_headers(request.headers)) text += name + ":" + value + "\n";
  return text + "\n" + signed_names(request.headers) + "\n" + request.payload_hash;
}

std::string amz_date(WallTime time) {
  std::string text = format_time_rfc3339(time);
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  return text;
}

std::string sigv4_authorization(const SigV4Request& request, const AwsKeys& keys, const SigV4Scope& scope,
                                WallTime when) {
  const std::string date = amz_date(when);
  const std::string day = date.substr(0, 8);
  const std::string covered = credential_scope(scope, day);
  const std::string to_sign = std::string(algorithm) + "\n" + date + "\n" + covered + "\n" +
                              to_hex(sha256(as_bytes(canonical_request(request))).bytes);
  const Sha256 signature = hmac_sha256(signing_key(keys.secret_key, scope, day).bytes, as_bytes(to_sign));
  return std::string(algorithm) + " Credential=" + keys.access_key + "/" + covered +
         ", SignedHeaders=" + signed_names(request.headers) + ", Signature=" + to_hex(signature.bytes);
}

}  // namespace hf
