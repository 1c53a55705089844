// A put with Durable::Now costs two syncs, of the file and of its directory; against those the resolving of a path is
// nothing, so objects are reached by path and no cache of directory handles is kept.
//
// With Durable::Later the name may reach the disk before the data: a power loss before flush() can leave such an object
// torn under its name. Its content then does not hash to its name, and nothing durable refers to it.
#include "store/directory.h"

#include <atomic>

#include "base/entropy.h"
#include "base/sync.h"
#include "store/durable_names.h"
#include "store/object_name.h"
#include "sys/fs.h"

namespace hf {
namespace {

constexpr std::string_view temporary_directory = "tmp";
constexpr Duration temporary_age_max = std::chrono::hours(24);
constexpr int depth_max = 16;  // far beyond any name of the format

Status in_time(const Deadline& deadline, std::string_view doing) {
  if (deadline.passed()) return Error(Code::Timeout, "no time left to " + std::string(doing));
  return {};
}

class DirectoryStore final : public Store {
 public:
  DirectoryStore(std::unique_ptr<Directory> root, std::string path, Entropy& entropy)
      : root_(std::move(root)), path_(std::move(path)), entropy_(entropy), names_(*root_) {}

  Traits traits() const override { return {}; }
  std::string describe() const override { return "directory " + path_; }

  Status put(std::string_view name, BytesView bytes, Durable durable, const Deadline& deadline) override {
    HF_TRY(check_object_name(name));
    HF_TRY(in_time(deadline, "put object " + std::string(name)));
    return put_object(name, bytes, durable).during("put object " + std::string(name) + " into " + describe());
  }

  Status replace(std::string_view name, BytesView bytes, const Deadline& deadline) override {
    HF_TRY(check_object_name(name));
    HF_TRY(in_time(deadline, "replace object " + std::string(name)));
    const auto rename = [&](const std::string& temporary) { return root_->rename(temporary, name); };
    return write_and_rename(name, bytes, Durable::Later, rename)
        .during("replace object " + std::string(name) + " in " + describe());
  }

  Status flush(const Deadline& deadline) override;

  Result<Bytes> get(std::string_view name, uint64_t offset, uint64_t length, const Deadline& deadline) override {
    HF_TRY(check_object_name(name));
    HF_TRY(in_time(deadline, "read object " + std::string(name)));
    return read(name, offset, length).during("read object " + std::string(name) + " from " + describe());
  }

  Result<ObjectInfo> info(std::string_view name, const Deadline&) override {
    HF_TRY(check_object_name(name));
    const FileInfo file = HF_TRY(root_->info(name));
    if (file.type != FileType::File) return not_found(name);
    return ObjectInfo{std::string(name), file.size, file.mtime};
  }

  Status list(std::string_view prefix, const Visitor& visit, const Deadline& deadline) override;

  Status remove(std::string_view name, const Deadline&) override {
    HF_TRY(check_object_name(name));
    Status removed = root_->remove(name);
    if (!removed.ok() && removed.error().code() == Code::NotFound) return {};
    return std::move(removed).during("remove object " + std::string(name) + " from " + describe());
  }

  Result<WallTime> now(const Deadline&) override;
  Result<uint64_t> clean(const Deadline& deadline) override;

 private:
  struct FlushState {
    uint64_t flushed = 0;  // how many of puts_later_ are on stable storage
    bool is_lost = false;  // a sync failed: the system has dropped data, and no later sync will say so again
  };

  Error not_found(std::string_view name) const {
    return Error(Code::NotFound, "no object " + std::string(name) + " in " + describe());
  }

  std::string make_temporary_name() { return std::string(temporary_directory) + "/" + to_hex(entropy_.bytes(16)); }

  Result<std::unique_ptr<File>> create_temporary(const std::string& temporary);
  Status write_temporary(const std::string& temporary, BytesView bytes, Durable durable);
  template <typename Rename>
  Status write_and_rename(std::string_view name, BytesView bytes, Durable durable, Rename&& rename);
  Status put_object(std::string_view name, BytesView bytes, Durable durable);
  Status make_durable(std::string_view name);
  Result<Bytes> read(std::string_view name, uint64_t offset, uint64_t length);
  Status list_directory(const std::string& path, int depth, const Visitor& visit, const Deadline& deadline);
  Status visit_entry(const std::string& path, FileType type, int depth, const Visitor& visit, const Deadline& deadline);

  const std::unique_ptr<Directory> root_;
  const std::string path_;
  Entropy& entropy_;
  DurableNames names_;
  std::atomic<uint64_t> puts_later_{0};
  Guarded<FlushState> flush_;
};

Result<std::unique_ptr<File>> DirectoryStore::create_temporary(const std::string& temporary) {
  Result<std::unique_ptr<File>> created = root_->create_file(temporary, 0600);
  if (created.ok() || created.error().code() != Code::NotFound) return created;
  Status made = root_->create_directory(temporary_directory, 0700);
  if (!made.ok() && made.error().code() != Code::Exists) return std::move(made).error();
  return root_->create_file(temporary, 0600);
}

Status DirectoryStore::write_temporary(const std::string& temporary, BytesView bytes, Durable durable) {
  const std::unique_ptr<File> file = HF_TRY(create_temporary(temporary));
  HF_TRY(file->write_at(0, bytes));
  if (durable == Durable::Now) return file->sync();
  file->start_writeback();
  return {};
}

template <typename Rename>
Status DirectoryStore::write_and_rename(std::string_view name, BytesView bytes, Durable durable, Rename&& rename) {
  const std::string temporary = make_temporary_name();
  const auto place = [&]() -> Status {
    HF_TRY(names_.make_parents(name));
    return rename(temporary);
  };
  Status status = write_temporary(temporary, bytes, durable);
  if (status.ok()) {
    status = place();
    if (!status.ok() && status.error().code() == Code::NotFound) {
      // A directory that we made or saw is gone: somebody tidied up empty ones.
      names_.forget();
      status = place();
    }
  }
  // What failed first is what the caller must hear of. What cannot be removed now, clean() removes.
  if (!status.ok()) static_cast<void>(root_->remove(temporary).ok());
  return status;
}

Status DirectoryStore::put_object(std::string_view name, BytesView bytes, Durable durable) {
  const auto rename = [&](const std::string& temporary) { return root_->rename_no_replace(temporary, name); };
  Status status = write_and_rename(name, bytes, durable, rename);
  const bool exists = !status.ok() && status.error().code() == Code::Exists;
  if (status.ok() && durable == Durable::Later) ++puts_later_;
  if (status.ok() && durable == Durable::Now) return names_.sync(name);
  // Who is told Exists may rely on the object as if they had put it; whoever did may have been killed before it was
  // durable.
  if (exists && durable == Durable::Now) HF_TRY(make_durable(name));
  if (exists) return Error(Code::Exists, "it is there already");
  return status;
}

Status DirectoryStore::make_durable(std::string_view name) {
  const std::unique_ptr<File> file = HF_TRY(root_->open_file(name));
  HF_TRY(file->sync());
  return names_.sync(name);
}

Status DirectoryStore::flush(const Deadline& deadline) {
  HF_TRY(in_time(deadline, "flush " + describe()));
  // Under the lock, so that who finds nothing to flush does not return before who is flushing.
  return flush_.with([&](FlushState& state) -> Status {
    if (state.is_lost) return Error(Code::Failed, "an earlier flush of " + describe() + " failed and lost data");
    const uint64_t puts = puts_later_.load();
    if (puts == state.flushed) return {};
    Status synced = root_->sync_all();
    if (synced.ok()) state.flushed = puts;
    state.is_lost = !synced.ok();
    return std::move(synced).during("flush " + describe());
  });
}

Result<Bytes> DirectoryStore::read(std::string_view name, uint64_t offset, uint64_t length) {
  const std::unique_ptr<File> file = HF_TRY(root_->open_file(name));
  // Before anything is allocated for it: the length may come from a damaged index.
  const FileInfo info = HF_TRY(file->info());
  if (info.type != FileType::File) return Error(Code::NotFound, "it is not a file");
  if (offset > info.size || length > info.size - offset) return Error(Code::Corrupt, "it is too short");
  Bytes bytes(length);
  if (HF_TRY(file->read_at(offset, bytes)) != length) return Error(Code::Corrupt, "it became shorter");
  return bytes;
}

Status DirectoryStore::list(std::string_view prefix, const Visitor& visit, const Deadline& deadline) {
  if (prefix.empty()) return list_directory("", 0, visit, deadline);
  const bool is_directory = prefix.ends_with('/');
  if (is_directory) prefix.remove_suffix(1);
  HF_TRY(check_object_name(prefix));
  Result<FileInfo> found = root_->info(prefix);
  if (!found.ok() && found.error().code() == Code::NotFound) return {};
  if (!found.ok()) return found.error().clone().during("list " + describe());
  if (is_directory && found.value().type == FileType::File) return {};
  return visit_entry(std::string(prefix), found.value().type, 0, visit, deadline);
}

Status DirectoryStore::list_directory(const std::string& path, int depth, const Visitor& visit,
                                      const Deadline& deadline) {
  HF_TRY(in_time(deadline, "list " + describe()));
  if (depth > depth_max) return {};
  Result<std::unique_ptr<Directory>> opened = root_->open_directory(path);
  if (!opened.ok() && opened.error().code() == Code::NotFound) return {};  // removed since it was listed
  const std::unique_ptr<Directory> directory = HF_TRY(std::move(opened).during("list " + describe()));
  const std::vector<DirectoryEntry> entries = HF_TRY(directory->entries());
  for (const DirectoryEntry& entry : entries) {
    // What cannot be an object is somebody else's, like lost+found.
    if (!is_object_component(entry.name) || (path.empty() && entry.name == temporary_directory)) continue;
    HF_TRY(visit_entry(path.empty() ? entry.name : path + "/" + entry.name, entry.type, depth, visit, deadline));
  }
  return {};
}

Status DirectoryStore::visit_entry(const std::string& path, FileType type, int depth, const Visitor& visit,
                                   const Deadline& deadline) {
  if (type == FileType::Directory) return list_directory(path, depth + 1, visit, deadline);
  if (type != FileType::File && type != FileType::Unknown) return {};
  Result<FileInfo> info = root_->info(path);
  if (!info.ok() && info.error().code() == Code::NotFound) return {};  // removed since it was listed
  if (!info.ok()) return info.error().clone().during("list " + describe());
  if (info.value().type == FileType::Directory) return list_directory(path, depth + 1, visit, deadline);
  if (info.value().type != FileType::File) return {};
  return visit({path, info.value().size, info.value().mtime});
}

Result<WallTime> DirectoryStore::now(const Deadline&) {
  const std::string temporary = make_temporary_name();
  Result<FileInfo> info = Error(Code::Failed, "");
  {
    const std::unique_ptr<File> file =
        HF_TRY(create_temporary(temporary).during("ask " + describe() + " for its time"));
    info = file->info();
  }
  static_cast<void>(root_->remove(temporary).ok());  // what cannot be removed now, clean() removes
  return HF_TRY(std::move(info)).mtime;
}

Result<uint64_t> DirectoryStore::clean(const Deadline& deadline) {
  const WallTime today = HF_TRY(now(deadline));
  const std::unique_ptr<Directory> directory = HF_TRY(root_->open_directory(temporary_directory));
  uint64_t freed = 0;
  const std::vector<DirectoryEntry> entries = HF_TRY(directory->entries());
  for (const DirectoryEntry& entry : entries) {
    HF_TRY(in_time(deadline, "clean " + describe()));
    Result<FileInfo> info = directory->info(entry.name);
    if (!info.ok() || info.value().type != FileType::File || today - info.value().mtime <= temporary_age_max) continue;
    Status removed = directory->remove(entry.name);
    if (removed.ok()) freed += info.value().size;
    if (!removed.ok() && removed.error().code() != Code::NotFound)
      return std::move(removed).error().during("clean " + describe());
  }
  return freed;
}

Result<std::unique_ptr<Store>> open_store(const StoreWorld& world, const StoreOptions& options, bool create) {
  const auto path = options.find("path");
  if (path == options.end() || path->second.empty())
    return Error(Code::Invalid, "a directory store needs a path").with_hint("give --repo PATH");
  const std::string absolute = HF_TRY(world.fs.absolute(path->second));
  Result<std::unique_ptr<Directory>> root =
      create ? world.fs.create_directories(absolute, 0700) : world.fs.open_directory(absolute);
  return std::make_unique<DirectoryStore>(HF_TRY(std::move(root)), absolute, world.entropy);
}

}  // namespace

StoreKind directory_store_kind() {
  return {.name = "directory",
          .help = "Objects as files under one directory: a local disk, or whatever is mounted there.",
          .scheme = "",
          .options = {{.name = "path", .help = "the directory that holds the repository", .required = true}},
          .open = open_store};
}

}  // namespace hf
