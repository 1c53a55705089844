#include "crypto/hash.h"

#include <gtest/gtest.h>

namespace hf {
namespace {

Bytes hex(std::string_view text) {
  return from_hex(text).value();
}

// Bytes first, first + 1, … as RFC 5869 writes its inputs.
Bytes counting(unsigned first, size_t count) {
  Bytes bytes;
  for (size_t i = 0; i < count; ++i) bytes.push_back(static_cast<std::byte>(first + i));
  return bytes;
}

struct Blake3Vector {
  size_t length;
  std::string_view plain, keyed;
};

// test_vectors.json of the BLAKE3 team: byte i of the input is i mod 251.
class Blake3Vectors : public testing::TestWithParam<Blake3Vector> {};

TEST_P(Blake3Vectors, plain_keyed_and_in_parts_agree_with_the_published_hashes) {
  Bytes input;
  for (size_t i = 0; i < GetParam().length; ++i) input.push_back(static_cast<std::byte>(i % 251));
  Key32 key;
  std::memcpy(key.data(), "whats the Elvish word for friend", key.size());
  EXPECT_EQ(to_hex(blake3(input)), GetParam().plain);
  EXPECT_EQ(to_hex(blake3_keyed(key, input)), GetParam().keyed);
  Blake3 plain, keyed(key);
  const BytesView head = BytesView(input).first(input.size() / 3), tail = BytesView(input).subspan(input.size() / 3);
  plain.update(head);
  plain.update(tail);
  keyed.update(head);
  keyed.update(tail);
  EXPECT_EQ(to_hex(plain.finish()), GetParam().plain);
  EXPECT_EQ(to_hex(keyed.finish()), GetParam().keyed);
}

INSTANTIATE_TEST_SUITE_P(
    Published, Blake3Vectors,
    testing::Values(Blake3Vector{0, "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262",
                                 "92b2b75604ed3c761f9d6f62392c8a9227ad0ea3f09573e783f1498a4ed60d26"},
                    Blake3Vector{1, "2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213",
                                 "6d7878dfff2f485635d39013278ae14f1454b8c0a3a2d34bc1ab38228a80c95b"},
                    Blake3Vector{1024, "42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7",
                                 "75c46f6f3d9eb4f55ecaaee480db732e6c2105546f1e675003687c31719c7ba4"},
                    Blake3Vector{1025, "d00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444",
                                 "357dc55de0c7e382c900fd6e320acc04146be01db6a8ce7210b7189bd664ea69"},
                    Blake3Vector{102400, "bc3e3d41a1146b069abffad3c0d44860cf664390afce4d9661f7902e7943e085",
                                 "1c35d1a5811083fd7119f5d5d1ba027b4d01c0c6c49fb6ff2cf75393ea5db4a7"}));

TEST(Sha256, agrees_with_fips_180) {
  EXPECT_EQ(sha256({}).hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256(as_bytes("abc")).hex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  Sha256Stream stream;
  stream.update(as_bytes("a"));
  stream.update(as_bytes("bc"));
  EXPECT_EQ(stream.finish(), sha256(as_bytes("abc")));
}

TEST(Hmac, agrees_with_rfc_4231) {
  EXPECT_EQ(hmac_sha256(Bytes(20, std::byte{0x0b}), as_bytes("Hi There")).hex(),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(hmac_sha256(as_bytes("Jefe"), as_bytes("what do ya want for nothing?")).hex(),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(hmac_sha256(Bytes(131, std::byte{0xaa}), as_bytes("Test Using Larger Than Block-Size Key - Hash Key First"))
                .hex(),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(Hmac, takes_an_empty_key_and_an_empty_message) {
  EXPECT_EQ(hmac_sha256({}, {}).hex(), "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST(Hkdf, agrees_with_rfc_5869) {
  const Bytes input(22, std::byte{0x0b});
  EXPECT_EQ(to_hex(hkdf(input, counting(0x00, 13), as_text(counting(0xf0, 10)), 42)),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
  EXPECT_EQ(to_hex(hkdf(counting(0x00, 80), counting(0x60, 80), as_text(counting(0xb0, 80)), 82)),
            "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09"
            "da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87");
  EXPECT_EQ(to_hex(hkdf(input, {}, "", 42)),
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
}

TEST(EqualSecret, sees_every_difference) {
  const Bytes bytes = hex("00112233");
  EXPECT_TRUE(equal_secret(bytes, hex("00112233")));
  EXPECT_TRUE(equal_secret({}, {}));
  EXPECT_FALSE(equal_secret(bytes, hex("00112232")));
  EXPECT_FALSE(equal_secret(bytes, hex("001122")));
}

}  // namespace
}  // namespace hf
