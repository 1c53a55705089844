#include "backup/restore_files.h"

namespace hf {
namespace {

constexpr uint32_t setuid_bits = 06000;

std::string parent_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? std::string() : path.substr(0, slash + 1);
}

}  // namespace

void RestoreLog::problem(const std::string& path, const std::string& what) {
  lists_.with([&](Lists& lists) {
    if (++lists.problem_count <= problems_recorded_max) lists.problems.push_back({.path = path, .what = what});
  });
}

void RestoreLog::note(const std::string& path, const std::string& what) {
  lists_.with([&](Lists& lists) {
    if (lists.notes.size() < problems_recorded_max) lists.notes.push_back({.path = path, .what = what});
  });
}

void RestoreLog::take(RestoredSource& into) {
  lists_.with([&](Lists& lists) {
    into.problems = std::move(lists.problems);
    into.problem_count = lists.problem_count;
    into.notes = std::move(lists.notes);
    into.complete = lists.problem_count == 0;
  });
}

bool is_same_file(const FileInfo& there, const Entry& wanted) {
  return there.type == FileType::File && there.size == wanted.info.size && there.mtime == wanted.info.mtime;
}

void apply_metadata(Directory& root, const std::string& path, const Entry& entry, const RestoreRequest& request,
                    RestoreLog& log) {
  const auto note = [&](const Status& status, const char* what) {
    if (!status.ok()) log.note(entry.path, std::string(what) + ": " + status.error().message());
  };
  const bool owner_set = root.set_owner(path, entry.info.uid, entry.info.gid).ok();
  for (const Xattr& xattr : entry.xattrs) {
    if (!request.setuid && xattr.name == "security.capability")
      log.note(entry.path, "file capabilities were left out");
    else
      note(root.set_xattr(path, xattr), "extended attribute not set");
  }
  if (entry.info.type == FileType::Symlink) {
    note(root.set_mtime(path, entry.info.mtime), "time not set");
    return;
  }
  uint32_t mode = entry.info.mode;
  // A setuid file must never come to belong to whoever happens to restore it.
  const bool strip =
      (!request.setuid || !owner_set) && entry.info.type != FileType::Directory && (mode & setuid_bits) != 0;
  if (strip) {
    mode &= ~setuid_bits;
    log.note(entry.path, "setuid and setgid bits were left out");
  }
  note(root.set_mode(path, mode), "mode not set");
  note(root.set_mtime(path, entry.info.mtime), "time not set");
}

Result<size_t> RestoreFiles::add(const Entry& entry) {
  auto made = std::make_unique<Building>();
  Building& building = *made;
  building.entry = entry;
  building.left = entry.info.size;
  building.temporary = request_.mode == RestoreMode::New
                           ? entry.path
                           : parent_of(entry.path) + ".holdfast-" + std::to_string(next_) + ".part";
  const size_t number = next_++;
  building_.with([&](auto& map) { map.emplace(number, std::move(made)); });
  if (entry.info.size == 0) HF_TRY(done(number, building, 0));
  return number;
}

RestoreFiles::Building* RestoreFiles::find(size_t file) {
  return building_.with([&](auto& map) { return map.at(file).get(); });
}

Status RestoreFiles::open(Building& building) {
  std::scoped_lock lock(building.mutex);
  if (building.file || building.failure) return {};
  Result<std::unique_ptr<File>> file = root_.create_file(building.temporary, 0600);
  if (!file.ok() && file.error().code() == Code::Exists && request_.mode != RestoreMode::New) {
    HF_TRY(root_.remove(building.temporary));  // of a restore that was killed
    file = root_.create_file(building.temporary, 0600);
  }
  building.file = HF_TRY(std::move(file));
  return {};
}

Status RestoreFiles::bytes(size_t file, uint64_t offset, BytesView bytes) {
  Building& building = *find(file);
  HF_TRY(open(building));
  if (building.file) {
    HF_TRY(building.file->write_at(offset, bytes).during("restore " + printable(building.entry.path)));
    bytes_written_ += bytes.size();
  }
  return done(file, building, bytes.size());
}

Status RestoreFiles::gap(size_t file, ExtentKind kind, uint64_t offset, uint64_t length) {
  Building& building = *find(file);
  HF_TRY(open(building));
  // Zeros that the original had allocated are allocated where the file system can; a hole reads the same.
  if (building.file && kind == ExtentKind::Zeros) (void)building.file->allocate(offset, length).ok();
  return done(file, building, length);
}

void RestoreFiles::failed(size_t file, uint64_t length, const Error& error) {
  Building& building = *find(file);
  {
    std::scoped_lock lock(building.mutex);
    if (!building.failure) building.failure = error.clone();
  }
  (void)done(file, building, length).ok();  // of a failed file only its removal is left to do
}

Status RestoreFiles::done(size_t file, Building& building, uint64_t length) {
  HF_ASSERT(building.left >= length);
  if (building.left.fetch_sub(length) != length) return {};
  Status status = finish(building);
  building_.with([&](auto& map) { map.erase(file); });
  return status;
}

Status RestoreFiles::finish(Building& building) {
  const Entry& entry = building.entry;
  if (building.failure) {
    const bool created = building.file != nullptr;
    building.file.reset();
    if (created) HF_TRY(root_.remove(building.temporary));
    log_.problem(entry.path, "not restored: " + building.failure->message());
    return {};
  }
  HF_TRY(open(building));
  const FileInfo info = HF_TRY(building.file->info());
  if (info.size != entry.info.size) HF_TRY(building.file->truncate(entry.info.size));  // it ends in a hole
  if (entry.info.size >= (8u << 20)) building.file->start_writeback();
  building.file.reset();
  apply_metadata(root_, building.temporary, entry, request_, log_);
  if (building.temporary != entry.path) {
    Status renamed = root_.rename(building.temporary, entry.path);
    if (!renamed.ok()) return std::move(renamed).during("put " + printable(entry.path) + " in place");
  }
  ++files_done_;
  bytes_done_ += entry.info.size;
  return {};
}

void RestoreFiles::abandon() {
  building_.with([&](auto& map) {
    for (auto& [number, building] : map)
      if (building->file) (void)root_.remove(building->temporary).ok();
    map.clear();
  });
}

}  // namespace hf
