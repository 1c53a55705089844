#include "keys/key_ring.h"

#include <gtest/gtest.h>

#include "crypto/wipe.h"
#include "support/seeded_entropy.h"

namespace hf {
namespace {

template <typename SecretType>
SecretType secret_of(uint8_t fill) {
  return SecretType::take(std::vector<unsigned char>(32, fill));
}

KeyRing make_ring(uint8_t root = 1, uint8_t repository = 2) {
  RepositoryId id;
  id.bytes.fill(static_cast<std::byte>(repository));
  return KeyRing(secret_of<RootKey>(root), id);
}

TEST(KeyRing, derives_as_the_format_says) {
  const KeyRing ring = make_ring();
  const Bytes root(32, std::byte{1}), salt(16, std::byte{2});
  const auto derived = [&](std::string_view info) { return to_hex(hkdf(root, salt, info, 32)); };
  EXPECT_EQ(to_hex(ring.chunk_key()), derived("holdfast chunk id 1"));
  EXPECT_EQ(to_hex(ring.meta_key()), derived("holdfast meta id 1"));
  EXPECT_EQ(to_hex(ring.piece_key()), derived("holdfast piece 1"));
  EXPECT_EQ(to_hex(ring.name_key()), derived("holdfast name 1"));
  EXPECT_EQ(to_hex(ring.auth_key()), derived("holdfast config 1"));
  const Bytes gear = hkdf(root, salt, "holdfast cut 1", 2048);
  for (size_t i = 0; i < 256; ++i) EXPECT_EQ(ring.gear()[i], load_le<uint64_t>(gear.data() + 8 * i));
  EXPECT_EQ(ring.set_directory("home"), hmac_sha256(ring.name_key(), as_bytes("home")).hex().substr(0, 16));
  EXPECT_EQ(ring.authenticate(root), hmac_sha256(ring.auth_key(), root));
}

TEST(KeyRing, pack_keys_differ_by_epoch_kind_and_salt) {
  KeyRing ring = make_ring();
  EXPECT_EQ(ring.current_epoch(), 0U);
  ring.add_epoch(1, secret_of<DataKey>(7));
  ring.add_epoch(10, secret_of<DataKey>(8));
  EXPECT_EQ(ring.current_epoch(), 10U);
  const Bytes salt(32, std::byte{3}), other(32, std::byte{4});
  const auto key = [&](uint32_t epoch, PackKind kind, BytesView with) {
    return ring.pack_keys(epoch, kind, with).value().key.bytes;
  };
  const Bytes expected = hkdf(Bytes(32, std::byte{7}), salt, std::string_view("holdfast pack 1\x01"), 64);
  EXPECT_TRUE(equal(key(1, PackKind::Data, salt), BytesView(expected).first(32)));
  EXPECT_TRUE(equal(ring.pack_keys(1, PackKind::Data, salt).value().commitment, BytesView(expected).last(32)));
  EXPECT_NE(key(10, PackKind::Data, salt), key(1, PackKind::Data, salt));
  EXPECT_NE(key(1, PackKind::Meta, salt), key(1, PackKind::Data, salt));
  EXPECT_NE(key(1, PackKind::Data, other), key(1, PackKind::Data, salt));
  EXPECT_EQ(ring.pack_keys(2, PackKind::Data, salt).error().code(), Code::KeyMissing);
}

TEST(Box, opens_with_its_purpose_and_root_only) {
  SeededEntropy entropy;
  const KeyRing ring = make_ring();
  const Bytes box = ring.seal_box("index", as_bytes("plain"), entropy);
  EXPECT_EQ(as_text(ring.open_box("index", box).value()), "plain");
  EXPECT_EQ(ring.open_box("epoch 1", box).error().code(), Code::Corrupt);
  EXPECT_EQ(make_ring(9).open_box("index", box).error().code(), Code::Corrupt);
  EXPECT_TRUE(ring.open_box("empty", ring.seal_box("empty", {}, entropy)).value().empty());
  EXPECT_FALSE(equal(ring.seal_box("index", as_bytes("plain"), entropy), box));
}

TEST(Box, every_flipped_bit_and_every_shortening_is_refused) {
  SeededEntropy entropy;
  const KeyRing ring = make_ring();
  const Bytes box = ring.seal_box("index", as_bytes("plain"), entropy);
  for (size_t bit = 0; bit < box.size() * 8; ++bit) {
    Bytes wrong = box;
    wrong[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
    EXPECT_EQ(ring.open_box("index", wrong).error().code(), Code::Corrupt) << bit;
  }
  for (size_t size = 0; size < box.size(); ++size) {
    EXPECT_EQ(ring.open_box("index", BytesView(box).first(size)).error().code(), Code::Corrupt) << size;
  }
}

}  // namespace
}  // namespace hf
