#include <repository.pb.h>

#include <algorithm>

#include "base/message.h"
#include "crypto/wipe.h"
#include "keys/key_store.h"
#include "keys/label.h"
#include "keys/object_names.h"

namespace hf {
namespace {

constexpr std::string_view signers_prefix = "signers/";
constexpr std::string_view magic = "HFSG";
constexpr uint16_t version = 1;
constexpr size_t prefix_bytes = 4 + 2 + 4;
constexpr size_t mac_bytes = 32;
constexpr size_t signer_object_bytes_max = 64 << 10;

std::string name_of_signer(std::string_view key_id) {
  return std::string(signers_prefix) + std::string(key_id);
}
std::string purpose_of(std::string_view key_id) {
  return "signer " + std::string(key_id);
}

Status put_signer(Store& store, const KeyRing& ring, const Verifier& verifier, const SignerRequest& request,
                  BytesView wrapped_private, const Deadline& deadline) {
  if (!is_plain_label(request.label)) {
    return Error(Code::Invalid, "label of a signer must be at most 1024 bytes of UTF-8 without control characters");
  }
  proto::Signer message;
  message.set_algorithm(std::string(verifier.algorithm()));
  message.set_public_der(to_text(verifier.der()));
  message.set_created_ns(request.created.time_since_epoch().count());
  message.set_wrapped_private(to_text(wrapped_private));
  message.set_label(request.label);
  const Bytes encoded = encode_message(message);
  Bytes object = to_bytes(magic);
  append_le(object, version);
  append_le(object, static_cast<uint32_t>(encoded.size()));
  append(object, encoded);
  append(object, ring.authenticate(object).view());
  const std::string key_id = verifier.key_id();
  return store.put(name_of_signer(key_id), object, Durable::Now, deadline).during("add signer " + key_id);
}

struct LoadedSigner {
  TrustedSigner trusted;
  Bytes wrapped_private;
};

Error damaged(std::string_view key_id, std::string_view why) {
  return Error(Code::Corrupt, name_of_signer(key_id) + " " + std::string(why));
}

Result<LoadedSigner> parse_signer(const KeyRing& ring, std::string_view key_id, BytesView object) {
  if (object.size() < prefix_bytes + mac_bytes) return damaged(key_id, "is cut short");
  const BytesView bound = object.first(object.size() - mac_bytes);
  // Before anything is parsed: whoever cannot make the MAC cannot reach the parsers.
  if (!equal_secret(ring.authenticate(bound).view(), object.last(mac_bytes))) {
    return damaged(key_id, "was not written by a holder of the repository's key");
  }
  if (as_text(object.first(magic.size())) != magic || load_le<uint16_t>(object.data() + 4) != version ||
      load_le<uint32_t>(object.data() + 6) != bound.size() - prefix_bytes) {
    return damaged(key_id, "is not a signer of format 1");
  }
  const std::string name = name_of_signer(key_id);
  const auto message = HF_TRY(decode_message<proto::Signer>(bound.subspan(prefix_bytes), name.c_str()));
  Result<Verifier> verifier = Verifier::from_der(as_bytes(message.public_der()));
  if (!verifier.ok()) return damaged(key_id, "holds no public key");
  if (verifier.value().key_id() != key_id || verifier.value().algorithm() != message.algorithm()) {
    return damaged(key_id, "holds another key than its name says");
  }
  return LoadedSigner{TrustedSigner{std::move(verifier).value(), message.label(),
                                    WallTime(Duration(message.created_ns())), !message.wrapped_private().empty()},
                      to_bytes(message.wrapped_private())};
}

Result<LoadedSigner> load_signer(Store& store, const KeyRing& ring, std::string_view key_id, const Deadline& deadline) {
  const std::string name = name_of_signer(key_id);
  const Bytes object = HF_TRY(get_whole(store, name, signer_object_bytes_max, deadline).during("load " + name));
  return parse_signer(ring, key_id, object);
}

Result<Bytes> open_private(const KeyRing& ring, const LoadedSigner& signer) {
  const std::string key_id = signer.trusted.verifier.key_id();
  return ring.open_box(purpose_of(key_id), signer.wrapped_private).during("load " + name_of_signer(key_id));
}

}  // namespace

Status add_signer(Store& store, const KeyRing& ring, const Verifier& verifier, const SignerRequest& request,
                  const Deadline& deadline) {
  return put_signer(store, ring, verifier, request, {}, deadline);
}

Status add_signer(Store& store, const KeyRing& ring, const Signer& signer, const SignerRequest& request,
                  Entropy& entropy, const Deadline& deadline) {
  const PrivateKeyDer der = signer.private_der();
  const Bytes wrapped =
      ring.seal_box(purpose_of(signer.verifier().key_id()), reveal_bytes(der, Purpose::Sign), entropy);
  return put_signer(store, ring, signer.verifier(), request, wrapped, deadline);
}

Result<std::vector<TrustedSigner>> load_signers(Store& store, const KeyRing& ring, const Deadline& deadline) {
  std::vector<TrustedSigner> signers;
  for (const std::string& key_id : HF_TRY(names_below(store, signers_prefix, deadline))) {
    LoadedSigner signer = HF_TRY(load_signer(store, ring, key_id, deadline));
    // A list of signers that says which keys are here must not say so of one that cannot be read.
    if (signer.trusted.has_private) {
      const Wiped checked(HF_TRY(open_private(ring, signer)));
    }
    signers.push_back(std::move(signer.trusted));
  }
  std::stable_sort(signers.begin(), signers.end(),
                   [](const TrustedSigner& a, const TrustedSigner& b) { return a.created < b.created; });
  return signers;
}

Result<Signer> load_private_signer(Store& store, const KeyRing& ring, std::string_view key_id,
                                   const Deadline& deadline) {
  const LoadedSigner loaded = HF_TRY(load_signer(store, ring, key_id, deadline));
  if (!loaded.trusted.has_private) {
    return Error(Code::KeyMissing, "the private key of signer " + std::string(key_id) + " is kept by its owner")
        .with_hint("give its PEM file");
  }
  const Wiped der(HF_TRY(open_private(ring, loaded)));
  Result<Signer> signer = Signer::from_der(der.to_secret<PrivateKeyDer>());
  if (!signer.ok() || signer.value().verifier().key_id() != key_id) {
    return damaged(key_id, "holds a private key that is not its own");
  }
  return signer;
}

}  // namespace hf
