#include "keys/envelope.h"

#include <gtest/gtest.h>
#include <openssl/pem.h>

#include "crypto/agreement.h"
#include "crypto/openssl.h"
#include "crypto/wipe.h"
#include "keys/envelope_format.h"
#include "keys/label.h"
#include "support/seeded_entropy.h"

namespace hf {
namespace {

Passphrase words(std::string_view text) {
  return Wiped(to_bytes(text)).to_secret<Passphrase>();
}

std::string identity_pem(unsigned char fill) {
  const Pkey key = private_key_from_raw(EVP_PKEY_X25519, Bytes(32, static_cast<std::byte>(fill)));
  const std::unique_ptr<BIO, OpensslFree> out(BIO_new(BIO_s_mem()));
  PEM_write_bio_PKCS8PrivateKey(out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  char* text = nullptr;
  const long length = BIO_get_mem_data(out.get(), &text);
  return std::string(text, static_cast<size_t>(length));
}

// `number`: which of several different credentials of that kind.
Credentials credentials_of(std::string_view kind, int number) {
  Credentials credentials;
  if (kind == "passphrase") credentials.passphrase = words("correct horse " + std::to_string(number));
  if (kind == "key-file") credentials.key_file = words(std::string(40, static_cast<char>('a' + number)));
  if (kind == "x25519") credentials.identity_pem = words(identity_pem(static_cast<unsigned char>(number + 1)));
  return credentials;
}

std::vector<KeyKind> all_kinds() {
  return {passphrase_key_kind(), file_key_kind(), x25519_key_kind()};
}

EnvelopeRequest request() {
  EnvelopeRequest made;
  made.repository.bytes.fill(std::byte{5});
  made.label = "safe in the bank";
  made.created = WallTime(std::chrono::seconds(1'700'000'000));
  made.expires = WallTime(std::chrono::seconds(1'900'000'000));
  return made;
}

RootKey root_key() {
  return RootKey::take(std::vector<unsigned char>(32, 77));
}
bool is_root(const Result<RootKey>& root) {
  return root.ok() && equal(reveal_bytes(root.value(), Purpose::Decrypt), Bytes(32, std::byte{77}));
}

class KeyKinds : public testing::TestWithParam<size_t> {
 protected:
  const KeyKind kind_ = all_kinds()[GetParam()];
  SeededEntropy entropy_;
};

TEST_P(KeyKinds, wrap_and_unwrap_with_the_right_credentials_only) {
  const Credentials right = credentials_of(kind_.name, 1);
  EXPECT_TRUE(kind_.accepts(right));
  EXPECT_FALSE(kind_.accepts(Credentials{}));
  const Bytes object = kind_.wrap(root_key(), right, request(), entropy_).value();
  EXPECT_TRUE(is_root(kind_.unwrap(object, right)));
  EXPECT_EQ(kind_.unwrap(object, credentials_of(kind_.name, 2)).error().code(), Code::KeyMissing);
  for (const KeyKind& other : all_kinds()) {
    if (other.name == kind_.name) continue;
    EXPECT_EQ(other.unwrap(object, credentials_of(other.name, 1)).error().code(), Code::KeyMissing);
  }
  EXPECT_FALSE(equal(kind_.wrap(root_key(), right, request(), entropy_).value(), object));
}

TEST_P(KeyKinds, an_envelope_says_what_it_is) {
  const Bytes object = kind_.wrap(root_key(), credentials_of(kind_.name, 1), request(), entropy_).value();
  const EnvelopeInfo info = inspect_envelope(object).value();
  EXPECT_EQ(info.id, to_hex(blake3(object)).substr(0, 16));
  EXPECT_EQ(info.kind, kind_.name);
  EXPECT_EQ(info.label, request().label);
  EXPECT_EQ(info.created, request().created);
  EXPECT_EQ(info.expires, request().expires);
  EXPECT_EQ(info.recipient.size(), kind_.name == "x25519" ? 64U : 0U);
}

TEST_P(KeyKinds, a_label_that_is_no_text_is_invalid) {
  EnvelopeRequest wrong = request();
  wrong.label = "\xff";
  EXPECT_EQ(kind_.wrap(root_key(), credentials_of(kind_.name, 1), wrong, entropy_).error().code(), Code::Invalid);
}

INSTANTIATE_TEST_SUITE_P(All, KeyKinds, testing::Values(0, 1, 2));

// As cheap as argon2id can be, so that it can be opened a thousand times.
Bytes cheap_passphrase_envelope(Entropy& entropy) {
  EnvelopeFields fields = fields_of(EnvelopeKind::Phrase, request()).value();
  fields.salt = entropy.bytes(passphrase_salt_bytes);
  fields.memory_kib = 8;
  fields.passes = 1;
  const Credentials credentials = credentials_of("passphrase", 1);
  return seal_envelope(fields, argon2id(*credentials.passphrase, fields.salt, 8, 1).value(), root_key());
}

TEST(Envelope, every_flipped_bit_is_refused_by_every_kind) {
  SeededEntropy entropy;
  for (const KeyKind& kind : all_kinds()) {
    const Credentials right = credentials_of(kind.name, 1);
    const Bytes object = kind.name == "passphrase" ? cheap_passphrase_envelope(entropy)
                                                   : kind.wrap(root_key(), right, request(), entropy).value();
    ASSERT_TRUE(is_root(kind.unwrap(object, right)));
    for (size_t bit = 0; bit < object.size() * 8; ++bit) {
      Bytes wrong = object;
      wrong[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
      const Result<RootKey> root = kind.unwrap(wrong, right);
      ASSERT_FALSE(root.ok()) << kind.name << ' ' << bit;
      EXPECT_TRUE(root.error().code() == Code::Corrupt || root.error().code() == Code::KeyMissing);
    }
    for (size_t size = 0; size < object.size(); ++size) {
      EXPECT_EQ(inspect_envelope(BytesView(object).first(size)).error().code(), Code::Corrupt);
    }
  }
}

TEST(Envelope, absurd_costs_are_refused_before_they_are_paid) {
  SeededEntropy entropy;
  struct Cost {
    uint32_t memory_kib, passes;
    bool is_allowed;
  };
  for (const Cost cost : {Cost{(1U << 20) + 1, 1, false}, Cost{0xffffffffU, 1, false}, Cost{8, 65, false},
                          Cost{7, 1, false}, Cost{8, 0, false}, Cost{1U << 20, 64, true}}) {
    EnvelopeFields fields = fields_of(EnvelopeKind::Phrase, request()).value();
    fields.salt = entropy.bytes(passphrase_salt_bytes);
    fields.memory_kib = cost.memory_kib;
    fields.passes = cost.passes;
    const Bytes object = seal_envelope(fields, DataKey::take(std::vector<unsigned char>(32)), root_key());
    EXPECT_EQ(inspect_envelope(object).ok(), cost.is_allowed) << cost.memory_kib << ' ' << cost.passes;
    if (cost.is_allowed) continue;
    const Result<RootKey> root = passphrase_key_kind().unwrap(object, credentials_of("passphrase", 1));
    EXPECT_EQ(root.error().code(), Code::Corrupt);
  }
}

TEST(Envelope, another_encoding_of_the_same_message_is_refused) {
  SeededEntropy entropy;
  Bytes object = file_key_kind().wrap(root_key(), credentials_of("key-file", 1), request(), entropy).value();
  ASSERT_TRUE(inspect_envelope(object).ok());
  // An unknown field 15, varint 0, behind the message.
  const std::byte unknown[] = {std::byte{0x78}, std::byte{0x00}};
  object.insert(object.end() - 48, std::begin(unknown), std::end(unknown));
  store_le(object.data() + 6, load_le<uint32_t>(object.data() + 6) + 2);
  EXPECT_EQ(inspect_envelope(object).error().code(), Code::Corrupt);
}

TEST(Envelope, weak_credentials_are_invalid) {
  SeededEntropy entropy;
  Credentials empty, tiny, nonsense;
  empty.passphrase = words("");
  tiny.key_file = words(std::string(31, 'x'));
  nonsense.recipient_pem = "recipient";
  EXPECT_EQ(passphrase_key_kind().wrap(root_key(), empty, request(), entropy).error().code(), Code::Invalid);
  EXPECT_EQ(file_key_kind().wrap(root_key(), tiny, request(), entropy).error().code(), Code::Invalid);
  EXPECT_EQ(x25519_key_kind().wrap(root_key(), nonsense, request(), entropy).error().code(), Code::Invalid);
}

TEST(OpenAny, finds_the_envelope_among_others_and_damaged_ones) {
  SeededEntropy entropy;
  const Credentials mine = credentials_of("key-file", 1);
  std::vector<Bytes> objects;
  objects.push_back(to_bytes("no envelope"));
  objects.push_back(file_key_kind().wrap(root_key(), credentials_of("key-file", 2), request(), entropy).value());
  objects.push_back(cheap_passphrase_envelope(entropy));
  EXPECT_EQ(open_any(all_kinds(), objects, mine).error().code(), Code::KeyMissing);
  EXPECT_FALSE(open_any(all_kinds(), objects, mine).error().hint().empty());
  objects.push_back(file_key_kind().wrap(root_key(), mine, request(), entropy).value());
  const Opened opened = open_any(all_kinds(), objects, mine).value();
  EXPECT_EQ(opened.envelope.id, inspect_envelope(objects.back()).value().id);
  EXPECT_EQ(open_any(all_kinds(), {to_bytes("x")}, mine).error().code(), Code::Corrupt);
  EXPECT_EQ(open_any(all_kinds(), {}, mine).error().code(), Code::KeyMissing);
}

TEST(Label, is_text_without_controls) {
  EXPECT_TRUE(is_plain_label(""));
  EXPECT_TRUE(is_plain_label("Schlüssel \xe2\x82\xac \xf0\x9f\x94\x91"));
  for (const std::string_view wrong : {"\n", "\x1b[2J", "\x7f", "\xc0\xaf", "\xed\xa0\x80", "\xe2\x82", "\xc2\x9b",
                                       "\xf5\x80\x80\x80", "\xe0\x80\x80"}) {
    EXPECT_FALSE(is_plain_label(wrong)) << to_hex(as_bytes(wrong));
  }
  EXPECT_FALSE(is_plain_label(std::string(1025, 'a')));
}

}  // namespace
}  // namespace hf
