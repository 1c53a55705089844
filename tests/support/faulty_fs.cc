#include "support/faulty_fs.h"

namespace hf {

void CallFaults::fail_at(uint64_t number, Code code, std::string text) {
  std::scoped_lock lock(mutex_);
  fail_at_ = number;
  code_ = code;
  text_ = std::move(text);
}

void CallFaults::stop_after(uint64_t number) {
  std::scoped_lock lock(mutex_);
  stop_after_ = number;
}

void CallFaults::heal() {
  std::scoped_lock lock(mutex_);
  fail_at_ = 0;
  stop_after_ = UINT64_MAX;
}

void CallFaults::restart_count() {
  std::scoped_lock lock(mutex_);
  calls_ = 0;
}

uint64_t CallFaults::calls() const {
  std::scoped_lock lock(mutex_);
  return calls_;
}

Status CallFaults::next(const char* doing) {
  std::scoped_lock lock(mutex_);
  ++calls_;
  if (calls_ == fail_at_) return Error(code_, std::string(doing) + ": " + text_);
  if (calls_ > stop_after_) return Error(Code::Failed, std::string(doing) + ": stopped by the test");
  return {};
}

namespace {

class FaultyFile final : public File {
 public:
  FaultyFile(std::unique_ptr<File> real, CallFaults& faults) : real_(std::move(real)), faults_(faults) {}

  Result<size_t> read_at(uint64_t offset, BytesSpan out) override {
    HF_TRY(faults_.next("read"));
    return real_->read_at(offset, out);
  }
  Status write_at(uint64_t offset, BytesView bytes) override {
    HF_TRY(faults_.next("write"));
    return real_->write_at(offset, bytes);
  }
  Status truncate(uint64_t size) override {
    HF_TRY(faults_.next("truncate"));
    return real_->truncate(size);
  }
  Status allocate(uint64_t offset, uint64_t length) override {
    HF_TRY(faults_.next("allocate"));
    return real_->allocate(offset, length);
  }
  Result<FileInfo> info() override {
    HF_TRY(faults_.next("look at file"));
    return real_->info();
  }
  Result<DataRange> next_data(uint64_t offset) override {
    HF_TRY(faults_.next("find data"));
    return real_->next_data(offset);
  }
  Status sync() override {
    HF_TRY(faults_.next("sync"));
    return real_->sync();
  }
  void start_writeback() override { real_->start_writeback(); }
  Result<std::vector<Xattr>> xattrs() override {
    HF_TRY(faults_.next("read extended attributes"));
    return real_->xattrs();
  }

 private:
  const std::unique_ptr<File> real_;
  CallFaults& faults_;
};

Result<std::unique_ptr<File>> wrapped(Result<std::unique_ptr<File>> file, CallFaults& faults) {
  return std::make_unique<FaultyFile>(HF_TRY(std::move(file)), faults);
}

class FaultyDirectory final : public Directory {
 public:
  FaultyDirectory(std::unique_ptr<Directory> real, CallFaults& faults) : real_(std::move(real)), faults_(faults) {}

  Result<std::unique_ptr<File>> open_file(std::string_view path) override {
    HF_TRY(faults_.next("open"));
    return wrapped(real_->open_file(path), faults_);
  }
  Result<std::unique_ptr<File>> open_file_for_update(std::string_view path) override {
    HF_TRY(faults_.next("open for update"));
    return wrapped(real_->open_file_for_update(path), faults_);
  }
  Result<std::unique_ptr<File>> create_file(std::string_view path, uint32_t mode) override {
    HF_TRY(faults_.next("create"));
    return wrapped(real_->create_file(path, mode), faults_);
  }
  Result<std::unique_ptr<Directory>> open_directory(std::string_view path) override {
    HF_TRY(faults_.next("open directory"));
    return std::make_unique<FaultyDirectory>(HF_TRY(real_->open_directory(path)), faults_);
  }
  Status create_directory(std::string_view path, uint32_t mode) override {
    HF_TRY(faults_.next("create directory"));
    return real_->create_directory(path, mode);
  }
  Result<std::vector<DirectoryEntry>> entries() override {
    HF_TRY(faults_.next("list"));
    return real_->entries();
  }
  Result<FileInfo> info(std::string_view path) override {
    HF_TRY(faults_.next("look at"));
    return real_->info(path);
  }
  Result<std::string> read_link(std::string_view path) override {
    HF_TRY(faults_.next("read link"));
    return real_->read_link(path);
  }
  Result<std::vector<Xattr>> xattrs(std::string_view path) override {
    HF_TRY(faults_.next("read extended attributes"));
    return real_->xattrs(path);
  }
  Status rename(std::string_view from, std::string_view to) override {
    HF_TRY(faults_.next("rename"));
    return real_->rename(from, to);
  }
  Status rename_no_replace(std::string_view from, std::string_view to) override {
    HF_TRY(faults_.next("rename"));
    return real_->rename_no_replace(from, to);
  }
  Status remove(std::string_view path) override {
    HF_TRY(faults_.next("remove"));
    return real_->remove(path);
  }
  Status remove_directory(std::string_view path) override {
    HF_TRY(faults_.next("remove directory"));
    return real_->remove_directory(path);
  }
  Status create_symlink(std::string_view target, std::string_view path) override {
    HF_TRY(faults_.next("create link"));
    return real_->create_symlink(target, path);
  }
  Status create_link(std::string_view existing, std::string_view path) override {
    HF_TRY(faults_.next("create hard link"));
    return real_->create_link(existing, path);
  }
  Status create_node(std::string_view path, FileType type, uint32_t mode, uint32_t major, uint32_t minor) override {
    HF_TRY(faults_.next("create node"));
    return real_->create_node(path, type, mode, major, minor);
  }
  Status set_owner(std::string_view path, uint32_t uid, uint32_t gid) override {
    HF_TRY(faults_.next("set owner"));
    return real_->set_owner(path, uid, gid);
  }
  Status set_mode(std::string_view path, uint32_t mode) override {
    HF_TRY(faults_.next("set mode"));
    return real_->set_mode(path, mode);
  }
  Status set_mtime(std::string_view path, WallTime mtime) override {
    HF_TRY(faults_.next("set time"));
    return real_->set_mtime(path, mtime);
  }
  Status set_xattr(std::string_view path, const Xattr& xattr) override {
    HF_TRY(faults_.next("set extended attribute"));
    return real_->set_xattr(path, xattr);
  }
  Status remove_xattr(std::string_view path, std::string_view name) override {
    HF_TRY(faults_.next("remove extended attribute"));
    return real_->remove_xattr(path, name);
  }
  Status sync() override {
    HF_TRY(faults_.next("sync directory"));
    return real_->sync();
  }
  Status sync_all() override {
    HF_TRY(faults_.next("sync file system"));
    return real_->sync_all();
  }
  Result<uint64_t> space_free() override {
    HF_TRY(faults_.next("ask for free space"));
    return real_->space_free();
  }

 private:
  const std::unique_ptr<Directory> real_;
  CallFaults& faults_;
};

}  // namespace

Result<std::unique_ptr<Directory>> FaultyFs::open_directory(const std::string& path) {
  HF_TRY(faults_.next("open directory"));
  return std::make_unique<FaultyDirectory>(HF_TRY(real_.open_directory(path)), faults_);
}

Result<std::unique_ptr<Directory>> FaultyFs::create_directories(const std::string& path, uint32_t mode) {
  HF_TRY(faults_.next("create directories"));
  return std::make_unique<FaultyDirectory>(HF_TRY(real_.create_directories(path, mode)), faults_);
}

}  // namespace hf
