#include "exchange/posix_acl.h"

#include <algorithm>
#include <tuple>

namespace hf {
namespace {

constexpr uint32_t version = 2, id_none = UINT32_MAX;
constexpr size_t entry_bytes = 8;
constexpr uint16_t tags_known = 63;

bool has_id(PosixAclEntry::Tag tag) {
  return tag == PosixAclEntry::Tag::User || tag == PosixAclEntry::Tag::Group;
}

}  // namespace

std::optional<std::vector<PosixAclEntry>> decode_acl(BytesView value) {
  if (value.size() < 4 || (value.size() - 4) % entry_bytes != 0 || load_le<uint32_t>(value.data()) != version)
    return std::nullopt;
  std::vector<PosixAclEntry> entries;
  for (size_t at = 4; at < value.size(); at += entry_bytes) {
    const auto tag = load_le<uint16_t>(value.data() + at), permissions = load_le<uint16_t>(value.data() + at + 2);
    if (tag == 0 || (tag & tags_known) != tag || (tag & (tag - 1)) != 0 || permissions > 7) return std::nullopt;
    PosixAclEntry entry{.tag = static_cast<PosixAclEntry::Tag>(tag), .permissions = permissions};
    if (has_id(entry.tag)) entry.id = load_le<uint32_t>(value.data() + at + 4);
    entries.push_back(entry);
  }
  return entries;
}

Bytes encode_acl(std::vector<PosixAclEntry> entries) {
  std::sort(entries.begin(), entries.end(), [](const PosixAclEntry& a, const PosixAclEntry& b) {
    return std::tuple(a.tag, a.id) < std::tuple(b.tag, b.id);
  });
  Bytes value;
  append_le(value, version);
  for (const PosixAclEntry& entry : entries) {
    append_le(value, static_cast<uint16_t>(entry.tag));
    append_le(value, entry.permissions);
    append_le(value, has_id(entry.tag) ? entry.id : id_none);
  }
  return value;
}

}  // namespace hf
