#include "exchange/tar_writer.h"

#include <archive.h>
#include <archive_entry.h>

#include <array>

#include "exchange/posix_acl.h"

namespace hf {
namespace {

using EntryPointer = std::unique_ptr<archive_entry, decltype(&archive_entry_free)>;

unsigned file_type_of(FileType type) {
  switch (type) {
    case FileType::Directory:
      return AE_IFDIR;
    case FileType::Symlink:
      return AE_IFLNK;
    case FileType::Fifo:
      return AE_IFIFO;
    case FileType::Character:
      return AE_IFCHR;
    case FileType::Block:
      return AE_IFBLK;
    case FileType::Socket:
    case FileType::File:
    case FileType::Unknown:
      break;
  }
  return AE_IFREG;
}

int acl_tag_of(PosixAclEntry::Tag tag) {
  switch (tag) {
    case PosixAclEntry::Tag::UserObject:
      return ARCHIVE_ENTRY_ACL_USER_OBJ;
    case PosixAclEntry::Tag::User:
      return ARCHIVE_ENTRY_ACL_USER;
    case PosixAclEntry::Tag::GroupObject:
      return ARCHIVE_ENTRY_ACL_GROUP_OBJ;
    case PosixAclEntry::Tag::Group:
      return ARCHIVE_ENTRY_ACL_GROUP;
    case PosixAclEntry::Tag::Mask:
      return ARCHIVE_ENTRY_ACL_MASK;
    case PosixAclEntry::Tag::Other:
      break;
  }
  return ARCHIVE_ENTRY_ACL_OTHER;
}

// As tar's own kind of header, which tar programs restore; as an attribute they do not.
bool add_acl(archive_entry* to, const Xattr& xattr) {
  if (xattr.name != acl_access_xattr && xattr.name != acl_default_xattr) return false;
  const auto entries = decode_acl(xattr.value);
  if (!entries) return false;
  const int type = xattr.name == acl_access_xattr ? ARCHIVE_ENTRY_ACL_TYPE_ACCESS : ARCHIVE_ENTRY_ACL_TYPE_DEFAULT;
  for (const PosixAclEntry& entry : *entries)
    archive_entry_acl_add_entry(to, type, entry.permissions, acl_tag_of(entry.tag), static_cast<int>(entry.id),
                                nullptr);
  return true;
}

void set_time(archive_entry* to, WallTime time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  archive_entry_set_mtime(to, seconds.time_since_epoch().count(), (time - seconds).count());
}

EntryPointer make_entry(const Entry& entry) {
  EntryPointer made(archive_entry_new(), archive_entry_free);
  archive_entry* const to = made.get();
  archive_entry_set_pathname(to, entry.path.empty() ? "./" : entry.path.c_str());
  archive_entry_set_filetype(to, file_type_of(entry.info.type));
  archive_entry_set_perm(to, entry.info.mode);
  archive_entry_set_uid(to, entry.info.uid);
  archive_entry_set_gid(to, entry.info.gid);
  archive_entry_set_uname(to, entry.user.c_str());
  archive_entry_set_gname(to, entry.group.c_str());
  set_time(to, entry.info.mtime);
  if (entry.info.type == FileType::Symlink) archive_entry_set_symlink(to, entry.target.c_str());
  if (entry.info.type == FileType::Character || entry.info.type == FileType::Block) {
    archive_entry_set_rdevmajor(to, entry.info.rdev_major);
    archive_entry_set_rdevminor(to, entry.info.rdev_minor);
  }
  for (const Xattr& xattr : entry.xattrs)
    if (!add_acl(to, xattr))
      archive_entry_xattr_add_entry(to, xattr.name.c_str(), xattr.value.data(), xattr.value.size());
  return made;
}

}  // namespace

struct TarWriter::Archive {
  archive* handle = archive_write_new();
  std::function<Status(BytesView)> put;
  std::optional<Error> failure;  // of `put`

  ~Archive() {
    archive_write_fail(handle);  // else it would be ended in order, whatever became of it
    archive_write_free(handle);
  }
  static la_ssize_t write(archive*, void* self, const void* bytes, size_t length) {
    auto& writer = *static_cast<Archive*>(self);
    if (writer.failure) return -1;
    Status status = writer.put(BytesView(static_cast<const std::byte*>(bytes), length));
    if (status.ok()) return static_cast<la_ssize_t>(length);
    writer.failure = std::move(status).error();
    return -1;
  }
};

TarWriter::TarWriter(Options options, std::function<Status(BytesView)> put) : archive_(std::make_unique<Archive>()) {
  archive* const handle = archive_->handle;
  archive_->put = std::move(put);
  HF_ASSERT(handle != nullptr);
  HF_ASSERT(archive_write_set_format_pax(handle) == ARCHIVE_OK);
  // GNU tar knows the one spelling and warns of the other.
  HF_ASSERT(archive_write_set_format_option(handle, "pax", "xattrheader", "SCHILY") == ARCHIVE_OK);
  if (options.gzip) {
    HF_ASSERT(archive_write_add_filter_gzip(handle) == ARCHIVE_OK);
    HF_ASSERT(archive_write_set_filter_option(handle, "gzip", "timestamp", nullptr) == ARCHIVE_OK);
  }
  HF_ASSERT(archive_write_set_bytes_in_last_block(handle, 1) == ARCHIVE_OK);  // no zeros behind the end
  HF_ASSERT(archive_write_open(handle, archive_.get(), nullptr, &Archive::write, nullptr) == ARCHIVE_OK);
}

TarWriter::~TarWriter() = default;

Status TarWriter::judge(long result) {
  if (archive_->failure) return archive_->failure->clone();
  if (result >= ARCHIVE_WARN) return {};
  const char* const text = archive_error_string(archive_->handle);
  return Error(Code::Failed, "a tar file cannot be written").with_detail(text == nullptr ? "" : text);
}

Status TarWriter::header(const Entry& entry, const std::string* first, const std::vector<DataRange>* data) {
  HF_ASSERT(left_ == 0);
  const EntryPointer made = make_entry(entry);
  if (first != nullptr) {
    archive_entry_set_hardlink(made.get(), first->c_str());
    archive_entry_set_size(made.get(), 0);
  } else if (entry.info.type == FileType::File) {
    left_ = entry.info.size;
    archive_entry_set_size(made.get(), static_cast<la_int64_t>(left_));
    if (data != nullptr)
      for (const DataRange& range : *data)
        archive_entry_sparse_add_entry(made.get(), static_cast<la_int64_t>(range.begin),
                                       static_cast<la_int64_t>(range.end - range.begin));
  }
  return judge(archive_write_header(archive_->handle, made.get()))
      .during("put " + printable(entry.path) + " in a tar file");
}

Status TarWriter::begin(const Entry& entry, const std::vector<DataRange>* data) {
  if (entry.info.type == FileType::Socket) return {};  // tar has none
  return header(entry, nullptr, data);
}

Status TarWriter::link(const Entry& entry, const std::string& first) {
  return header(entry, &first, nullptr);
}

Status TarWriter::data(BytesView bytes) {
  HF_ASSERT(bytes.size() <= left_);
  while (!bytes.empty()) {
    const la_ssize_t written = archive_write_data(archive_->handle, bytes.data(), bytes.size());
    HF_TRY(judge(written));
    if (written <= 0) return Error(Code::Failed, "a tar file cannot be written");
    bytes = bytes.subspan(static_cast<size_t>(written));
    left_ -= static_cast<uint64_t>(written);
  }
  return {};
}

Status TarWriter::finish() {
  HF_ASSERT(left_ == 0);
  return judge(archive_write_close(archive_->handle));
}

}  // namespace hf
