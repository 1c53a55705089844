#include "repo/list.h"

#include "base/message.h"
#include "repository.pb.h"

namespace hf {
namespace {

constexpr size_t children_min = 16, children_max = 1024;
constexpr size_t leaf_ids_min = 128, leaf_ids_max = 2048, leaf_extents_max = 8192;
constexpr size_t inline_ids_max = 8, inline_extents_max = 16;

// True for about one id in `spread`, a power of two: ids are evenly distributed.
bool cuts_here(const ChunkId& id, unsigned spread) {
  return (load_le<uint32_t>(id.bytes.data()) & (spread - 1)) == 0;
}

}  // namespace

Bytes encode_node(const std::vector<NodeChild>& children) {
  proto::Node node;
  for (const NodeChild& child : children) {
    proto::Node::Child& out = *node.add_children();
    out.set_id(child.id.bytes.data(), ChunkId::size);
    out.set_first(child.first);
    out.set_items(child.items);
    out.set_bytes(child.bytes);
  }
  return encode_message(node);
}

Result<std::vector<NodeChild>> decode_node(BytesView bytes) {
  const proto::Node node = HF_TRY(decode_message<proto::Node>(bytes, "list node"));
  std::vector<NodeChild> children;
  for (const proto::Node::Child& in : node.children()) {
    const std::optional<ChunkId> id = ChunkId::from(as_bytes(in.id()));
    if (!id) return Error(Code::Corrupt, "list node has a child without an id");
    children.push_back({.id = *id, .first = in.first(), .items = in.items(), .bytes = in.bytes()});
  }
  if (children.empty()) return Error(Code::Corrupt, "list node without children");
  return children;
}

Result<NodeChild> NodeWriter::close(size_t level) {
  std::vector<NodeChild>& children = levels_[level];
  NodeChild parent{.id = {}, .first = children.front().first, .items = 0, .bytes = 0};
  for (const NodeChild& child : children) {
    parent.items += child.items;
    parent.bytes += child.bytes;
  }
  parent.id = HF_TRY(put_(encode_node(children)));
  children.clear();
  return parent;
}

Status NodeWriter::add(size_t level, NodeChild child) {
  HF_ASSERT(level < list_depth_max);
  if (levels_.size() <= level) levels_.resize(level + 1);
  const bool cut = cuts_here(child.id, 64);
  levels_[level].push_back(std::move(child));
  const size_t count = levels_[level].size();
  if ((cut && count >= children_min) || count >= children_max) {
    NodeChild parent = HF_TRY(close(level));
    return add(level + 1, std::move(parent));
  }
  return {};
}

Result<Root> NodeWriter::finish() {
  for (size_t level = 0;; ++level) {
    HF_ASSERT(level < levels_.size());
    const bool is_top = level + 1 == levels_.size();
    if (is_top && levels_[level].size() == 1) {
      const Root root{.id = levels_[level].front().id, .depth = static_cast<uint32_t>(level)};
      levels_.clear();
      return root;
    }
    if (levels_[level].empty()) continue;
    NodeChild parent = HF_TRY(close(level));
    if (is_top) levels_.resize(level + 2);
    levels_[level + 1].push_back(std::move(parent));
  }
}

LeafReader::LeafReader(Root root, MetaGet get) : root_(root), get_(std::move(get)) {}

Result<Bytes> LeafReader::fetch(const ChunkId& id) {
  if (visit_) visit_(id);
  return get_(id);
}

Status LeafReader::descend(const ChunkId& id) {
  const Bytes bytes = HF_TRY(fetch(id));
  stack_.push_back({.children = HF_TRY(decode_node(bytes)), .next = 0});
  return {};
}

Status LeafReader::seek(const std::function<bool(const std::string& first)>& is_behind) {
  if (root_.depth == 0) return {};
  if (root_.depth > list_depth_max) return Error(Code::Corrupt, "list is too deep");
  started_ = true;
  ChunkId id = root_.id;
  for (uint32_t depth = root_.depth; depth > 0; --depth) {
    HF_TRY(descend(id));
    Level& level = stack_.back();
    while (level.next + 1 < level.children.size() && !is_behind(level.children[level.next + 1].first)) ++level.next;
    id = level.children[level.next].id;
    if (depth > 1) ++level.next;  // the child is on the stack already
  }
  return {};
}

Result<std::optional<Bytes>> LeafReader::next() {
  if (!started_) {
    started_ = true;
    if (root_.depth > list_depth_max) return Error(Code::Corrupt, "list is too deep");
    if (root_.depth == 0) return std::optional<Bytes>(HF_TRY(fetch(root_.id)));
    HF_TRY(descend(root_.id));
  }
  while (!stack_.empty()) {
    Level& level = stack_.back();
    if (level.next == level.children.size()) {
      stack_.pop_back();
      continue;
    }
    const ChunkId id = level.children[level.next++].id;
    if (stack_.size() == root_.depth) return std::optional<Bytes>(HF_TRY(fetch(id)));
    HF_TRY(descend(id));
  }
  return std::optional<Bytes>();
}

Status ContentWriter::add(ExtentKind kind, uint64_t length, const ChunkId* id, uint32_t offset) {
  append_extent(run_, kind, length, id, offset);
  bytes_ += length;
  const bool cut = id != nullptr && run_.ids.size() >= leaf_ids_min && cuts_here(*id, 64);
  if (cut || run_.ids.size() >= leaf_ids_max || run_.extents.size() >= leaf_extents_max) return close_leaf();
  return {};
}

Status ContentWriter::close_leaf() {
  NodeChild leaf{.id = {}, .first = {}, .items = run_.extents.size(), .bytes = bytes_};
  leaf.id = HF_TRY(put_(encode_content(run_)));
  run_ = {};
  bytes_ = 0;
  any_leaf_ = true;
  return nodes_.add_leaf(std::move(leaf));
}

Result<ContentRef> ContentWriter::finish() {
  ContentRef ref;
  if (!any_leaf_ && run_.ids.size() <= inline_ids_max && run_.extents.size() <= inline_extents_max) {
    ref.run = std::exchange(run_, {});
    bytes_ = 0;
    return ref;
  }
  if (!run_.empty()) HF_TRY(close_leaf());
  ref.root = HF_TRY(nodes_.finish());
  any_leaf_ = false;
  return ref;
}

ContentReader::ContentReader(const ContentRef& ref, MetaGet get) : inline_(ref.run) {
  if (ref.root) leaves_.emplace(*ref.root, std::move(get));
}

Result<ExtentRun> ContentReader::next() {
  if (!leaves_) return std::exchange(inline_, {});
  const std::optional<Bytes> leaf = HF_TRY(leaves_->next());
  if (!leaf) return ExtentRun{};
  return decode_content(*leaf);
}

}  // namespace hf
