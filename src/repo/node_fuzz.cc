// Whatever bytes as a node of a list: what is accepted has children.
#include "repo/list.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, size_t size) {
  const hf::Result<std::vector<hf::NodeChild>> children = hf::decode_node(std::as_bytes(std::span(data, size)));
  if (children.ok()) HF_ASSERT(!children.value().empty());
  return 0;
}
