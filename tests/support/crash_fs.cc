#include "support/crash_fs.h"

#include <algorithm>

namespace hf {
namespace {

constexpr size_t sector_bytes = 512;
constexpr uint64_t root_node = 1;

using Names = std::map<std::string, uint64_t, std::less<>>;

struct Node {
  FileType type = FileType::File;
  WallTime mtime{};
  Bytes data, synced;       // File: as read now, and as last synced
  Names names, kept_names;  // Directory: as seen now, and as certain to survive
};

// One change of names, which a journal keeps whole or not at all.
struct Change {
  struct Part {
    uint64_t directory;
    std::string name;
    uint64_t node;  // 0: the name goes
  };
  std::vector<Part> parts;

  bool touches(const std::set<uint64_t>& directories) const {
    return std::any_of(parts.begin(), parts.end(), [&](const Part& p) { return directories.contains(p.directory); });
  }
  void add_to(std::set<uint64_t>& directories) const {
    for (const Part& part : parts) directories.insert(part.directory);
  }
};

Error missing(std::string_view path) {
  return Error(Code::NotFound, std::string(path) + ": no such file");
}
Error unsupported() {
  return Error(Code::Unsupported, "not in this file system");
}

Bytes torn(const Node& node, SeededEntropy& chance) {
  const uint64_t fate = chance.below(4);
  if (fate == 0) return node.data;
  if (fate == 1) return node.synced;
  Bytes left(chance.below(2) == 0 ? node.data.size() : node.synced.size());
  for (size_t at = 0; at < left.size(); at += sector_bytes) {
    const Bytes& from = chance.below(2) == 0 ? node.data : node.synced;
    for (size_t i = at; i < std::min(at + sector_bytes, left.size()); ++i)
      left[i] = i < from.size() ? from[i] : std::byte{0};
  }
  return left;
}

}  // namespace

class CrashFs::Disk {
 public:
  explicit Disk(Clock& clock) : clock_(clock) { nodes_[root_node].type = FileType::Directory; }

  // All functions are called with the mutex held.
  std::mutex mutex;

  Node& node(uint64_t number) { return nodes_.at(number); }

  Result<uint64_t> find(uint64_t from, std::string_view path) const {
    while (!path.empty()) {
      const size_t end = std::min(path.find('/'), path.size());
      const Node& directory = nodes_.at(from);
      const auto found = directory.names.find(path.substr(0, end));
      if (directory.type != FileType::Directory || found == directory.names.end()) return missing(path);
      from = found->second;
      path.remove_prefix(std::min(end + 1, path.size()));
    }
    return from;
  }

  // The directory that holds the last component, and that component.
  Result<Change::Part> place(uint64_t from, std::string_view path) const {
    const size_t slash = path.rfind('/');
    const uint64_t parent = slash == path.npos ? from : HF_TRY(find(from, path.substr(0, slash)));
    if (nodes_.at(parent).type != FileType::Directory) return missing(path);
    return Change::Part{parent, std::string(path.substr(slash == path.npos ? 0 : slash + 1)), 0};
  }

  Result<uint64_t> create(uint64_t from, std::string_view path, FileType type) {
    Change::Part part = HF_TRY(place(from, path));
    if (node(part.directory).names.contains(part.name)) return Error(Code::Exists, std::string(path) + ": exists");
    part.node = ++last_node_;
    Node& made = nodes_[part.node];
    made.type = type;
    made.mtime = clock_.wall();
    apply({{part}});
    return part.node;
  }

  Status rename(uint64_t from, std::string_view old_path, std::string_view new_path, bool replace) {
    const Change::Part source = HF_TRY(place(from, old_path));
    Change::Part target = HF_TRY(place(from, new_path));
    target.node = HF_TRY(find(source.directory, source.name));
    if (!replace && node(target.directory).names.contains(target.name))
      return Error(Code::Exists, std::string(new_path) + ": exists");
    apply({{source, target}});
    return {};
  }

  Status remove(uint64_t from, std::string_view path, bool is_directory) {
    const Change::Part part = HF_TRY(place(from, path));
    const Node& gone = node(HF_TRY(find(part.directory, part.name)));
    if ((gone.type == FileType::Directory) != is_directory)
      return Error(Code::Failed, std::string(path) + ": wrong type");
    if (!gone.names.empty()) return Error(Code::Exists, std::string(path) + ": not empty");
    apply({{part}});
    return {};
  }

  // A later change cannot be kept without the earlier ones in the same directories: these are synced with it.
  void sync_names(uint64_t directory) {
    std::set<uint64_t> needed{directory};
    std::vector<Change> left, kept;
    for (auto change = pending_.rbegin(); change != pending_.rend(); ++change) {
      const bool is_kept = change->touches(needed);
      if (is_kept) change->add_to(needed);
      (is_kept ? kept : left).push_back(std::move(*change));
    }
    std::for_each(kept.rbegin(), kept.rend(), [&](const Change& change) { keep(change); });
    pending_.assign(std::make_move_iterator(left.rbegin()), std::make_move_iterator(left.rend()));
  }

  void sync_all() {
    for (const Change& change : pending_) keep(change);
    pending_.clear();
    for (auto& [number, node] : nodes_) node.synced = node.data;
  }

  Status write(uint64_t number, uint64_t offset, BytesView bytes) {
    if (bytes.size() > space) return Error(Code::Failed, "write: no space left");
    space -= bytes.size();
    Node& file = node(number);
    resize(file, std::max<size_t>(file.data.size(), offset + bytes.size()));
    std::copy(bytes.begin(), bytes.end(), file.data.begin() + static_cast<ptrdiff_t>(offset));
    file.mtime = clock_.wall();
    return {};
  }

  static void resize(Node& file, size_t size) {
    const size_t before = file.data.size();
    file.data.resize(size);
    if (size > before) std::fill(file.data.begin() + static_cast<ptrdiff_t>(before), file.data.end(), std::byte{0});
  }

  Clock& clock() const { return clock_; }

  // `after` becomes what a power loss leaves of this.
  void crash_into(Disk& after, SeededEntropy& chance) const {
    after.nodes_ = nodes_;
    after.last_node_ = last_node_;
    after.space = space;
    // From "everything was written just in time" to "nothing was".
    const uint64_t kept_of_16 = std::array<uint64_t, 4>{0, 8, 15, 16}[chance.below(4)];
    std::set<uint64_t> cut;
    for (const Change& change : pending_) {
      if (change.touches(cut) || chance.below(16) >= kept_of_16) {
        change.add_to(cut);
      } else {
        after.keep(change);
      }
    }
    for (auto& [number, node] : after.nodes_) {
      node.names = node.kept_names;
      node.data = node.synced = torn(node, chance);
    }
  }

  uint64_t space = UINT64_MAX;

 private:
  void apply(Change change) {
    for (const Change::Part& part : change.parts) set(node(part.directory).names, part);
    pending_.push_back(std::move(change));
  }
  void keep(const Change& change) {
    for (const Change::Part& part : change.parts) set(node(part.directory).kept_names, part);
  }
  static void set(Names& names, const Change::Part& part) {
    if (part.node == 0) {
      names.erase(part.name);
    } else {
      names[part.name] = part.node;
    }
  }

  Clock& clock_;
  std::map<uint64_t, Node> nodes_;
  std::vector<Change> pending_;
  uint64_t last_node_ = root_node;
};

// Both are friends of CrashFs, and so not in the unnamed namespace.
class CrashFile final : public File {
 public:
  CrashFile(CrashFs::Disk& disk, CallFaults& faults, uint64_t number) : disk_(disk), faults_(faults), number_(number) {}

  Result<size_t> read_at(uint64_t offset, BytesSpan out) override {
    HF_TRY(faults_.next("read"));
    std::scoped_lock lock(disk_.mutex);
    const Bytes& data = disk_.node(number_).data;
    if (offset >= data.size()) return size_t{0};
    const size_t size = std::min<size_t>(out.size(), data.size() - offset);
    std::copy_n(data.begin() + static_cast<ptrdiff_t>(offset), size, out.begin());
    return size;
  }
  Status write_at(uint64_t offset, BytesView bytes) override {
    HF_TRY(faults_.next("write"));
    std::scoped_lock lock(disk_.mutex);
    return disk_.write(number_, offset, bytes);
  }
  Status truncate(uint64_t size) override {
    HF_TRY(faults_.next("truncate"));
    std::scoped_lock lock(disk_.mutex);
    disk_.resize(disk_.node(number_), size);
    return {};
  }
  Status allocate(uint64_t, uint64_t) override { return unsupported(); }
  Result<FileInfo> info() override;
  Result<DataRange> next_data(uint64_t) override { return unsupported(); }
  Status sync() override {
    HF_TRY(faults_.next("sync"));
    std::scoped_lock lock(disk_.mutex);
    disk_.node(number_).synced = disk_.node(number_).data;
    return {};
  }
  void start_writeback() override {}
  Result<std::vector<Xattr>> xattrs() override { return std::vector<Xattr>{}; }

 private:
  CrashFs::Disk& disk_;
  CallFaults& faults_;
  const uint64_t number_;
};

namespace {

FileInfo info_of(const Node& node, uint64_t number) {
  FileInfo info;
  info.type = node.type;
  info.mode = node.type == FileType::File ? 0600 : 0700;
  info.size = node.data.size();
  info.mtime = info.ctime = node.mtime;
  info.inode = number;
  return info;
}

}  // namespace

Result<FileInfo> CrashFile::info() {
  HF_TRY(faults_.next("look at file"));
  std::scoped_lock lock(disk_.mutex);
  return info_of(disk_.node(number_), number_);
}

class CrashDirectory final : public Directory {
 public:
  CrashDirectory(CrashFs::Disk& disk, CallFaults& faults, uint64_t number)
      : disk_(disk), faults_(faults), number_(number) {}

  Result<std::unique_ptr<File>> open_file(std::string_view path) override {
    HF_TRY(faults_.next("open"));
    std::scoped_lock lock(disk_.mutex);
    return std::make_unique<CrashFile>(disk_, faults_, HF_TRY(disk_.find(number_, path)));
  }
  Result<std::unique_ptr<File>> open_file_for_update(std::string_view path) override { return open_file(path); }
  Result<std::unique_ptr<File>> create_file(std::string_view path, uint32_t) override {
    HF_TRY(faults_.next("create"));
    std::scoped_lock lock(disk_.mutex);
    return std::make_unique<CrashFile>(disk_, faults_, HF_TRY(disk_.create(number_, path, FileType::File)));
  }
  Result<std::unique_ptr<Directory>> open_directory(std::string_view path) override {
    HF_TRY(faults_.next("open directory"));
    std::scoped_lock lock(disk_.mutex);
    const uint64_t found = HF_TRY(disk_.find(number_, path));
    if (disk_.node(found).type != FileType::Directory) return missing(path);
    return std::make_unique<CrashDirectory>(disk_, faults_, found);
  }
  Status create_directory(std::string_view path, uint32_t) override {
    HF_TRY(faults_.next("create directory"));
    std::scoped_lock lock(disk_.mutex);
    HF_TRY(disk_.create(number_, path, FileType::Directory));
    return {};
  }
  Result<std::vector<DirectoryEntry>> entries() override {
    HF_TRY(faults_.next("list"));
    std::scoped_lock lock(disk_.mutex);
    std::vector<DirectoryEntry> found;
    for (const auto& [name, node] : disk_.node(number_).names) found.push_back({name, disk_.node(node).type});
    return found;
  }
  Result<FileInfo> info(std::string_view path) override {
    HF_TRY(faults_.next("look at"));
    std::scoped_lock lock(disk_.mutex);
    const uint64_t found = HF_TRY(disk_.find(number_, path));
    return info_of(disk_.node(found), found);
  }
  Status rename(std::string_view from, std::string_view to) override {
    HF_TRY(faults_.next("rename"));
    std::scoped_lock lock(disk_.mutex);
    return disk_.rename(number_, from, to, true);
  }
  Status rename_no_replace(std::string_view from, std::string_view to) override {
    HF_TRY(faults_.next("rename"));
    std::scoped_lock lock(disk_.mutex);
    return disk_.rename(number_, from, to, false);
  }
  Status remove(std::string_view path) override {
    HF_TRY(faults_.next("remove"));
    std::scoped_lock lock(disk_.mutex);
    return disk_.remove(number_, path, false);
  }
  Status remove_directory(std::string_view path) override {
    HF_TRY(faults_.next("remove directory"));
    std::scoped_lock lock(disk_.mutex);
    return disk_.remove(number_, path, true);
  }
  Status sync() override {
    HF_TRY(faults_.next("sync directory"));
    std::scoped_lock lock(disk_.mutex);
    disk_.sync_names(number_);
    return {};
  }
  Status sync_all() override {
    HF_TRY(faults_.next("sync file system"));
    std::scoped_lock lock(disk_.mutex);
    disk_.sync_all();
    return {};
  }
  Result<uint64_t> space_free() override {
    HF_TRY(faults_.next("ask for free space"));
    std::scoped_lock lock(disk_.mutex);
    return disk_.space;
  }

  Result<std::string> read_link(std::string_view) override { return unsupported(); }
  Result<std::vector<Xattr>> xattrs(std::string_view) override { return std::vector<Xattr>{}; }
  Status create_symlink(std::string_view, std::string_view) override { return unsupported(); }
  Status create_link(std::string_view, std::string_view) override { return unsupported(); }
  Status create_node(std::string_view, FileType, uint32_t, uint32_t, uint32_t) override { return unsupported(); }
  Status set_owner(std::string_view, uint32_t, uint32_t) override { return unsupported(); }
  Status set_mode(std::string_view, uint32_t) override { return {}; }
  Status set_mtime(std::string_view path, WallTime mtime) override {
    HF_TRY(faults_.next("set time"));
    std::scoped_lock lock(disk_.mutex);
    disk_.node(HF_TRY(disk_.find(number_, path))).mtime = mtime;
    return {};
  }
  Status set_xattr(std::string_view, const Xattr&) override { return unsupported(); }
  Status remove_xattr(std::string_view, std::string_view) override { return unsupported(); }

 private:
  CrashFs::Disk& disk_;
  CallFaults& faults_;
  const uint64_t number_;
};

CrashFs::CrashFs(Clock& clock) : disk_(std::make_unique<Disk>(clock)) {}
CrashFs::~CrashFs() = default;

std::unique_ptr<CrashFs> CrashFs::crash(SeededEntropy& chance) const {
  std::scoped_lock lock(disk_->mutex);
  auto after = std::make_unique<CrashFs>(disk_->clock());
  disk_->crash_into(*after->disk_, chance);
  return after;
}

void CrashFs::set_space(uint64_t bytes) {
  std::scoped_lock lock(disk_->mutex);
  disk_->space = bytes;
}

Result<std::unique_ptr<Directory>> CrashFs::open_directory(const std::string& path) {
  const std::string_view beneath = std::string_view(path).substr(std::min(path.find_first_not_of("/."), path.size()));
  return CrashDirectory(*disk_, faults_, root_node).open_directory(beneath);
}

// Durable at once, as the real one: it is what happens between these that tests are about.
Result<std::unique_ptr<Directory>> CrashFs::create_directories(const std::string& path, uint32_t) {
  {
    std::scoped_lock lock(disk_->mutex);
    for (size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
      const size_t begin = path.starts_with('/') ? 1 : 0;
      const std::string_view part = std::string_view(path).substr(begin, end - begin);
      const Result<uint64_t> made = disk_->create(root_node, part, FileType::Directory);
      if (made.ok()) disk_->sync_names(HF_TRY(disk_->place(root_node, part)).directory);
      if (end == path.npos) break;
    }
  }
  return open_directory(path);
}

}  // namespace hf
