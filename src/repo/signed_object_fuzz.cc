// Whatever bytes as a signed object: what is accepted can be spelled out of its parts again, byte for byte.
#include "repo/signed_object.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, size_t size) {
  const hf::BytesView object = std::as_bytes(std::span(data, size));
  const hf::Result<hf::SignedText> parsed = hf::parse_signed(object);
  if (!parsed.ok()) return 0;
  const hf::SignedText& text = parsed.value();
  std::string head = "holdfast " + std::string(hf::name_of(text.head.kind)) + " 1\n";
  head += "repository " + text.repository + "\n";
  head += "name " + text.head.name + "\n";
  head += "previous " + text.head.previous.hex() + "\n";
  head += "body " + std::to_string(text.body_size) + " " + text.body_digest.hex() + "\n";
  head += "key " + text.head.key_id + "\n";
  head += "algorithm " + text.algorithm + "\n\n";
  HF_ASSERT(hf::equal(hf::as_bytes(head), text.signed_bytes));
  hf::Bytes whole = hf::to_bytes(head + "signature " + hf::to_base64(text.signature) + "\n");
  hf::append(whole, text.body);
  HF_ASSERT(hf::equal(whole, object));
  return 0;
}
