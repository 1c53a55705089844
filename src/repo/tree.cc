#include "repo/tree.h"

namespace hf {
namespace {

constexpr size_t leaf_items_min = 64, leaf_bytes_max = 256u << 10;

// True for about one path in 256, whatever stands around it.
bool cuts_after(std::string_view path) {
  uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
  for (const char c : path) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return ((hash ^ (hash >> 29)) * 0xbf58476d1ce4e5b9 >> 56) == 0;
}

}  // namespace

Status TreeWriter::add(const TreeEntry& entry) {
  const std::string& path = entry.meta.path;
  const bool first = summary_.entries == 0;
  if (first ? !path.empty() : !is_valid_path(path) || compare_paths(last_, path) >= 0)
    return Error(Code::Invalid, "entry out of order in a tree: " + printable(path));
  if (leaf_items_ == 0) first_ = path;
  encode_entry(entry, leaf_items_ == 0 ? std::string_view() : std::string_view(last_), leaf_);
  last_ = path;
  ++leaf_items_;
  leaf_bytes_ += entry.meta.info.size;
  ++summary_.entries;
  if (entry.meta.info.type == FileType::File) {
    ++summary_.files;
    summary_.bytes += entry.meta.info.size;
  }
  if ((leaf_items_ >= leaf_items_min && cuts_after(path)) || leaf_.size() >= leaf_bytes_max) return close_leaf();
  return {};
}

Status TreeWriter::close_leaf() {
  NodeChild leaf{.id = {}, .first = first_, .items = leaf_items_, .bytes = leaf_bytes_};
  leaf.id = HF_TRY(put_(std::exchange(leaf_, {})));
  leaf_items_ = leaf_bytes_ = 0;
  return nodes_.add_leaf(std::move(leaf));
}

Result<TreeSummary> TreeWriter::finish() {
  HF_ASSERT(summary_.entries > 0);
  if (leaf_items_ > 0) HF_TRY(close_leaf());
  summary_.root = HF_TRY(nodes_.finish());
  last_.clear();
  return std::exchange(summary_, {});
}

Result<const TreeEntry*> TreeReader::next() {
  for (;;) {
    while (at_ < entries_.size()) {
      const TreeEntry& entry = entries_[at_++];
      if (any_ && compare_paths(last_, entry.meta.path) >= 0) return Error(Code::Corrupt, "tree is out of order");
      any_ = true;
      last_ = entry.meta.path;
      if (from_.empty() || compare_paths(entry.meta.path, from_) >= 0) return &entry;
    }
    const std::optional<Bytes> leaf = HF_TRY(leaves_.next());
    if (!leaf) return static_cast<const TreeEntry*>(nullptr);
    entries_ = HF_TRY(decode_leaf(*leaf));
    at_ = 0;
  }
}

Status TreeReader::seek(std::string_view path) {
  from_ = path;
  return leaves_.seek([&](const std::string& first) { return compare_paths(first, path) > 0; });
}

}  // namespace hf
