// The signatures here are AWS's own: of its SigV4 test suite (awslabs/aws-c-auth, tests/aws-signing-test-suite/v4) and
// of the S3 documentation, "Signature Calculations for the Authorization Header". Left out of the suite are the cases
// that normalise paths, which S3 does not do.
#include "store/sigv4.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/text.h"

namespace hf {
namespace {

constexpr std::string_view empty_hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

AwsKeys keys_of(std::string access_key, std::string_view secret) {
  return {.access_key = std::move(access_key), .secret_key = Credential::take({secret.begin(), secret.end()})};
}

struct Vector {
  std::string_view name, method, path;
  UriQuery query;
  std::vector<HttpHeader> headers;
  std::string_view payload_hash, signature;
};

void PrintTo(const Vector& vector, std::ostream* out) {
  *out << vector.name;
}

class SigV4Suite : public testing::TestWithParam<Vector> {};

TEST_P(SigV4Suite, signs_as_published) {
  const Vector& vector = GetParam();
  SigV4Request request{std::string(vector.method), std::string(vector.path), vector.query, vector.headers,
                       std::string(vector.payload_hash)};
  request.headers.push_back({"Host", "example.amazonaws.com"});
  request.headers.push_back({"X-Amz-Date", "20150830T123600Z"});
  const std::string authorization =
      sigv4_authorization(request, keys_of("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
                          {"us-east-1", "service"}, parse_time("2015-08-30T12:36:00Z").value());
  EXPECT_TRUE(authorization.starts_with(
      "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders="));
  EXPECT_EQ(authorization.substr(authorization.rfind('=') + 1), vector.signature) << canonical_request(request);
}

constexpr std::string_view unreserved = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

const Vector suite[] = {
    {"get-vanilla", "GET", "/", {}, {}, empty_hash, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
    {"get-vanilla-query-unreserved",
     "GET",
     "/",
     {{std::string(unreserved), std::string(unreserved)}},
     {},
     empty_hash,
     "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197"},
    {"get-vanilla-query-order-key-case",
     "GET",
     "/",
     {{"Param2", "value2"}, {"Param1", "value1"}},
     {},
     empty_hash,
     "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
    {"get-vanilla-query-order-encoded",
     "GET",
     "/",
     {{"Param-3", "Value3"}, {"Param", "Value2"}, {"\xE1\x88\xB4", "Value1"}},
     {},
     empty_hash,
     "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac"},
    {"get-vanilla-utf8-query",
     "GET",
     "/",
     {{"\xE1\x88\xB4", "bar"}},
     {},
     empty_hash,
     "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"},
    {"get-vanilla-empty-query-key",
     "GET",
     "/",
     {{"Param1", "value1"}},
     {},
     empty_hash,
     "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"},
    {"get-vanilla-with-session-token",
     "GET",
     "/",
     {},
     {{"X-Amz-Security-Token", "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267"}},
     empty_hash,
     "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8"},
    {"get-utf8",
     "GET",
     "/%E1%88%B4",
     {},
     {},
     empty_hash,
     "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"},
    {"get-space-unnormalized",
     "GET",
     "/example%20space/",
     {},
     {},
     empty_hash,
     "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"},
    {"get-unreserved",
     "GET",
     "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
     {},
     {},
     empty_hash,
     "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"},
    {"get-header-key-duplicate",
     "GET",
     "/",
     {},
     {{"My-Header1", "value2"}, {"My-Header1", "value2"}, {"My-Header1", "value1"}},
     empty_hash,
     "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"},
    {"get-header-value-order",
     "GET",
     "/",
     {},
     {{"My-Header1", "value4"}, {"My-Header1", "value1"}, {"My-Header1", "value3"}, {"My-Header1", "value2"}},
     empty_hash,
     "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01"},
    {"get-header-value-trim",
     "GET",
     "/",
     {},
     {{"My-Header1", " value1"}, {"My-Header2", " \"a   b   c\""}},
     empty_hash,
     "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
    {"post-vanilla",
     "POST",
     "/",
     {},
     {},
     empty_hash,
     "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
    {"post-vanilla-query",
     "POST",
     "/",
     {{"Param1", "value1"}},
     {},
     empty_hash,
     "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11"},
    {"post-header-key-sort",
     "POST",
     "/",
     {},
     {{"My-Header1", "value1"}},
     empty_hash,
     "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c"},
    {"post-header-value-case",
     "POST",
     "/",
     {},
     {{"My-Header1", "VALUE1"}},
     empty_hash,
     "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d"},
    {"post-x-www-form-urlencoded",
     "POST",
     "/",
     {},
     {{"Content-Type", "application/x-www-form-urlencoded"},
      {"Content-Length", "13"},
      {"X-Amz-Content-Sha256", "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e"}},
     "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e",
     "d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b"},
};

INSTANTIATE_TEST_SUITE_P(Aws, SigV4Suite, testing::ValuesIn(suite), [](const auto& vector) {
  std::string name(vector.param.name);
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

class S3Documentation : public testing::TestWithParam<Vector> {};

TEST_P(S3Documentation, signs_as_published) {
  const Vector& vector = GetParam();
  SigV4Request request{std::string(vector.method), std::string(vector.path), vector.query, vector.headers,
                       std::string(vector.payload_hash)};
  request.headers.push_back({"host", "examplebucket.s3.amazonaws.com"});
  request.headers.push_back({"x-amz-content-sha256", std::string(vector.payload_hash)});
  request.headers.push_back({"x-amz-date", "20130524T000000Z"});
  const std::string authorization =
      sigv4_authorization(request, keys_of("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
                          {.region = "us-east-1"}, parse_time("2013-05-24T00:00:00Z").value());
  EXPECT_EQ(authorization.substr(authorization.rfind('=') + 1), vector.signature) << canonical_request(request);
}

const Vector documented[] = {
    {"get_object",
     "GET",
     "/test.txt",
     {},
     {{"range", "bytes=0-9"}},
     empty_hash,
     "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"},
    {"put_object",
     "PUT",
     "/test%24file.text",
     {},
     {{"date", "Fri, 24 May 2013 00:00:00 GMT"}, {"x-amz-storage-class", "REDUCED_REDUNDANCY"}},
     "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
     "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"},
    {"get_bucket_lifecycle",
     "GET",
     "/",
     {{"lifecycle", ""}},
     {},
     empty_hash,
     "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"},
    {"list_objects",
     "GET",
     "/",
     {{"max-keys", "2"}, {"prefix", "J"}},
     {},
     empty_hash,
     "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"},
};

INSTANTIATE_TEST_SUITE_P(Aws, S3Documentation, testing::ValuesIn(documented),
                         [](const auto& vector) { return std::string(vector.param.name); });

TEST(SigV4, encodes_what_is_not_unreserved) {
  EXPECT_EQ(uri_encode("a b/c~d+e$\xC3\xA9"), "a%20b%2Fc~d%2Be%24%C3%A9");
  EXPECT_EQ(uri_encode_path("/test$file.text"), "/test%24file.text");
}

TEST(SigV4, another_secret_region_or_day_is_another_signature) {
  const SigV4Request request{
      "GET", "/", {}, {{"host", "h"}, {"x-amz-date", "20130524T000000Z"}}, std::string(empty_hash)};
  const WallTime when = parse_time("2013-05-24T00:00:00Z").value();
  const auto signature = [&](std::string_view secret, std::string region, WallTime time) {
    return sigv4_authorization(request, keys_of("A", secret), {.region = std::move(region)}, time);
  };
  const std::string first = signature("one", "r", when);
  EXPECT_EQ(first, signature("one", "r", when));
  EXPECT_NE(first, signature("two", "r", when));
  EXPECT_NE(first, signature("one", "s", when));
  EXPECT_NE(first, signature("one", "r", when + one_day));
}

}  // namespace
}  // namespace hf
