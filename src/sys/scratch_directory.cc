#include "sys/scratch_directory.h"

#include "sys/entry.h"
#include "sys/process_identity.h"
#include "sys/remove_tree.h"

namespace hf {
namespace {

constexpr std::string_view owner_name = ".holdfast-owner";
constexpr size_t owner_bytes_max = 1024;
constexpr Duration removal_time_max = std::chrono::seconds(10);
constexpr Duration removal_pause = std::chrono::milliseconds(50);

Status write_owner(Directory& directory) {
  const std::string owner = process_identity();
  const std::unique_ptr<File> file = HF_TRY(directory.create_file(owner_name, 0600));
  return file->write_at(0, as_bytes(owner));
}

// Only what we made ourselves: in a directory that all may write to, a name proves nothing.
bool is_left_behind(Directory& parent, const DirectoryEntry& entry, uint32_t uid) {
  Result<std::unique_ptr<Directory>> directory = parent.open_directory(entry.name);
  if (!directory.ok()) return false;
  const Result<std::unique_ptr<File>> file = directory.value()->open_file(owner_name);
  if (!file.ok()) return false;
  const Result<FileInfo> info = file.value()->info();
  if (!info.ok() || info.value().uid != uid || info.value().type != FileType::File) return false;
  Bytes owner(owner_bytes_max);
  const Result<size_t> size = file.value()->read_at(0, owner);
  return size.ok() && is_process_gone(std::string(as_text(owner).substr(0, size.value())));
}

void remove_left_behind(Directory& parent, const std::string& parent_path, const std::string& prefix, uint32_t uid,
                        const ScratchDirectory::Release& release) {
  const Result<std::vector<DirectoryEntry>> entries = parent.entries();
  if (!entries.ok()) return;
  for (const DirectoryEntry& entry : entries.value()) {
    if (!entry.name.starts_with(prefix) || !is_left_behind(parent, entry, uid)) continue;
    if (release && !release(parent_path + "/" + entry.name).ok()) continue;
    static_cast<void>(remove_tree(parent, entry.name).ok());
  }
}

}  // namespace

Result<ScratchDirectory> ScratchDirectory::make(Env env, Fs& fs, const std::string& parent, const std::string& prefix,
                                                const Release& release) {
  const std::string parent_path = HF_TRY(fs.absolute(parent));
  std::unique_ptr<Directory> directory = HF_TRY(fs.open_directory(parent_path));
  const std::string name = prefix + to_hex(env.entropy.bytes(6));
  HF_TRY(directory->create_directory(name, 0700));
  const uint32_t uid = HF_TRY(directory->info(name)).uid;
  ScratchDirectory scratch(env, std::move(directory), (parent_path == "/" ? "" : parent_path) + "/" + name, name);
  const std::unique_ptr<Directory> made = HF_TRY(scratch.parent_->open_directory(name));
  HF_TRY(write_owner(*made));
  remove_left_behind(*scratch.parent_, parent_path, prefix, uid, release);
  return scratch;
}

ScratchDirectory::ScratchDirectory(ScratchDirectory&& other) noexcept
    : env_(other.env_),
      parent_(std::move(other.parent_)),
      path_(std::move(other.path_)),
      name_(std::move(other.name_)) {}

ScratchDirectory::~ScratchDirectory() {
  static_cast<void>(remove().ok());
}

Status ScratchDirectory::remove() {
  if (parent_ == nullptr) return {};
  const Deadline deadline(env_.clock, removal_time_max);
  for (;;) {
    Status removed = remove_tree(*parent_, name_);
    if (removed.ok() || deadline.passed()) {
      parent_.reset();
      return removed.ok() ? Status()
                          : Status(std::move(removed).error().during("remove scratch directory " + printable(path_)));
    }
    env_.clock.sleep_until(env_.clock.mono() + removal_pause, {});
  }
}

}  // namespace hf
