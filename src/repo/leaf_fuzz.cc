// Whatever bytes as a leaf of a tree: what is accepted has safe paths, and encodes to the same bytes.
#include "repo/tree.h"

namespace hf {
namespace {

Bytes encode_leaf(const std::vector<TreeEntry>& entries) {
  Bytes leaf;
  std::string_view before;
  for (const TreeEntry& entry : entries) {
    encode_entry(entry, before, leaf);
    before = entry.meta.path;
  }
  return leaf;
}

}  // namespace
}  // namespace hf

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, size_t size) {
  const hf::BytesView plain = std::as_bytes(std::span(data, size));
  const hf::Result<std::vector<hf::TreeEntry>> entries = hf::decode_leaf(plain);
  if (!entries.ok()) return 0;
  for (const hf::TreeEntry& entry : entries.value())
    HF_ASSERT(entry.meta.path.empty() || hf::is_valid_path(entry.meta.path));
  HF_ASSERT(hf::equal(hf::encode_leaf(entries.value()), plain));
  return 0;
}
