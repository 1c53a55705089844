// TreeEntry to and from the bytes of a leaf (docs/FORMAT.md, "Trees and content").
#include "base/message.h"
#include "repo/content_message.h"
#include "repo/tree.h"

namespace hf {
namespace {

constexpr uint8_t entries_tag = 0x0a;  // TreeLeaf.entries, length-delimited
constexpr size_t xattr_bytes_max = 1u << 20;

void put_varint(Bytes& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<std::byte>(value | 0x80));
  out.push_back(static_cast<std::byte>(value));
}

size_t shared_prefix(std::string_view a, std::string_view b) {
  size_t n = 0;
  while (n < a.size() && n < b.size() && a[n] == b[n]) ++n;
  return n;
}

void set_meta(const Entry& meta, proto::Entry& out) {
  const FileInfo& info = meta.info;
  out.set_type(static_cast<proto::Entry::Type>(info.type));
  out.set_mode(info.mode);
  out.set_uid(info.uid);
  out.set_gid(info.gid);
  out.set_user(meta.user);
  out.set_group(meta.group);
  out.set_mtime_ns(info.mtime.time_since_epoch().count());
  out.set_ctime_ns(info.ctime.time_since_epoch().count());
  out.set_inode(info.inode);
  out.set_device(info.device);
  out.set_rdev(static_cast<uint64_t>(info.rdev_major) << 32 | info.rdev_minor);
  out.set_size(info.size);
  out.set_target(meta.target);
  out.set_link_group(meta.link_group);
  out.set_changed_while_read(meta.changed_while_read);
  for (const Xattr& xattr : meta.xattrs) {
    proto::Entry::Xattr& x = *out.add_xattrs();
    x.set_name(xattr.name);
    x.set_value(xattr.value.data(), xattr.value.size());
  }
}

Status read_meta(const proto::Entry& in, Entry& meta) {
  FileInfo& info = meta.info;
  if (in.type() < proto::Entry::FILE || in.type() > proto::Entry::BLOCK || in.mode() > 07777)
    return Error(Code::Corrupt, "tree entry of unknown type or mode");
  info.type = static_cast<FileType>(in.type());
  info.mode = in.mode();
  info.uid = in.uid();
  info.gid = in.gid();
  meta.user = in.user();
  meta.group = in.group();
  info.mtime = WallTime(Duration(in.mtime_ns()));
  info.ctime = WallTime(Duration(in.ctime_ns()));
  info.inode = in.inode();
  info.device = in.device();
  info.rdev_major = static_cast<uint32_t>(in.rdev() >> 32);
  info.rdev_minor = static_cast<uint32_t>(in.rdev());
  info.size = in.size();
  meta.target = in.target();
  if (meta.target.size() > 4095 || meta.target.find('\0') != std::string::npos)
    return Error(Code::Corrupt, "tree entry with an impossible link target");
  meta.link_group = in.link_group();
  meta.changed_while_read = in.changed_while_read();
  size_t bytes = 0;
  for (const proto::Entry::Xattr& x : in.xattrs()) {
    if (!meta.xattrs.empty() && meta.xattrs.back().name >= x.name())
      return Error(Code::Corrupt, "tree entry with extended attributes out of order");
    bytes += x.name().size() + x.value().size();
    meta.xattrs.push_back({.name = x.name(), .value = to_bytes(x.value())});
  }
  if (bytes > xattr_bytes_max) return Error(Code::Corrupt, "tree entry with too many extended attributes");
  return {};
}

Status read_content(const proto::Entry& in, ContentRef& content) {
  if (in.has_content() && in.has_content_root()) return Error(Code::Corrupt, "tree entry with two contents");
  if (in.has_content()) {
    content.run = HF_TRY(from_message(in.content()));
    if (content.run.empty()) return Error(Code::Corrupt, "tree entry with a content of nothing");
  }
  if (in.has_content_root()) {
    const std::optional<ChunkId> id = ChunkId::from(as_bytes(in.content_root().id()));
    if (!id || in.content_root().depth() > list_depth_max) return Error(Code::Corrupt, "tree entry with a bad root");
    content.root = Root{.id = *id, .depth = in.content_root().depth()};
  }
  if (in.content_digest().empty()) return {};
  if (in.content_digest().size() != content.digest.emplace().size() || (!content.root && content.run.empty()))
    return Error(Code::Corrupt, "tree entry with a bad digest");
  std::memcpy(content.digest->data(), in.content_digest().data(), content.digest->size());
  return {};
}

}  // namespace

static_assert(static_cast<int>(FileType::File) == proto::Entry::FILE);
static_assert(static_cast<int>(FileType::Block) == proto::Entry::BLOCK);

void encode_entry(const TreeEntry& entry, std::string_view path_before, Bytes& leaf) {
  proto::Entry out;
  const size_t shared = shared_prefix(path_before, entry.meta.path);
  out.set_shared(static_cast<uint32_t>(shared));
  out.set_suffix(entry.meta.path.substr(shared));
  set_meta(entry.meta, out);
  if (entry.content.root) {
    out.mutable_content_root()->set_id(entry.content.root->id.bytes.data(), ChunkId::size);
    out.mutable_content_root()->set_depth(entry.content.root->depth);
  } else if (!entry.content.run.empty()) {
    to_message(entry.content.run, *out.mutable_content());
  }
  if (entry.content.digest) out.set_content_digest(entry.content.digest->data(), entry.content.digest->size());
  const size_t size = out.ByteSizeLong();
  leaf.push_back(std::byte{entries_tag});
  put_varint(leaf, size);
  const size_t at = leaf.size();
  leaf.resize(at + size);
  out.SerializeWithCachedSizesToArray(reinterpret_cast<uint8_t*>(leaf.data() + at));
}

Result<std::vector<TreeEntry>> decode_leaf(BytesView leaf) {
  const proto::TreeLeaf message = HF_TRY(decode_message<proto::TreeLeaf>(leaf, "tree leaf"));
  if (message.entries().empty()) return Error(Code::Corrupt, "tree leaf without entries");
  std::vector<TreeEntry> entries;
  entries.reserve(static_cast<size_t>(message.entries_size()));
  std::string_view before;
  for (const proto::Entry& in : message.entries()) {
    TreeEntry& entry = entries.emplace_back();
    if (in.shared() > before.size()) return Error(Code::Corrupt, "tree entry shares more than there is");
    entry.meta.path = std::string(before.substr(0, in.shared())) + in.suffix();
    if (in.shared() != shared_prefix(before, entry.meta.path))
      return Error(Code::Corrupt, "tree entry shares less than it could");
    if (!entry.meta.path.empty() && !is_valid_path(entry.meta.path))
      return Error(Code::Corrupt, "tree entry with a path that leads elsewhere: " + printable(entry.meta.path));
    HF_TRY(read_meta(in, entry.meta));
    HF_TRY(read_content(in, entry.content));
    before = entry.meta.path;
  }
  return entries;
}

}  // namespace hf
