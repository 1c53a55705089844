// List: items cut into leaves, leaves into nodes, up to one root; every part a metadata chunk.
//
// Where a cut falls depends on the items beside it alone, so a change in one place gives a new leaf there and new nodes
// above it, and all other parts are found again by their ids. Written and read as a stream: memory is one leaf and one
// node a level. Arithmetic: leaves of about 64 KiB, nodes of about 64 children: 10 M files of 100 bytes are 16,000
// leaves, depth 3.
#pragma once

#include <functional>

#include "repo/content.h"
#include "repo/format.h"

namespace hf {

// Keeps a metadata chunk and returns its id; it need not be stored yet when it returns.
using MetaPut = std::function<Result<ChunkId>(Bytes chunk)>;
// Gives a metadata chunk back.
using MetaGet = std::function<Result<Bytes>(const ChunkId& id)>;

struct NodeChild {
  ChunkId id;
  std::string first;  // trees: path of the first entry below
  uint64_t items = 0;
  uint64_t bytes = 0;
};

// The levels above the leaves.
class NodeWriter {
 public:
  explicit NodeWriter(MetaPut put) : put_(std::move(put)) {}
  Status add_leaf(NodeChild leaf) { return add(0, std::move(leaf)); }
  // Requires: at least one leaf was added.
  Result<Root> finish();

 private:
  Status add(size_t level, NodeChild child);
  Result<NodeChild> close(size_t level);

  MetaPut put_;
  std::vector<std::vector<NodeChild>> levels_;
};

// Leaves from left to right. A part that cannot be read is an error; the call after goes on behind it.
class LeafReader {
 public:
  LeafReader(Root root, MetaGet get);
  // The next leaf's bytes; nothing at the end.
  Result<std::optional<Bytes>> next();
  // Begins at the last leaf whose first item is not behind `path` (trees only). Before the first next().
  Status seek(const std::function<bool(const std::string& first)>& is_behind);
  // Every chunk id met so far, leaves and nodes: for marking.
  void on_part(std::function<void(const ChunkId&)> visit) { visit_ = std::move(visit); }

 private:
  struct Level {
    std::vector<NodeChild> children;
    size_t next = 0;
  };
  Status descend(const ChunkId& id);
  Result<Bytes> fetch(const ChunkId& id);

  Root root_;
  MetaGet get_;
  std::vector<Level> stack_;
  bool started_ = false;
  std::function<void(const ChunkId&)> visit_;
};

Bytes encode_node(const std::vector<NodeChild>& children);
// Corrupt without children, and unless encode_node() gives these bytes again.
Result<std::vector<NodeChild>> decode_node(BytesView bytes);

// Extents of one file, in order.
class ContentWriter {
 public:
  explicit ContentWriter(MetaPut put) : put_(std::move(put)), nodes_(put_) {}
  Status add(ExtentKind kind, uint64_t length, const ChunkId* id, uint32_t offset);
  Result<ContentRef> finish();  // then ready for the next file

 private:
  Status close_leaf();

  MetaPut put_;
  NodeWriter nodes_;
  ExtentRun run_;
  uint64_t bytes_ = 0;
  bool any_leaf_ = false;
};

class ContentReader {
 public:
  ContentReader(const ContentRef& ref, MetaGet get);
  // The next run of extents; empty at the end.
  Result<ExtentRun> next();
  void on_part(std::function<void(const ChunkId&)> visit) {
    if (leaves_) leaves_->on_part(std::move(visit));
  }

 private:
  ExtentRun inline_;
  std::optional<LeafReader> leaves_;
};

}  // namespace hf
