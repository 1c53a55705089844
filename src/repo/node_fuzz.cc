// Whatever bytes as a node of a list: what is accepted has children, and encodes to the same bytes.
#include "repo/list.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, size_t size) {
  const hf::BytesView plain = std::as_bytes(std::span(data, size));
  const hf::Result<std::vector<hf::NodeChild>> children = hf::decode_node(plain);
  if (!children.ok()) return 0;
  HF_ASSERT(!children.value().empty());
  HF_ASSERT(hf::equal(hf::encode_node(children.value()), plain));
  return 0;
}
