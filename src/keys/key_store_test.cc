#include "keys/key_store.h"

#include <gtest/gtest.h>

#include "crypto/wipe.h"
#include "store/memory.h"
#include "support/seeded_entropy.h"
#include "support/sim_clock.h"

namespace hf {
namespace {

class KeyStore : public testing::Test {
 protected:
  static KeyRing make_ring(unsigned char root = 1) {
    return KeyRing(RootKey::take(std::vector<unsigned char>(32, root)), RepositoryId{});
  }
  Bytes make_envelope() {
    Credentials credentials;
    credentials.key_file = Passphrase::take(std::vector<unsigned char>(32, 9));
    return file_key_kind().wrap(RootKey::take(std::vector<unsigned char>(32, 1)), credentials, {}, entropy_).value();
  }
  Bytes bytes_of(const std::string& name) { return get_whole(*store_, name, 1 << 20, deadline_).value(); }
  void overwrite(const std::string& name, BytesView bytes) {
    ASSERT_TRUE(store_->remove(name, deadline_).ok());
    ASSERT_TRUE(store_->put(name, bytes, Durable::Now, deadline_).ok());
  }
  // `refuses` must hold for the object with each of its bits flipped.
  template <typename Refuses>
  void expect_every_flip_refused(const std::string& name, const Refuses& refuses) {
    const Bytes right = bytes_of(name);
    ASSERT_FALSE(refuses());
    for (size_t bit = 0; bit < right.size() * 8; ++bit) {
      Bytes wrong = right;
      wrong[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
      overwrite(name, wrong);
      EXPECT_TRUE(refuses()) << bit;
    }
    overwrite(name, right);
  }

  SimClock clock_;
  SeededEntropy entropy_;
  const std::unique_ptr<Store> store_ = make_memory_store(clock_);
  const Deadline deadline_{clock_, std::chrono::hours(1)};
};

template <typename T>
bool is_corrupt(const Result<T>& result, std::string_view names = "") {
  return !result.ok() && result.error().code() == Code::Corrupt &&
         result.error().message().find(names) != std::string::npos;
}

TEST_F(KeyStore, lists_adds_and_removes_envelopes_but_never_the_last) {
  const Bytes first = make_envelope(), second = make_envelope();
  const std::string id = add_envelope(*store_, first, deadline_).value();
  EXPECT_EQ(add_envelope(*store_, first, deadline_).value(), id);
  EXPECT_TRUE(equal(bytes_of("keys/" + id), first));
  const Status refused = remove_envelope(*store_, id, entropy_, deadline_);
  EXPECT_EQ(refused.error().code(), Code::Refused);
  EXPECT_FALSE(refused.error().hint().empty());
  const std::string other = add_envelope(*store_, second, deadline_).value();
  EXPECT_EQ(list_envelopes(*store_, deadline_).value().size(), 2U);
  EXPECT_TRUE(remove_envelope(*store_, id, entropy_, deadline_).ok());
  EXPECT_EQ(remove_envelope(*store_, id, entropy_, deadline_).error().code(), Code::NotFound);
  EXPECT_EQ(remove_envelope(*store_, other, entropy_, deadline_).error().code(), Code::Refused);
  EXPECT_TRUE(equal(load_envelopes(*store_, deadline_).value().at(0), second));
  EXPECT_TRUE(is_corrupt(add_envelope(*store_, to_bytes("x"), deadline_)));
}

TEST_F(KeyStore, a_damaged_envelope_does_not_count_as_another_key) {
  const std::string id = add_envelope(*store_, make_envelope(), deadline_).value();
  const std::string damaged = add_envelope(*store_, make_envelope(), deadline_).value();
  Bytes bytes = bytes_of("keys/" + damaged);
  bytes.back() ^= std::byte{1};
  overwrite("keys/" + damaged, bytes);
  ASSERT_TRUE(store_->put("keys/0000000000000000", Bytes(envelope_bytes_max + 1), Durable::Now, deadline_).ok());
  EXPECT_EQ(list_envelopes(*store_, deadline_).value().size(), 3U);
  EXPECT_EQ(remove_envelope(*store_, id, entropy_, deadline_).error().code(), Code::Refused);
  EXPECT_TRUE(remove_envelope(*store_, damaged, entropy_, deadline_).ok());
}

TEST_F(KeyStore, epochs_come_back_with_the_same_keys) {
  KeyRing ring = make_ring();
  EXPECT_EQ(start_epoch(*store_, ring, clock_.wall(), entropy_, deadline_).value(), 1U);
  EXPECT_EQ(start_epoch(*store_, ring, clock_.wall(), entropy_, deadline_).value(), 2U);
  KeyRing again = make_ring();
  ASSERT_TRUE(load_epochs(*store_, again, deadline_).ok());
  EXPECT_EQ(again.current_epoch(), 2U);
  for (const uint32_t epoch : {1U, 2U}) {
    EXPECT_EQ(again.pack_keys(epoch, PackKind::Data, {}).value().key.bytes,
              ring.pack_keys(epoch, PackKind::Data, {}).value().key.bytes);
  }
  KeyRing stranger = make_ring(2);
  EXPECT_TRUE(is_corrupt(load_epochs(*store_, stranger, deadline_), "epochs/1"));
}

TEST_F(KeyStore, the_epoch_of_another_writer_is_taken_over) {
  KeyRing first = make_ring(), second = make_ring();
  ASSERT_TRUE(start_epoch(*store_, first, clock_.wall(), entropy_, deadline_).ok());
  EXPECT_EQ(start_epoch(*store_, second, clock_.wall(), entropy_, deadline_).value(), 1U);
  EXPECT_EQ(second.pack_keys(1, PackKind::Data, {}).value().key.bytes,
            first.pack_keys(1, PackKind::Data, {}).value().key.bytes);
}

TEST_F(KeyStore, an_epoch_altered_moved_or_oddly_named_is_corrupt) {
  KeyRing ring = make_ring();
  ASSERT_TRUE(start_epoch(*store_, ring, clock_.wall(), entropy_, deadline_).ok());
  const auto refuses = [&] {
    KeyRing fresh = make_ring();
    return is_corrupt(load_epochs(*store_, fresh, deadline_), "epochs/");
  };
  expect_every_flip_refused("epochs/1", refuses);
  for (const std::string name : {"epochs/2", "epochs/01", "epochs/0", "epochs/x", "epochs/4294967296"}) {
    ASSERT_TRUE(store_->put(name, bytes_of("epochs/1"), Durable::Now, deadline_).ok());
    EXPECT_TRUE(refuses()) << name;
    ASSERT_TRUE(store_->remove(name, deadline_).ok());
  }
}

TEST_F(KeyStore, signers_come_back_with_and_without_their_private_keys) {
  const KeyRing ring = make_ring();
  const Signer kept = Signer::generate_ed25519(entropy_), own = Signer::generate_ed25519(entropy_);
  const SignerRequest first{"kept", clock_.wall()}, second{"own", clock_.wall() + std::chrono::hours(1)};
  ASSERT_TRUE(add_signer(*store_, ring, kept, first, entropy_, deadline_).ok());
  ASSERT_TRUE(add_signer(*store_, ring, own.verifier(), second, deadline_).ok());
  EXPECT_EQ(add_signer(*store_, ring, own.verifier(), second, deadline_).error().code(), Code::Exists);
  const std::vector<TrustedSigner> signers = load_signers(*store_, ring, deadline_).value();
  ASSERT_EQ(signers.size(), 2U);
  EXPECT_EQ(signers[0].label, "kept");
  EXPECT_TRUE(signers[0].has_private);
  EXPECT_EQ(signers[1].verifier.key_id(), own.verifier().key_id());
  EXPECT_EQ(signers[1].created, second.created);
  EXPECT_FALSE(signers[1].has_private);
  const std::string kept_id = kept.verifier().key_id();
  const Signer loaded = load_private_signer(*store_, ring, kept_id, deadline_).value();
  EXPECT_TRUE(kept.verifier().verify(as_bytes("m"), loaded.sign(as_bytes("m")).value()).ok());
  EXPECT_EQ(load_private_signer(*store_, ring, own.verifier().key_id(), deadline_).error().code(), Code::KeyMissing);
  EXPECT_EQ(load_private_signer(*store_, ring, std::string(32, '0'), deadline_).error().code(), Code::NotFound);
}

TEST_F(KeyStore, a_signer_altered_renamed_or_of_another_root_is_corrupt) {
  const KeyRing ring = make_ring();
  const Signer signer = Signer::generate_ed25519(entropy_);
  ASSERT_TRUE(add_signer(*store_, ring, signer, {"label", clock_.wall()}, entropy_, deadline_).ok());
  const std::string name = "signers/" + signer.verifier().key_id();
  expect_every_flip_refused(name, [&] { return is_corrupt(load_signers(*store_, ring, deadline_), name); });
  EXPECT_TRUE(is_corrupt(load_signers(*store_, make_ring(2), deadline_), name));
  const std::string other = "signers/" + std::string(32, 'a');
  ASSERT_TRUE(store_->put(other, bytes_of(name), Durable::Now, deadline_).ok());
  EXPECT_TRUE(is_corrupt(load_signers(*store_, ring, deadline_), other));
}

}  // namespace
}  // namespace hf
