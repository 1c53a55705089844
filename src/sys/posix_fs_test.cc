#include "sys/posix_fs.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "support/temp_directory.h"

namespace hf {
namespace {

class PosixFs : public testing::Test {
 protected:
  TempDirectory temp;
  std::unique_ptr<Fs> fs = make_posix_fs();
  std::unique_ptr<Directory> root = fs->open_directory(temp.path()).value();

  void make_file(std::string_view path, std::string_view text) {
    ASSERT_TRUE(root->create_file(path, 0600).value()->write_at(0, as_bytes(text)).ok());
  }
  std::string text_of(std::string_view path) {
    Bytes bytes(100);
    bytes.resize(root->open_file(path).value()->read_at(0, bytes).value());
    return to_text(bytes);
  }
};

TEST_F(PosixFs, no_path_leads_through_a_link_or_out_of_its_directory) {
  ASSERT_TRUE(root->create_directory("inner", 0700).ok());
  make_file("inner/secret", "x");
  make_file("outside", "x");
  ASSERT_TRUE(root->create_symlink("inner", "link").ok());
  ASSERT_TRUE(root->create_symlink("secret", "inner/alias").ok());
  const auto inner = root->open_directory("inner").value();

  EXPECT_TRUE(root->open_file("inner/secret").ok());
  for (const char* path : {"link/secret", "inner/alias", "link"})
    EXPECT_EQ(root->open_file(path).error().code(), Code::Denied) << path;
  EXPECT_EQ(root->open_directory("link").error().code(), Code::Denied);
  EXPECT_EQ(root->info("link/secret").error().code(), Code::Denied);
  EXPECT_EQ(root->create_file("link/new", 0600).error().code(), Code::Denied);
  EXPECT_EQ(root->create_directory("link/new", 0700).error().code(), Code::Denied);
  EXPECT_EQ(root->rename("inner/secret", "link/moved").error().code(), Code::Denied);
  EXPECT_EQ(root->remove("link/secret").error().code(), Code::Denied);
  EXPECT_EQ(root->set_mode("link/secret", 0777).error().code(), Code::Denied);
  for (const char* path : {"..", "../outside", "a/../../outside", "/etc/passwd", ".", "./secret", "secret/", "a//b"}) {
    EXPECT_EQ(inner->open_file(path).error().code(), Code::Denied) << path;
    EXPECT_EQ(inner->info(path).error().code(), Code::Denied) << path;
    EXPECT_EQ(inner->remove(path).error().code(), Code::Denied) << path;
    EXPECT_EQ(inner->create_file(path, 0600).error().code(), Code::Denied) << path;
  }
  EXPECT_EQ(inner->open_file(std::string_view("secret\0x", 8)).error().code(), Code::Invalid);
}

TEST_F(PosixFs, metadata_is_set_on_a_link_itself_and_never_on_its_target) {
  make_file("file", "x");
  ASSERT_TRUE(root->create_symlink("file", "link").ok());
  const WallTime time{std::chrono::nanoseconds(1'700'000'000'123'456'789)};
  ASSERT_TRUE(root->set_mtime("link", time).ok());
  ASSERT_TRUE(root->set_mode("link", 0777).ok());
  ASSERT_TRUE(root->set_owner("link", geteuid(), getegid()).ok());
  EXPECT_EQ(root->info("link").value().mtime, time);
  EXPECT_EQ(root->info("link").value().type, FileType::Symlink);
  EXPECT_EQ(root->read_link("link").value(), "file");
  EXPECT_NE(root->info("file").value().mtime, time);
  EXPECT_EQ(root->info("file").value().mode, 0600u);
}

TEST_F(PosixFs, times_are_kept_to_the_nanosecond_also_before_1970) {
  ASSERT_TRUE(root->create_directory("d", 0700).ok());
  make_file("d/file", "x");
  for (const int64_t ns : {int64_t{1'700'000'000'123'456'789}, int64_t{-1}, int64_t{0}, int64_t{-1'000'000'001}}) {
    const WallTime time{std::chrono::nanoseconds(ns)};
    ASSERT_TRUE(root->set_mtime("d/file", time).ok());
    EXPECT_EQ(root->info("d/file").value().mtime, time) << ns;
  }
  ASSERT_TRUE(root->set_mtime("", WallTime{std::chrono::seconds(5)}).ok());
  EXPECT_EQ(root->info("").value().mtime, WallTime{std::chrono::seconds(5)});
}

TEST_F(PosixFs, extended_attributes_come_back_sorted_small_and_large) {
  make_file("file", "x");
  const Xattr large{"user.a", Bytes(2000, std::byte{7})}, small{"user.b", to_bytes("value")}, empty{"user.c", {}};
  for (const Xattr& xattr : {small, empty, large}) {
    const Status set = root->set_xattr("file", xattr);
    if (!set.ok() && set.error().code() == Code::Unsupported)
      GTEST_SKIP() << "no extended attributes in this file system";
    ASSERT_TRUE(set.ok()) << set.error().message();
  }
  const std::vector<Xattr> all{large, small, empty};
  EXPECT_EQ(root->xattrs("file").value(), all);
  EXPECT_EQ(root->open_file("file").value()->xattrs().value(), all);
  ASSERT_TRUE(root->remove_xattr("file", "user.b").ok());
  EXPECT_EQ(root->xattrs("file").value().size(), 2u);
  EXPECT_EQ(root->remove_xattr("file", "user.b").error().code(), Code::NotFound);

  ASSERT_TRUE(root->create_symlink("file", "link").ok());
  EXPECT_TRUE(root->xattrs("link").value().empty());
  EXPECT_FALSE(root->set_xattr("link", small).ok());  // user attributes are for files and directories
  EXPECT_EQ(root->xattrs("file").value().size(), 2u);
  ASSERT_TRUE(root->set_xattr("", small).ok());
  EXPECT_EQ(root->xattrs("").value(), std::vector<Xattr>{small});
}

TEST_F(PosixFs, next_data_finds_the_data_between_holes) {
  const auto file = root->create_file("sparse", 0600).value();
  ASSERT_TRUE(file->truncate(4 << 20).ok());
  ASSERT_TRUE(file->write_at(1 << 20, Bytes(64 << 10, std::byte{1})).ok());
  const DataRange range = file->next_data(0).value();
  if (range.begin == 0) GTEST_SKIP() << "no holes in this file system";
  EXPECT_EQ(range.begin, 1u << 20);
  EXPECT_EQ(range.end, (1u << 20) + (64u << 10));
  const DataRange rest = file->next_data(range.end).value();
  EXPECT_EQ(rest.begin, 4u << 20);
  EXPECT_EQ(rest.end, 4u << 20);
  EXPECT_LT(file->info().value().blocks * 512, 4u << 20);
}

TEST_F(PosixFs, names_are_bytes_and_listed_in_their_order) {
  const std::vector<std::string> names{"\n", "A", "a", "a b", "\xc3\xa4", "\xff\xfe"};
  for (const std::string& name : names) make_file(name, "x");
  ASSERT_TRUE(root->create_directory("d", 0700).ok());
  for (int round = 0; round < 2; ++round) {  // a second listing begins from the beginning
    std::vector<std::string> listed;
    const std::vector<DirectoryEntry> entries = root->entries().value();
    for (const DirectoryEntry& entry : entries) {
      if (entry.type == FileType::File) listed.push_back(entry.name);
    }
    EXPECT_EQ(listed, names);
  }
  EXPECT_EQ(text_of("\xff\xfe"), "x");
}

TEST_F(PosixFs, a_directory_of_many_names_is_listed_whole) {
  for (int i = 0; i < 3000; ++i)
    ASSERT_TRUE(root->create_file("file-with-a-longer-name-" + std::to_string(i), 0600).ok());
  EXPECT_EQ(root->entries().value().size(), 3000u);
}

TEST_F(PosixFs, rename_replaces_only_when_asked_to) {
  make_file("a", "a");
  make_file("b", "b");
  EXPECT_EQ(root->rename_no_replace("a", "b").error().code(), Code::Exists);
  EXPECT_EQ(text_of("b"), "b");
  ASSERT_TRUE(root->rename("a", "b").ok());
  EXPECT_EQ(text_of("b"), "a");
  ASSERT_TRUE(root->create_directory("d", 0700).ok());
  ASSERT_TRUE(root->rename_no_replace("b", "d/c").ok());
  EXPECT_EQ(text_of("d/c"), "a");
  EXPECT_EQ(root->rename("b", "c").error().code(), Code::NotFound);
  EXPECT_EQ(root->remove_directory("d").error().code(), Code::Exists);
  EXPECT_EQ(root->create_directory("d", 0700).error().code(), Code::Exists);
  EXPECT_EQ(root->create_file("d/c", 0600).error().code(), Code::Exists);
}

TEST_F(PosixFs, hard_links_and_nodes_are_what_they_were_asked_to_be) {
  make_file("file", "x");
  ASSERT_TRUE(root->create_link("file", "other").ok());
  EXPECT_EQ(root->info("file").value().links, 2u);
  EXPECT_EQ(root->info("file").value().inode, root->info("other").value().inode);
  ASSERT_TRUE(root->create_node("fifo", FileType::Fifo, 0600, 0, 0).ok());
  EXPECT_EQ(root->info("fifo").value().type, FileType::Fifo);
  EXPECT_TRUE(root->open_file("fifo").ok());  // does not wait for a writer
  EXPECT_EQ(root->create_node("file2", FileType::File, 0600, 0, 0).error().code(), Code::Invalid);
}

TEST_F(PosixFs, an_operators_path_may_lead_through_links) {
  ASSERT_TRUE(fs->create_directories(temp / "one/two/three/", 0700).ok());
  ASSERT_TRUE(fs->create_directories(temp / "one/two/three", 0700).ok());
  ASSERT_TRUE(root->create_symlink("one/two", "link").ok());
  EXPECT_TRUE(fs->open_directory(temp / "link/three").ok());
  EXPECT_EQ(fs->open_directory(temp / "none").error().code(), Code::NotFound);
  make_file("file", "x");
  EXPECT_EQ(fs->create_directories(temp / "file/d", 0700).error().code(), Code::NotFound);
  EXPECT_EQ(fs->absolute("/a/./b//../c/").value(), "/a/c");
  EXPECT_EQ(fs->absolute("/../..").value(), "/");
  EXPECT_EQ(fs->user_name(0), "root");
  EXPECT_EQ(fs->user_id("root"), 0u);
  EXPECT_EQ(fs->user_name(4'000'000'000), "");
  EXPECT_FALSE(fs->group_id("no such group").has_value());
}

TEST_F(PosixFs, a_whole_file_is_read_through_links_and_only_up_to_its_limit) {
  make_file("real", "12345");
  ASSERT_TRUE(root->create_symlink("real", "relative").ok());
  ASSERT_TRUE(root->create_symlink(temp / "relative", "absolute").ok());
  ASSERT_TRUE(root->create_symlink("loop", "loop").ok());
  EXPECT_EQ(to_text(read_whole_file(*fs, temp / "absolute", 5).value()), "12345");
  EXPECT_EQ(read_whole_file(*fs, temp / "real", 4).error().code(), Code::Corrupt);
  EXPECT_EQ(read_whole_file(*fs, temp / "none", 4).error().code(), Code::NotFound);
  EXPECT_EQ(read_whole_file(*fs, temp / "loop", 4).error().code(), Code::Denied);
  EXPECT_EQ(read_whole_file(*fs, temp.path(), 4).error().code(), Code::Invalid);
  EXPECT_FALSE(read_whole_file(*fs, "/proc/self/status", 1 << 20).value().empty());
}

TEST_F(PosixFs, replacing_a_whole_file_leaves_it_and_nothing_else) {
  make_file("real", "old and longer");
  ASSERT_TRUE(root->create_symlink("real", "link").ok());
  ASSERT_TRUE(replace_whole_file(*fs, temp / "link", as_bytes("new"), 0640).ok());
  ASSERT_TRUE(replace_whole_file(*fs, temp / "second", as_bytes("made"), 0600).ok());
  EXPECT_EQ(text_of("real"), "new");
  EXPECT_EQ(root->info("real").value().mode, 0640u);
  EXPECT_EQ(text_of("second"), "made");
  EXPECT_EQ(root->entries().value().size(), 3u);
}

TEST_F(PosixFs, reading_and_writing_at_offsets_reaches_the_end_and_no_further) {
  const auto file = root->create_file("file", 0600).value();
  ASSERT_TRUE(file->write_at(3, as_bytes("abc")).ok());
  Bytes bytes(10);
  EXPECT_EQ(file->read_at(2, bytes).value(), 4u);
  EXPECT_EQ(to_text(BytesView(bytes).first(4)), std::string("\0abc", 4));
  EXPECT_EQ(file->read_at(6, bytes).value(), 0u);
  EXPECT_EQ(file->read_at(UINT64_MAX - 3, bytes).value(), 0u);
  EXPECT_FALSE(file->write_at(UINT64_MAX - 1, as_bytes("abc")).ok());
  ASSERT_TRUE(file->sync().ok());
  file->start_writeback();
  ASSERT_TRUE(root->sync().ok());
  EXPECT_GT(root->space_free().value(), 0u);
}

}  // namespace
}  // namespace hf
