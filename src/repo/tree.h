// Tree: the entries of one source in canonical order, as a list (repo/list.h).
#pragma once

#include "repo/list.h"
#include "sys/entry.h"

namespace hf {

struct TreeEntry {
  Entry meta;
  ContentRef content;
};

struct TreeSummary {
  Root root;
  uint64_t entries = 0, files = 0, bytes = 0;
};

class TreeWriter {
 public:
  explicit TreeWriter(MetaPut put) : put_(std::move(put)), nodes_(put_) {}
  // Invalid unless the path is valid and behind the one before it, the first one empty.
  Status add(const TreeEntry& entry);
  Result<TreeSummary> finish();  // Requires: at least one entry

 private:
  Status close_leaf();

  MetaPut put_;
  NodeWriter nodes_;
  Bytes leaf_;
  std::string last_, first_;
  uint64_t leaf_items_ = 0, leaf_bytes_ = 0;
  TreeSummary summary_;
};

class TreeReader {
 public:
  TreeReader(Root root, MetaGet get) : leaves_(root, std::move(get)) {}
  // The next entry, valid until the call after; null at the end. Corrupt for paths that are not valid or not in order.
  // After an error the call after goes on behind what could not be read.
  Result<const TreeEntry*> next();
  // Begins at `path` or the first entry behind it. Before the first next().
  Status seek(std::string_view path);
  void on_part(std::function<void(const ChunkId&)> visit) { leaves_.on_part(std::move(visit)); }

 private:
  LeafReader leaves_;
  std::vector<TreeEntry> entries_;
  size_t at_ = 0;
  std::string last_;
  bool any_ = false;
  std::string from_;
};

void encode_entry(const TreeEntry& entry, std::string_view path_before, Bytes& leaf);
// All entries of a leaf, with whole paths. Corrupt unless encode_entry() gives these bytes again.
Result<std::vector<TreeEntry>> decode_leaf(BytesView leaf);

}  // namespace hf
