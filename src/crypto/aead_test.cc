#include "crypto/aead.h"

#include <gtest/gtest.h>

namespace hf {
namespace {

Bytes hex(std::string_view text) {
  return from_hex(text).value();
}

Nonce nonce_of(std::string_view text) {
  Nonce nonce;
  std::memcpy(nonce.data(), hex(text).data(), nonce.size());
  return nonce;
}

struct Vector {
  std::string_view key, nonce, aad, plain, sealed;
};

// Test cases 13, 14 and 16 of "The Galois/Counter Mode of Operation", which NIST SP 800-38D refers to.
constexpr Vector vectors[] = {
    {"0000000000000000000000000000000000000000000000000000000000000000", "000000000000000000000000", "", "",
     "530f8afbc74536b9a963b4f1c4cb738b"},
    {"0000000000000000000000000000000000000000000000000000000000000000", "000000000000000000000000", "",
     "00000000000000000000000000000000", "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"},
    {"feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
     "feedfacedeadbeeffeedfacedeadbeefabaddad2",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de"
     "657ba637b39",
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7"
     "a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b"}};

TEST(Aead, agrees_with_published_vectors_both_ways) {
  for (const Vector& v : vectors) {
    Aead aead(hex(v.key));
    // Twice, so that the context is used in both directions one after the other.
    for (int round = 0; round < 2; ++round) {
      Bytes out;
      aead.seal(nonce_of(v.nonce), hex(v.aad), hex(v.plain), out);
      EXPECT_EQ(to_hex(out), v.sealed);
      EXPECT_EQ(to_hex(aead.open(nonce_of(v.nonce), hex(v.aad), out).value()), v.plain);
    }
  }
}

TEST(Aead, appends_to_what_is_there) {
  Aead aead(hex(vectors[1].key));
  Bytes out = to_bytes("head");
  aead.seal(nonce_of(vectors[1].nonce), {}, hex(vectors[1].plain), out);
  EXPECT_EQ(to_hex(out), to_hex(as_bytes("head")) + std::string(vectors[1].sealed));
}

TEST(Aead, every_flipped_bit_of_sealed_bytes_nonce_aad_and_key_is_refused) {
  const Vector& v = vectors[2];
  const Bytes sealed = hex(v.sealed), aad = hex(v.aad), key = hex(v.key);
  const auto refuses = [&](const Bytes& k, const Nonce& n, const Bytes& a, const Bytes& s) {
    const Result<Bytes> opened = Aead(k).open(n, a, s);
    return !opened.ok() && opened.error().code() == Code::Corrupt;
  };
  const auto flipped = [](auto bytes, size_t bit) {
    bytes[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
    return bytes;
  };
  const Nonce nonce = nonce_of(v.nonce);
  ASSERT_FALSE(refuses(key, nonce, aad, sealed));
  for (size_t bit = 0; bit < sealed.size() * 8; ++bit) EXPECT_TRUE(refuses(key, nonce, aad, flipped(sealed, bit)));
  for (size_t bit = 0; bit < nonce.size() * 8; ++bit) EXPECT_TRUE(refuses(key, flipped(nonce, bit), aad, sealed));
  for (size_t bit = 0; bit < aad.size() * 8; ++bit) EXPECT_TRUE(refuses(key, nonce, flipped(aad, bit), sealed));
  for (size_t bit = 0; bit < key.size() * 8; ++bit) EXPECT_TRUE(refuses(flipped(key, bit), nonce, aad, sealed));
}

TEST(Aead, every_shortened_message_is_refused) {
  const Vector& v = vectors[2];
  const Bytes sealed = hex(v.sealed);
  Aead aead(hex(v.key));
  for (size_t size = 0; size < sealed.size(); ++size) {
    EXPECT_FALSE(aead.open(nonce_of(v.nonce), hex(v.aad), BytesView(sealed).first(size)).ok()) << size;
  }
  // A refusal leaves nothing behind that spoils the next message.
  EXPECT_TRUE(aead.open(nonce_of(v.nonce), hex(v.aad), sealed).ok());
}

}  // namespace
}  // namespace hf
