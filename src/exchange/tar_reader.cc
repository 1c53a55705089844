#include "exchange/tar_reader.h"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>

#include "exchange/posix_acl.h"

namespace hf {
namespace {

FileType type_of(unsigned type) {
  switch (type) {
    case AE_IFREG:
      return FileType::File;
    case AE_IFDIR:
      return FileType::Directory;
    case AE_IFLNK:
      return FileType::Symlink;
    case AE_IFIFO:
      return FileType::Fifo;
    case AE_IFSOCK:
      return FileType::Socket;
    case AE_IFCHR:
      return FileType::Character;
    case AE_IFBLK:
      return FileType::Block;
    default:
      return FileType::Unknown;
  }
}

std::optional<PosixAclEntry::Tag> tag_of(int tag) {
  switch (tag) {
    case ARCHIVE_ENTRY_ACL_USER_OBJ:
      return PosixAclEntry::Tag::UserObject;
    case ARCHIVE_ENTRY_ACL_USER:
      return PosixAclEntry::Tag::User;
    case ARCHIVE_ENTRY_ACL_GROUP_OBJ:
      return PosixAclEntry::Tag::GroupObject;
    case ARCHIVE_ENTRY_ACL_GROUP:
      return PosixAclEntry::Tag::Group;
    case ARCHIVE_ENTRY_ACL_MASK:
      return PosixAclEntry::Tag::Mask;
    case ARCHIVE_ENTRY_ACL_OTHER:
      return PosixAclEntry::Tag::Other;
    default:
      return std::nullopt;
  }
}

// As bytes where they are that, else as the UTF-8 that pax has.
std::string text_of(const char* bytes, const char* utf8) {
  if (bytes != nullptr) return bytes;
  return utf8 == nullptr ? "" : utf8;
}

// "./a//b/" → "a/b", "./" → "".
Result<std::string> clean_path(const std::string& given) {
  if (given.empty()) return Error(Code::Corrupt, "a tar file has an entry without a name");
  const auto refuse = [&] {
    return Error(Code::Refused, "a tar file has a name that leads elsewhere: " + printable(given))
        .with_hint("unpack it with tar, look at what it has, and back that up");
  };
  if (given.front() == '/') return refuse();
  std::string path;
  for (size_t begin = 0; begin < given.size();) {
    const size_t end = std::min(given.find('/', begin), given.size());
    const std::string component = given.substr(begin, end - begin);
    if (component == "..") return refuse();
    if (!component.empty() && component != ".") path += (path.empty() ? "" : "/") + component;
    begin = end + 1;
  }
  if (!path.empty() && !is_valid_path(path))
    return Error(Code::Unsupported, "a tar file has a name that is too long: " + printable(path));
  return path;
}

// libarchive keeps what the mode says too in the mode alone.
std::optional<Xattr> read_acl(archive_entry* from, bool is_default, uint32_t& mode) {
  const int wanted = is_default ? ARCHIVE_ENTRY_ACL_TYPE_DEFAULT : ARCHIVE_ENTRY_ACL_TYPE_ACCESS;
  if (archive_entry_acl_count(from, wanted) == 0) return std::nullopt;
  std::vector<PosixAclEntry> entries;
  archive_entry_acl_reset(from, wanted);
  int type = 0, permissions = 0, tag = 0, id = 0;
  const char* name = nullptr;
  std::optional<uint32_t> mask;
  while (archive_entry_acl_next(from, wanted, &type, &permissions, &tag, &id, &name) == ARCHIVE_OK) {
    const auto known = tag_of(tag);
    if (!known) return std::nullopt;
    entries.push_back({*known, static_cast<uint16_t>(permissions & 7), static_cast<uint32_t>(id)});
    if (*known == PosixAclEntry::Tag::Mask) mask = static_cast<uint32_t>(permissions & 7);
  }
  if (!is_default && mask) mode = (mode & ~070u) | *mask << 3;
  return Xattr{std::string(is_default ? acl_default_xattr : acl_access_xattr), encode_acl(std::move(entries))};
}

void read_xattrs(archive_entry* from, Entry& entry) {
  archive_entry_xattr_reset(from);
  const char* name = nullptr;
  const void* value = nullptr;
  size_t size = 0;
  while (archive_entry_xattr_next(from, &name, &value, &size) == ARCHIVE_OK)
    entry.xattrs.push_back({name, to_bytes(BytesView(static_cast<const std::byte*>(value), size))});
  for (const bool is_default : {false, true})
    if (std::optional<Xattr> acl = read_acl(from, is_default, entry.info.mode)) entry.xattrs.push_back(std::move(*acl));
  const auto by_name = [](const Xattr& a, const Xattr& b) { return a.name < b.name; };
  const auto same_name = [](const Xattr& a, const Xattr& b) { return a.name == b.name; };
  std::sort(entry.xattrs.begin(), entry.xattrs.end(), by_name);
  entry.xattrs.erase(std::unique(entry.xattrs.begin(), entry.xattrs.end(), same_name), entry.xattrs.end());
}

// A name in a header may be any size: the ids of a system are 32 bits.
uint32_t id_of(int64_t id) {
  return id < 0 || id > UINT32_MAX ? 65534 : static_cast<uint32_t>(id);
}

constexpr int64_t seconds_max = INT64_MAX / 1'000'000'000 - 1;

Result<TarItem> read_item(archive_entry* from) {
  TarItem item;
  Entry& entry = item.entry;
  entry.path = HF_TRY(clean_path(text_of(archive_entry_pathname(from), archive_entry_pathname_utf8(from))));
  entry.info.type = type_of(archive_entry_filetype(from));
  entry.info.mode = archive_entry_perm(from) & 07777;
  entry.info.uid = id_of(archive_entry_uid(from));
  entry.info.gid = id_of(archive_entry_gid(from));
  entry.user = text_of(archive_entry_uname(from), archive_entry_uname_utf8(from));
  entry.group = text_of(archive_entry_gname(from), archive_entry_gname_utf8(from));
  const int64_t seconds = std::clamp<int64_t>(archive_entry_mtime(from), -seconds_max, seconds_max);
  entry.info.mtime = WallTime(std::chrono::seconds(seconds) + Duration(archive_entry_mtime_nsec(from)));
  const std::string linked = text_of(archive_entry_hardlink(from), archive_entry_hardlink_utf8(from));
  if (!linked.empty()) {
    item.hard_link = HF_TRY(clean_path(linked));
    entry.info.type = FileType::File;
    return item;
  }
  if (entry.info.type == FileType::Unknown)
    return Error(Code::Unsupported, "a tar file has an entry of an unknown type: " + printable(entry.path));
  if (entry.info.type == FileType::Symlink)
    entry.target = text_of(archive_entry_symlink(from), archive_entry_symlink_utf8(from));
  if (entry.info.type == FileType::Character || entry.info.type == FileType::Block) {
    entry.info.rdev_major = static_cast<uint32_t>(archive_entry_rdevmajor(from));
    entry.info.rdev_minor = static_cast<uint32_t>(archive_entry_rdevminor(from));
  }
  if (entry.info.type == FileType::File) {
    const int64_t size = archive_entry_size(from);
    if (size < 0) return Error(Code::Corrupt, "a tar file has a file of negative size: " + printable(entry.path));
    entry.info.size = static_cast<uint64_t>(size);
  }
  read_xattrs(from, entry);
  return item;
}

}  // namespace

struct TarReader::Archive {
  archive* handle = archive_read_new();
  ByteRange file;
  uint64_t at = 0;
  Bytes block = Bytes(256 << 10);
  std::optional<Error> failure;  // of reading the file

  ~Archive() { archive_read_free(handle); }
  static la_ssize_t read(archive*, void* self, const void** bytes) {
    auto& reader = *static_cast<Archive*>(self);
    Result<size_t> got = reader.file.read_at(reader.at, reader.block);
    if (!got.ok()) {
      reader.failure = std::move(got).error();
      return -1;
    }
    reader.at += got.value();
    *bytes = reader.block.data();
    return static_cast<la_ssize_t>(got.value());
  }
};

TarReader::TarReader() : archive_(std::make_unique<Archive>()) {}
TarReader::~TarReader() = default;

Error TarReader::damaged() {
  if (archive_->failure) return archive_->failure->clone();
  const char* const text = archive_error_string(archive_->handle);
  return Error(Code::Corrupt, "a tar file is damaged, or is none").with_detail(text == nullptr ? "" : text);
}

Result<std::unique_ptr<TarReader>> TarReader::open(ByteRange file) {
  std::unique_ptr<TarReader> reader(new TarReader);
  archive* const handle = reader->archive_->handle;
  HF_ASSERT(handle != nullptr);
  reader->archive_->file = std::move(file);
  HF_ASSERT(archive_read_support_format_tar(handle) == ARCHIVE_OK);
  HF_ASSERT(archive_read_support_filter_gzip(handle) == ARCHIVE_OK);
  for (auto* const support :
       {archive_read_support_filter_xz, archive_read_support_filter_zstd, archive_read_support_filter_bzip2})
    support(handle);  // ARCHIVE_WARN: it would start a program for it, and then the file is none that we know
  if (archive_read_open(handle, reader->archive_.get(), nullptr, &Archive::read, nullptr) != ARCHIVE_OK)
    return reader->damaged();
  return reader;
}

Result<const TarItem*> TarReader::next() {
  archive_entry* entry = nullptr;
  const int result = archive_read_next_header(archive_->handle, &entry);
  if (result == ARCHIVE_EOF) return nullptr;
  if (result < ARCHIVE_WARN) return damaged();
  item_ = HF_TRY(read_item(entry));
  return &item_;
}

Status TarReader::data(const std::function<Status(uint64_t offset, BytesView)>& take) {
  for (;;) {
    const void* bytes = nullptr;
    size_t length = 0;
    la_int64_t offset = 0;
    const int result = archive_read_data_block(archive_->handle, &bytes, &length, &offset);
    if (result == ARCHIVE_EOF) return {};
    if (result < ARCHIVE_WARN) return damaged();
    const uint64_t size = item_.entry.info.size;
    if (offset < 0 || static_cast<uint64_t>(offset) > size || length > size - static_cast<uint64_t>(offset))
      return Error(Code::Corrupt, "a tar file has more of a file than its size: " + printable(item_.entry.path));
    if (length > 0)
      HF_TRY(take(static_cast<uint64_t>(offset), BytesView(static_cast<const std::byte*>(bytes), length)));
  }
}

}  // namespace hf
