// One spelling: of an envelope, an epoch or a signer only what its writer would have written is accepted, whoever made
// it.
#include <gtest/gtest.h>

#include "crypto/wipe.h"
#include "keys/envelope_format.h"
#include "keys/key_store.h"
#include "store/memory.h"
#include "support/seeded_entropy.h"
#include "support/sim_clock.h"
#include "support/wire.h"

namespace hf {
namespace {

using wire::field;

class CanonicalKeys : public testing::Test {
 protected:
  static KeyRing make_ring() { return KeyRing(RootKey::take(std::vector<unsigned char>(32, 1)), RepositoryId{}); }
  void put(const std::string& name, BytesView bytes) { store_->put(name, bytes, Durable::Now, deadline_).value(); }
  void remove(const std::string& name) { store_->remove(name, deadline_).value(); }

  SimClock clock_;
  SeededEntropy entropy_;
  const std::unique_ptr<Store> store_ = make_memory_store(clock_);
  const Deadline deadline_{clock_, std::chrono::hours(1)};
};

Bytes with_head(std::string_view magic, const std::string& message) {
  Bytes object = to_bytes(magic);
  append_le<uint16_t>(object, 1);
  append_le<uint32_t>(object, static_cast<uint32_t>(message.size()));
  append(object, as_bytes(message));
  return object;
}

TEST_F(CanonicalKeys, what_is_accepted_of_an_envelope_would_be_written_so) {
  // A key file's: kind, repository, created, label, salt.
  const std::string message =
      field(1, 2) + field(2, std::string(16, 'r')) + field(3, 9) + field(4, "ops") + field(5, std::string(32, 's'));
  const auto object_of = [](const std::string& spelled) {
    Bytes object = with_head("HFKY", spelled);
    append(object, Bytes(48));
    return object;
  };
  ASSERT_TRUE(parse_envelope(object_of(message)).ok());
  size_t refused = 0;
  for (const wire::Alteration& altered : wire::alterations(message)) {
    const Bytes object = object_of(altered.message);
    const Result<ParsedEnvelope> parsed = parse_envelope(object);
    refused += parsed.ok() ? 0 : 1;
    if (!parsed.ok()) continue;
    const Bytes again = seal_envelope(parsed.value().fields, DataKey::take(std::vector<unsigned char>(32)),
                                      RootKey::take(std::vector<unsigned char>(32)));
    EXPECT_TRUE(equal(BytesView(again).first(again.size() - 48), parsed.value().bound)) << altered.what;
  }
  EXPECT_GT(refused, 20u);
}

TEST_F(CanonicalKeys, an_epoch_has_one_spelling) {
  const std::string message = field(1, 1) + field(2, std::string(32, 's')) + field(3, 5);
  const auto loads = [&](const std::string& spelled) {
    KeyRing ring = make_ring();
    put("epochs/1", ring.seal_box("epoch 1", as_bytes(spelled), entropy_));
    const bool is_loaded = load_epochs(*store_, ring, deadline_).ok();
    remove("epochs/1");
    return is_loaded;
  };
  ASSERT_TRUE(loads(message));
  for (const wire::Alteration& altered : wire::alterations(message))
    EXPECT_FALSE(loads(altered.message)) << altered.what;
}

TEST_F(CanonicalKeys, a_signer_has_one_spelling) {
  const KeyRing ring = make_ring();
  const Signer signer = Signer::generate_ed25519(entropy_);
  const std::string key_id = signer.verifier().key_id();
  const std::string algorithm(signer.verifier().algorithm());
  const auto message_of = [&](uint64_t created) {
    return field(1, algorithm) + field(2, to_text(signer.verifier().der())) + field(3, created);
  };
  const auto loads = [&](const std::string& spelled) {
    Bytes object = with_head("HFSG", spelled);
    append(object, ring.authenticate(object).view());
    put("signers/" + key_id, object);
    const bool is_loaded = load_signers(*store_, ring, deadline_).ok();
    remove("signers/" + key_id);
    return is_loaded;
  };
  ASSERT_TRUE(loads(message_of(7)));
  for (const wire::Alteration& altered : wire::alterations(message_of(7)))
    EXPECT_FALSE(loads(altered.message)) << altered.what;
}

}  // namespace
}  // namespace hf
