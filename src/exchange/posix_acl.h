// PosixAcl: access control lists as the extended attributes hold them (system.posix_acl_access, …_default).
//
// Linux keeps them as a version and entries of tag, permissions and id, little-endian: linux/posix_acl_xattr.h.
#pragma once

#include <optional>
#include <vector>

#include "base/bytes.h"

namespace hf {

inline constexpr std::string_view acl_access_xattr = "system.posix_acl_access";
inline constexpr std::string_view acl_default_xattr = "system.posix_acl_default";

struct PosixAclEntry {
  enum class Tag : uint16_t { UserObject = 1, User = 2, GroupObject = 4, Group = 8, Mask = 16, Other = 32 };
  Tag tag = Tag::Other;
  uint16_t permissions = 0;  // rwx
  uint32_t id = 0;           // User, Group
  friend bool operator==(const PosixAclEntry&, const PosixAclEntry&) = default;
};

// Nothing if they are not a list of that form.
std::optional<std::vector<PosixAclEntry>> decode_acl(BytesView value);
// In the order that the kernel wants.
Bytes encode_acl(std::vector<PosixAclEntry> entries);

}  // namespace hf
