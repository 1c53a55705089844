#include "repo/signed_object.h"

#include <charconv>

#include "crypto/codec.h"
#include "repo/format.h"

namespace hf {
namespace {

constexpr size_t head_bytes_max = 4096;
constexpr std::array<std::string_view, 6> kind_names = {"manifest",  "head",  "checkpoint",
                                                        "condemned", "swept", "attachment"};

// Takes the rest of the line that begins with `key` off the front of `text`; nothing if it does not.
std::optional<std::string_view> take_line(std::string_view& text, std::string_view key) {
  if (!text.starts_with(key)) return std::nullopt;
  const size_t end = text.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view value = text.substr(key.size(), end - key.size());
  text.remove_prefix(end + 1);
  return value;
}

Error malformed() {
  return Error(Code::Corrupt, "signed object is damaged");
}

bool parse_body_line(std::string_view line, SignedText& out) {
  const size_t space = line.find(' ');
  if (space == std::string_view::npos) return false;
  const char* end = line.data() + space;
  const auto [stop, code] = std::from_chars(line.data(), end, out.body_size);
  const std::optional<Sha256> digest = Sha256::parse(line.substr(space + 1));
  if (code != std::errc() || stop != end || std::to_string(out.body_size) != line.substr(0, space) || !digest)
    return false;
  out.body_digest = *digest;
  return true;
}

}  // namespace

std::string_view name_of(SignedKind kind) {
  return kind_names[static_cast<size_t>(kind)];
}

void TrustedSigners::add(Verifier verifier) {
  verifiers_.push_back(std::move(verifier));
}

const Verifier* TrustedSigners::find(std::string_view key_id) const {
  for (const Verifier& verifier : verifiers_)
    if (verifier.key_id() == key_id) return &verifier;
  return nullptr;
}

Result<Bytes> make_signed(const KeyRing& ring, const Signer& signer, SignedKind kind, std::string_view name,
                          const Sha256& previous, BytesView body, Entropy& entropy) {
  const Bytes packed = Compressor(3).compress(body);
  const Bytes box = ring.seal_box(name_of(kind), packed, entropy);
  std::string head = "holdfast " + std::string(name_of(kind)) + " 1\n";
  head += "repository " + ring.repository().hex() + "\n";
  head += "name " + std::string(name) + "\n";
  head += "previous " + previous.hex() + "\n";
  head += "body " + std::to_string(box.size()) + " " + sha256(box).hex() + "\n";
  head += "key " + signer.verifier().key_id() + "\n";
  head += "algorithm " + std::string(signer.verifier().algorithm()) + "\n\n";
  const Bytes signature = HF_TRY(signer.sign(as_bytes(head)).during("sign " + std::string(name)));
  Bytes object = to_bytes(head);
  append(object, as_bytes("signature " + to_base64(signature) + "\n"));
  append(object, box);
  return object;
}

Result<SignedText> parse_signed(BytesView object) {
  std::string_view text = as_text(object.first(std::min(object.size(), head_bytes_max)));
  SignedText out;
  const auto title = take_line(text, "holdfast ");
  const auto repository = title ? take_line(text, "repository ") : std::nullopt;
  const auto name = repository ? take_line(text, "name ") : std::nullopt;
  const auto previous = name ? take_line(text, "previous ") : std::nullopt;
  const auto body = previous ? take_line(text, "body ") : std::nullopt;
  const auto key = body ? take_line(text, "key ") : std::nullopt;
  const auto algorithm = key ? take_line(text, "algorithm ") : std::nullopt;
  if (!algorithm || !take_line(text, "\n").has_value()) return malformed();
  out.signed_bytes = object.first(static_cast<size_t>(text.data() - as_text(object).data()));
  const auto signature = take_line(text, "signature ");
  const std::optional<Bytes> raw = signature ? from_base64(*signature) : std::nullopt;
  const std::optional<Sha256> before = Sha256::parse(*previous);
  if (!raw || !before || !parse_body_line(*body, out)) return malformed();
  out.body = object.subspan(static_cast<size_t>(text.data() - as_text(object).data()));
  size_t kind = 0;
  while (kind < kind_names.size() && *title != std::string(kind_names[kind]) + " 1") ++kind;
  if (kind == kind_names.size()) return Error(Code::Unsupported, "signed object of an unknown kind or version");
  out.head = {.kind = static_cast<SignedKind>(kind),
              .name = std::string(*name),
              .previous = *before,
              .key_id = std::string(*key)};
  out.repository = *repository;
  out.algorithm = *algorithm;
  out.signature = *raw;
  return out;
}

Result<SignedBody> open_signed(const KeyRing& ring, const TrustedSigners& signers, SignedKind kind,
                               std::string_view name, BytesView object) {
  SignedText text = HF_TRY(parse_signed(object).during(std::string(name)));
  const Verifier* verifier = signers.find(text.head.key_id);
  if (verifier == nullptr || verifier->algorithm() != text.algorithm)
    return Error(Code::KeyMissing, std::string(name) + " is signed by a key that this repository does not know");
  HF_TRY(verifier->verify(text.signed_bytes, text.signature).during(std::string(name)));
  if (text.head.kind != kind || text.head.name != name || text.repository != ring.repository().hex())
    return Error(Code::Corrupt, std::string(name) + " belongs elsewhere");
  if (text.body.size() != text.body_size || sha256(text.body) != text.body_digest)
    return Error(Code::Corrupt, std::string(name) + ": its body is not what was signed");
  const Bytes packed = HF_TRY(ring.open_box(name_of(kind), text.body).during(std::string(name)));
  Bytes body = HF_TRY(Decompressor().decompress_up_to(packed, manifest_bytes_max).during(std::string(name)));
  return SignedBody{.head = std::move(text.head), .body = std::move(body), .digest = sha256(object)};
}

}  // namespace hf
