#include <unistd.h>

#include <atomic>

#include "sys/entry.h"
#include "sys/fs.h"

namespace hf {
namespace {

constexpr int links_max = 40;  // as the system itself

// A directory and one name in it.
struct Target {
  std::unique_ptr<Directory> directory;
  std::string name;
};

// Follows links of the last component by hand, because a Directory never does. The name may be missing.
Result<Target> follow(Fs& fs, std::string path) {
  for (int links = 0; links < links_max; ++links) {
    const size_t slash = path.rfind('/');
    const std::string parent = slash == path.npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
    Target target{HF_TRY(fs.open_directory(parent)), path.substr(slash == path.npos ? 0 : slash + 1)};
    if (!is_valid_path(target.name) || target.name.empty())
      return Error(Code::Invalid, printable(path) + " does not name a file");
    Result<FileInfo> info = target.directory->info(target.name);
    if (!info.ok() && info.error().code() != Code::NotFound) return std::move(info).error();
    if (!info.ok() || info.value().type != FileType::Symlink) return target;
    const std::string link = HF_TRY(target.directory->read_link(target.name));
    path = link.starts_with('/') ? link : parent + "/" + link;
  }
  return Error(Code::Denied, printable(path) + ": too many symbolic links");
}

Status write_new(Directory& directory, const std::string& name, BytesView bytes, uint32_t mode) {
  Result<std::unique_ptr<File>> created = directory.create_file(name, mode);
  if (!created.ok() && created.error().code() == Code::Exists) {
    // Left by a process of our number that died: the number is ours now, so nobody else writes it.
    HF_TRY(directory.remove(name));
    created = directory.create_file(name, mode);
  }
  const std::unique_ptr<File> file = HF_TRY(std::move(created));
  HF_TRY(file->write_at(0, bytes));
  HF_TRY(directory.set_mode(name, mode));  // create_file is subject to the umask
  return file->sync();
}

}  // namespace

Result<Bytes> read_whole_file(Fs& fs, const std::string& path, uint64_t size_max) {
  const Target target = HF_TRY(follow(fs, path));
  const std::unique_ptr<File> file = HF_TRY(target.directory->open_file(target.name));
  const FileInfo info = HF_TRY(file->info());
  if (info.type == FileType::Directory) return Error(Code::Invalid, printable(path) + " is a directory");
  if (info.size > size_max) return Error(Code::Corrupt, printable(path) + " is larger than it can be");
  // One byte more than the limit tells a file that grew, or whose size the system does not know, as under /proc.
  Bytes bytes(info.size > 0 ? info.size + 1 : size_max + 1);
  bytes.resize(HF_TRY(file->read_at(0, bytes)));
  if (bytes.size() > size_max) return Error(Code::Corrupt, printable(path) + " is larger than it can be");
  return bytes;
}

Status replace_whole_file(Fs& fs, const std::string& path, BytesView bytes, uint32_t mode) {
  static std::atomic<uint64_t> count{0};
  const Target target = HF_TRY(follow(fs, path));
  const std::string temporary =
      "." + target.name.substr(0, 200) + ".new-" + std::to_string(getpid()) + "-" + std::to_string(++count);
  Status status = write_new(*target.directory, temporary, bytes, mode);
  if (status.ok()) status = target.directory->rename(temporary, target.name);
  if (!status.ok()) {
    // What failed is what the caller must hear of, not that the remains could not be removed either.
    static_cast<void>(target.directory->remove(temporary).ok());
    return std::move(status).during("write " + printable(path));
  }
  return target.directory->sync();
}

}  // namespace hf
