// Files that change, vanish or cannot be read while they are backed up.
#include <gtest/gtest.h>

#include "source/files.h"
#include "source/source_test_world.h"

namespace hf {
namespace {

// What happens before an operation on a path; an error is returned instead of doing it.
struct Hooks {
  std::function<Status(const std::string& path)> on_open = [](const std::string&) { return Status(); };
  std::function<Status(const std::string& path, uint64_t offset)> on_read = [](const std::string&, uint64_t) {
    return Status();
  };
  std::function<Status(const std::string& path)> on_list = [](const std::string&) { return Status(); };
};

class HookedFile final : public File {
 public:
  HookedFile(std::unique_ptr<File> file, std::string path, Hooks& hooks)
      : file_(std::move(file)), path_(std::move(path)), hooks_(hooks) {}
  Result<size_t> read_at(uint64_t offset, BytesSpan out) override {
    HF_TRY(hooks_.on_read(path_, offset));
    return file_->read_at(offset, out);
  }
  Status write_at(uint64_t offset, BytesView bytes) override { return file_->write_at(offset, bytes); }
  Status truncate(uint64_t size) override { return file_->truncate(size); }
  Status allocate(uint64_t offset, uint64_t length) override { return file_->allocate(offset, length); }
  Result<FileInfo> info() override { return file_->info(); }
  Result<DataRange> next_data(uint64_t offset) override { return file_->next_data(offset); }
  Status sync() override { return file_->sync(); }
  void start_writeback() override { file_->start_writeback(); }
  Result<std::vector<Xattr>> xattrs() override { return file_->xattrs(); }

 private:
  std::unique_ptr<File> file_;
  std::string path_;
  Hooks& hooks_;
};

using Text = std::string_view;

class HookedDirectory final : public Directory {
 public:
  HookedDirectory(std::unique_ptr<Directory> directory, std::string path, Hooks& hooks)
      : directory_(std::move(directory)), path_(std::move(path)), hooks_(hooks) {}
  Result<std::unique_ptr<File>> open_file(Text path) override {
    HF_TRY(hooks_.on_open(below(path)));
    return std::make_unique<HookedFile>(HF_TRY(directory_->open_file(path)), below(path), hooks_);
  }
  Result<std::unique_ptr<Directory>> open_directory(Text path) override {
    HF_TRY(hooks_.on_open(below(path)));
    return std::make_unique<HookedDirectory>(HF_TRY(directory_->open_directory(path)), below(path), hooks_);
  }
  Result<std::vector<DirectoryEntry>> entries() override {
    HF_TRY(hooks_.on_list(path_));
    return directory_->entries();
  }
  Result<std::unique_ptr<File>> open_file_for_update(Text p) override { return directory_->open_file_for_update(p); }
  Result<std::unique_ptr<File>> create_file(Text p, uint32_t mode) override { return directory_->create_file(p, mode); }
  Status create_directory(Text p, uint32_t mode) override { return directory_->create_directory(p, mode); }
  Result<FileInfo> info(Text p) override { return directory_->info(p); }
  Result<std::string> read_link(Text p) override { return directory_->read_link(p); }
  Result<std::vector<Xattr>> xattrs(Text p) override { return directory_->xattrs(p); }
  Status rename(Text from, Text to) override { return directory_->rename(from, to); }
  Status rename_no_replace(Text from, Text to) override { return directory_->rename_no_replace(from, to); }
  Status remove(Text p) override { return directory_->remove(p); }
  Status remove_directory(Text p) override { return directory_->remove_directory(p); }
  Status create_symlink(Text target, Text p) override { return directory_->create_symlink(target, p); }
  Status create_link(Text existing, Text p) override { return directory_->create_link(existing, p); }
  Status create_node(Text p, FileType type, uint32_t mode, uint32_t major, uint32_t minor) override {
    return directory_->create_node(p, type, mode, major, minor);
  }
  Status set_owner(Text p, uint32_t uid, uint32_t gid) override { return directory_->set_owner(p, uid, gid); }
  Status set_mode(Text p, uint32_t mode) override { return directory_->set_mode(p, mode); }
  Status set_mtime(Text p, WallTime mtime) override { return directory_->set_mtime(p, mtime); }
  Status set_xattr(Text p, const Xattr& xattr) override { return directory_->set_xattr(p, xattr); }
  Status remove_xattr(Text p, Text name) override { return directory_->remove_xattr(p, name); }
  Status sync() override { return directory_->sync(); }
  Status sync_all() override { return directory_->sync_all(); }
  Result<uint64_t> space_free() override { return directory_->space_free(); }

 private:
  std::string below(Text path) const { return path_.empty() ? std::string(path) : path_ + "/" + std::string(path); }

  std::unique_ptr<Directory> directory_;
  std::string path_;
  Hooks& hooks_;
};

class HookedFs final : public Fs {
 public:
  HookedFs(Fs& fs, Hooks& hooks) : fs_(fs), hooks_(hooks) {}
  Result<std::unique_ptr<Directory>> open_directory(const std::string& path) override {
    return std::make_unique<HookedDirectory>(HF_TRY(fs_.open_directory(path)), "", hooks_);
  }
  Result<std::unique_ptr<Directory>> create_directories(const std::string& path, uint32_t mode) override {
    return fs_.create_directories(path, mode);
  }
  Result<std::string> absolute(const std::string& path) override { return fs_.absolute(path); }
  std::string user_name(uint32_t uid) override { return fs_.user_name(uid); }
  std::string group_name(uint32_t gid) override { return fs_.group_name(gid); }
  std::optional<uint32_t> user_id(const std::string& name) override { return fs_.user_id(name); }
  std::optional<uint32_t> group_id(const std::string& name) override { return fs_.group_id(name); }

 private:
  Fs& fs_;
  Hooks& hooks_;
};

constexpr size_t large = 3 << 20;

class FilesFaultsTest : public SourceTest {
 protected:
  RecordingSink faulty_backup() {
    HookedFs hooked(*fs, hooks);
    return backup(files_source_kind(), {{"paths", {data().string()}}}, nullptr, &hooked);
  }
  // The one problem, as "path: what".
  std::string problem(const RecordingSink& sink) {
    EXPECT_EQ(sink.problems.size(), 1u);
    return sink.problems.empty() ? "" : sink.problems[0].first + ": " + sink.problems[0].second;
  }
  void fail_open(const std::string& at, Code code) {
    hooks.on_open = [=](const std::string& path) -> Status {
      if (path == at) return Error(code, "open " + path);
      return {};
    };
  }
  // Does `change` once, or every time, before `path` is read at `offset`.
  void at_read(const std::string& path, uint64_t offset, bool always, std::function<void()> change) {
    hooks.on_read = [=, done = false](const std::string& read, uint64_t from) mutable -> Status {
      if (read == path && from == offset && (always || !done)) {
        done = true;
        change();
      }
      return {};
    };
  }
  void append_to(const std::string& name, const std::string& text) {
    std::ofstream(data(name), std::ios::app | std::ios::binary) << text;
  }

  Hooks hooks;
};

TEST_F(FilesFaultsTest, an_unreadable_file_is_a_problem_and_the_others_are_given) {
  write("a", "1");
  write("b", "2");
  fail_open("a", Code::Denied);
  const RecordingSink sink = faulty_backup();
  EXPECT_EQ(problem(sink), "a: permission denied");
  EXPECT_EQ(sink.find("a"), nullptr);
  EXPECT_EQ(sink.text("b"), "2");
}

TEST_F(FilesFaultsTest, an_unreadable_directory_is_kept_without_what_is_in_it) {
  write("d/a", "1");
  write("e", "2");
  fail_open("d", Code::Denied);
  const RecordingSink sink = faulty_backup();
  EXPECT_EQ(problem(sink), "d: permission denied");
  EXPECT_EQ(sink.paths(), (std::vector<std::string>{"", "d", "e"}));
}

TEST_F(FilesFaultsTest, a_directory_that_cannot_be_listed_is_a_problem) {
  write("d/a", "1");
  write("e", "2");
  hooks.on_list = [](const std::string& path) -> Status {
    if (path == "d") return Error(Code::Failed, "list d: Input/output error");
    return {};
  };
  const RecordingSink sink = faulty_backup();
  EXPECT_EQ(problem(sink), "d: list d: Input/output error");
  EXPECT_EQ(sink.paths(), (std::vector<std::string>{"", "d", "e"}));
}

TEST_F(FilesFaultsTest, what_vanishes_before_it_is_read_is_a_problem_without_an_entry) {
  write("d/x", "1");
  write("f", "2");
  hooks.on_open = [&](const std::string& path) {
    if (path == "d" || path == "f") std::filesystem::remove_all(data() / path);
    return Status();
  };
  const RecordingSink sink = faulty_backup();
  ASSERT_EQ(sink.problems.size(), 2u);
  for (const auto& [path, what] : sink.problems) EXPECT_EQ(what, "vanished before it was read");
  EXPECT_EQ(sink.paths(), std::vector<std::string>{""});
}

TEST_F(FilesFaultsTest, a_file_replaced_by_a_fifo_does_not_hold_us) {
  write("f", "2");
  hooks.on_open = [&](const std::string& path) {
    if (path != "f") return Status();
    std::filesystem::remove(data() / path);
    EXPECT_EQ(mkfifo(data(path).c_str(), 0600), 0);
    return Status();
  };
  EXPECT_EQ(problem(faulty_backup()), "f: was replaced by something else before it was read");
}

TEST_F(FilesFaultsTest, a_small_file_that_changes_once_is_read_again) {
  write("f", "one");
  at_read("f", 0, false, [&] { append_to("f", "!"); });
  const RecordingSink sink = faulty_backup();
  EXPECT_TRUE(sink.problems.empty());
  EXPECT_EQ(sink.text("f"), "one!");
  EXPECT_FALSE(sink.find("f")->entry.changed_while_read);
}

TEST_F(FilesFaultsTest, a_small_file_that_keeps_changing_is_marked_and_reported) {
  write("f", "one");
  at_read("f", 0, true, [&] { append_to("f", "!"); });
  const RecordingSink sink = faulty_backup();
  EXPECT_EQ(problem(sink), "f: changed while it was read");
  EXPECT_EQ(sink.text("f"), "one!");
  EXPECT_TRUE(sink.find("f")->entry.changed_while_read);
}

TEST_F(FilesFaultsTest, a_marked_file_is_read_again_next_time) {
  write("f", std::string(large, 'x'));
  at_read("f", 1 << 20, false, [&] { append_to("f", "!"); });
  const RecordingSink first = faulty_backup();
  ASSERT_TRUE(first.find("f")->entry.changed_while_read);
  const RecordingSink second = backup(files_source_kind(), {{"paths", {data().string()}}}, &first);
  EXPECT_FALSE(second.find("f")->is_unchanged);
  EXPECT_EQ(second.find("f")->content.size(), large + 1);
}

TEST_F(FilesFaultsTest, a_large_file_that_grows_is_given_up_to_the_size_it_had) {
  write("f", std::string(large, 'x'));
  at_read("f", 1 << 20, false, [&] { append_to("f", "more"); });
  const RecordingSink sink = faulty_backup();
  EXPECT_EQ(problem(sink), "f: changed while it was read");
  EXPECT_EQ(sink.find("f")->content.size(), large);
  EXPECT_TRUE(sink.find("f")->entry.changed_while_read);
}

TEST_F(FilesFaultsTest, a_large_file_that_shrinks_is_given_as_far_as_it_goes) {
  write("f", std::string(large, 'x'));
  at_read("f", 1 << 20, false, [&] { std::filesystem::resize_file(data() / "f", (1 << 20) + 5); });
  const RecordingSink sink = faulty_backup();
  EXPECT_EQ(problem(sink), "f: changed while it was read");
  EXPECT_EQ(sink.find("f")->content.size(), size_t{(1 << 20) + 5});
}

TEST_F(FilesFaultsTest, a_sparse_file_that_shrinks_is_given_as_far_as_it_goes) {
  write("f", std::string(1 << 20, 'x'));
  std::filesystem::resize_file(data() / "f", 64 << 20);
  at_read("f", 0, false, [&] { std::filesystem::resize_file(data() / "f", 100); });
  const RecordingSink sink = faulty_backup();
  EXPECT_EQ(problem(sink), "f: changed while it was read");
  EXPECT_EQ(sink.text("f"), std::string(100, 'x'));
}

TEST_F(FilesFaultsTest, a_read_error_names_its_place_and_keeps_what_came_before) {
  write("f", std::string(large, 'x'));
  write("g", "next");
  hooks.on_read = [](const std::string& path, uint64_t offset) -> Status {
    if (path == "f" && offset == 2 << 20) return Error(Code::Failed, "read f: Input/output error");
    return {};
  };
  const RecordingSink sink = faulty_backup();
  EXPECT_EQ(problem(sink), "f: read error at offset 2097152");
  EXPECT_EQ(sink.find("f")->content.size(), size_t{2 << 20});
  EXPECT_TRUE(sink.find("f")->entry.changed_while_read);
  EXPECT_EQ(sink.text("g"), "next");
}

}  // namespace
}  // namespace hf
