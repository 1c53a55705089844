#include "source/files.h"

#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "source/source_test_world.h"

namespace hf {
namespace {

namespace stdfs = std::filesystem;
using Paths = std::vector<std::string>;

class FilesTest : public SourceTest {
 protected:
  const SourceKind kind = files_source_kind();
  SourceOptions options{{"paths", {data().string()}}};

  std::vector<std::pair<std::string, std::string>> problem(std::string path, std::string what) {
    return {{std::move(path), std::move(what)}};
  }
};

TEST_F(FilesTest, a_tree_is_given_in_canonical_order_with_all_it_holds) {
  write("a.txt", "text");
  write("a/b", "below");
  write("a-", "minus");
  stdfs::create_directory(data() / "empty");
  stdfs::create_symlink("../nowhere", data() / "link");
  ASSERT_EQ(mkfifo(data("fifo").c_str(), 0640), 0);
  const RecordingSink sink = backup(kind, options);
  EXPECT_EQ(sink.paths(), (Paths{"", "a", "a/b", "a-", "a.txt", "empty", "fifo", "link"}));
  EXPECT_EQ(sink.text("a/b"), "below");
  EXPECT_EQ(sink.find("link")->entry.target, "../nowhere");
  EXPECT_EQ(sink.find("fifo")->entry.info.type, FileType::Fifo);
  EXPECT_TRUE(sink.problems.empty());
}

TEST_F(FilesTest, metadata_is_that_of_the_file) {
  write("a", "x");
  ASSERT_EQ(chmod(data("a").c_str(), 0641), 0);
  ASSERT_EQ(setxattr(data("a").c_str(), "user.b", "2", 1, 0), 0);
  ASSERT_EQ(setxattr(data("a").c_str(), "user.a", "1", 1, 0), 0);
  ASSERT_EQ(setxattr(data().c_str(), "user.d", "dir", 3, 0), 0);
  struct stat raw;
  ASSERT_EQ(stat(data("a").c_str(), &raw), 0);
  const RecordingSink sink = backup(kind, options);
  const Entry& entry = sink.find("a")->entry;
  EXPECT_EQ(entry.info.mode, 0641u);
  EXPECT_EQ(entry.info.inode, raw.st_ino);
  EXPECT_EQ(entry.user, fs->user_name(raw.st_uid));
  EXPECT_EQ(entry.xattrs, (std::vector<Xattr>{{"user.a", to_bytes("1")}, {"user.b", to_bytes("2")}}));
  EXPECT_EQ(sink.find("")->entry.xattrs, (std::vector<Xattr>{{"user.d", to_bytes("dir")}}));
}

TEST_F(FilesTest, names_that_are_not_text_are_kept) {
  write("caf\xe9\n\x01", "latin");
  const RecordingSink sink = backup(kind, options);
  EXPECT_EQ(sink.text("caf\xe9\n\x01"), "latin");
}

TEST_F(FilesTest, an_unchanged_file_is_not_read_again_and_keeps_its_xattrs) {
  write("a", "one");
  write("b", "two");
  ASSERT_EQ(setxattr(data("a").c_str(), "user.a", "1", 1, 0), 0);
  const RecordingSink first = backup(kind, options);
  EXPECT_FALSE(first.find("a")->is_unchanged);
  write("b", "TWO");
  const RecordingSink second = backup(kind, options, &first);
  EXPECT_TRUE(second.find("a")->is_unchanged);
  EXPECT_EQ(second.find("a")->entry.xattrs, first.find("a")->entry.xattrs);
  EXPECT_FALSE(second.find("b")->is_unchanged);
  EXPECT_EQ(second.text("b"), "TWO");
}

TEST_F(FilesTest, a_change_that_leaves_size_and_mtime_is_seen) {
  write("a", "one");
  const RecordingSink first = backup(kind, options);
  const auto mtime = stdfs::last_write_time(data() / "a");
  write("a", "ONE");
  stdfs::last_write_time(data() / "a", mtime);
  EXPECT_EQ(backup(kind, options, &first).text("a"), "ONE");
}

TEST_F(FilesTest, a_file_too_young_to_trust_its_times_is_read_again) {
  write("a", "one");
  clock.ahead = Duration::zero();
  const RecordingSink first = backup(kind, options);
  EXPECT_EQ(first.find("a")->entry.info.ctime, WallTime{});
  clock.ahead = std::chrono::seconds(10);
  const RecordingSink second = backup(kind, options, &first);
  EXPECT_FALSE(second.find("a")->is_unchanged);
  EXPECT_TRUE(backup(kind, options, &second).find("a")->is_unchanged);
}

TEST_F(FilesTest, holes_are_exact) {
  const std::string path = data("sparse");
  write("sparse", std::string(100'000, 'a'));
  ASSERT_EQ(truncate(path.c_str(), 8 << 20), 0);
  {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(5 << 20);
    file << std::string(4096, 'b');
  }
  const RecordingSink sink = backup(kind, options);
  const RecordedEntry& sparse = *sink.find("sparse");
  ASSERT_EQ(sparse.content.size(), size_t{8 << 20});
  EXPECT_EQ(as_text(sparse.content).substr(5 << 20, 4096), std::string(4096, 'b'));
  EXPECT_EQ(as_text(sparse.content).substr(0, 100'000), std::string(100'000, 'a'));
  ASSERT_EQ(sparse.holes.size(), 2u);
  EXPECT_LT(sparse.holes[0].begin, 100'000u + (64 << 10));
  EXPECT_EQ(sparse.holes[0].end, size_t{5 << 20});
  EXPECT_EQ(sparse.holes[1].begin, (size_t{5} << 20) + 4096);
  EXPECT_EQ(sparse.holes[1].end, size_t{8 << 20});
}

TEST_F(FilesTest, a_file_that_is_only_a_hole_is_one) {
  write("hole", "");
  ASSERT_EQ(truncate(data("hole").c_str(), 1 << 30), 0);
  ASSERT_EQ(truncate(data("hole").c_str(), 3 << 20), 0);
  const RecordingSink sink = backup(kind, options);
  ASSERT_EQ(sink.find("hole")->holes.size(), 1u);
  EXPECT_EQ(sink.find("hole")->holes[0].end, size_t{3 << 20});
  EXPECT_TRUE(sink.problems.empty());
}

TEST_F(FilesTest, a_large_file_is_whole) {
  std::string text;
  for (int i = 0; text.size() < 3'000'001; ++i) text += std::to_string(i) + ",";
  write("large", text);
  const RecordingSink sink = backup(kind, options);
  EXPECT_TRUE(sink.text("large") == text);
  EXPECT_FALSE(sink.find("large")->is_whole);
}

TEST_F(FilesTest, all_names_of_one_file_share_a_group_that_stays) {
  write("a", "same");
  write("c", "other");
  stdfs::create_hard_link(data() / "a", data() / "b");
  const RecordingSink first = backup(kind, options);
  const uint64_t group = first.find("a")->entry.link_group;
  EXPECT_NE(group, 0u);
  EXPECT_EQ(first.find("b")->entry.link_group, group);
  EXPECT_EQ(first.text("b"), "same");
  EXPECT_EQ(first.find("c")->entry.link_group, 0u);
  EXPECT_EQ(backup(kind, options, &first).find("b")->entry.link_group, group);
}

TEST_F(FilesTest, excluded_names_are_left_out_with_all_below) {
  write("a/x.tmp", "");
  write("a/keep.tmp", "");
  write("build/o", "");
  write("a/build/o", "");
  options["exclude"] = {"*.tmp", "!keep.tmp", "/build/"};
  EXPECT_EQ(backup(kind, options).paths(), (Paths{"", "a", "a/build", "a/build/o", "a/keep.tmp"}));
}

TEST_F(FilesTest, of_a_tagged_cache_only_the_tag_is_kept) {
  const std::string tag = "Signature: 8a477f597d28d172789f06886806bc55\n# made by a test\n";
  write("CACHEDIR.TAG", tag);
  write("cache/CACHEDIR.TAG", tag);
  write("cache/big", "x");
  write("cache/below/x", "x");
  write("fake/CACHEDIR.TAG", "not a signature");
  write("fake/x", "x");
  EXPECT_EQ(backup(kind, options).paths(),
            (Paths{"", "CACHEDIR.TAG", "cache", "cache/CACHEDIR.TAG", "fake", "fake/CACHEDIR.TAG", "fake/x"}));
  options["exclude_caches"] = {"false"};
  EXPECT_NE(backup(kind, options).find("cache/below/x"), nullptr);
}

TEST_F(FilesTest, files_above_the_limit_are_left_out) {
  write("small", "12345");
  write("large", "123456");
  options["exclude_larger_than"] = {"5"};
  EXPECT_EQ(backup(kind, options).paths(), (Paths{"", "small"}));
}

TEST_F(FilesTest, several_paths_are_relative_to_their_common_parent) {
  write("a/one", "1");
  write("a/two", "2");
  write("b/deep/three", "3");
  write("c", "4");
  options["paths"] = {data("b/deep"), data("a/one")};
  const auto source = kind.open(world(), "source", options).value();
  EXPECT_EQ(source->base(), fs->absolute(data().string()).value());
  EXPECT_EQ(backup(kind, options).paths(), (Paths{"", "a", "a/one", "b", "b/deep", "b/deep/three"}));
}

TEST_F(FilesTest, one_file_is_relative_to_its_directory) {
  write("a/one", "1");
  write("a/two", "2");
  options["paths"] = {data("a/one")};
  EXPECT_EQ(backup(kind, options).paths(), (Paths{"", "one"}));
}

TEST_F(FilesTest, overlapping_paths_give_each_entry_once) {
  write("a/b/one", "1");
  write("c", "2");
  options["paths"] = {data("a"), data("a/b"), data("a/b/one"), data("a/*"), data("a"), data("c")};
  const RecordingSink sink = backup(kind, options);
  EXPECT_EQ(sink.paths(), (Paths{"", "a", "a/b", "a/b/one", "c"}));
  EXPECT_TRUE(sink.problems.empty());
}

TEST_F(FilesTest, globs_give_what_matches_and_the_way_to_it) {
  write("m/a.joblib", "1");
  write("m/a.txt", "2");
  write("m/deep/er/b.joblib", "3");
  write("n/none.txt", "4");
  options["paths"] = {data("*/*.joblib")};
  EXPECT_EQ(backup(kind, options).paths(), (Paths{"", "m", "m/a.joblib"}));
  options["paths"] = {data("**/*.joblib")};
  EXPECT_EQ(backup(kind, options).paths(), (Paths{"", "m", "m/a.joblib", "m/deep", "m/deep/er", "m/deep/er/b.joblib"}));
}

TEST_F(FilesTest, a_file_that_is_called_like_a_glob_is_that_file) {
  write("a[1].txt", "1");
  write("a1.txt", "2");
  options["paths"] = {data("a[1].txt")};
  EXPECT_EQ(backup(kind, options).paths(), (Paths{"", "a[1].txt"}));
}

TEST_F(FilesTest, a_path_that_matches_nothing_is_a_problem_and_all_of_them_an_error) {
  write("a", "1");
  options["paths"] = {data("a"), data("gone"), data("*.none")};
  const RecordingSink sink = backup(kind, options);
  EXPECT_EQ(sink.paths(), (Paths{"", "a"}));
  ASSERT_EQ(sink.problems.size(), 2u);
  EXPECT_EQ(sink.problems[0].first, data("gone"));
  EXPECT_EQ(sink.problems[1].first, data("*.none"));
  options["paths"] = {data("gone"), data("*.none")};
  RecordingSink none;
  EXPECT_EQ(run(kind, options, none).error().code(), Code::NotFound);
}

TEST_F(FilesTest, a_tree_deeper_than_there_are_open_directories_is_walked) {
  std::string path;
  for (int i = 0; i < 300; ++i) path += (i ? "/d" : "d");
  write(path + "/bottom", "x");
  for (std::string up = path; up.rfind('/') != up.npos; up.resize(up.rfind('/'))) write(up + "/z", "z");
  const RecordingSink sink = backup(kind, options);
  EXPECT_EQ(sink.text(path + "/bottom"), "x");
  EXPECT_EQ(sink.entries.size(), 1u + 300u + 1u + 299u);
  EXPECT_TRUE(sink.problems.empty());
}

TEST_F(FilesTest, more_files_than_the_walk_may_run_ahead_are_all_given) {
  for (int i = 0; i < 3000; ++i) write("d" + std::to_string(i % 7) + "/f" + std::to_string(i), "x");
  const RecordingSink sink = backup(kind, options);
  EXPECT_EQ(sink.entries.size(), 3008u);
  const RecordingSink again = backup(kind, options, &sink);
  EXPECT_TRUE(again.find("d0/f0")->is_unchanged);
  EXPECT_EQ(again.paths(), sink.paths());
}

TEST_F(FilesTest, a_source_that_is_started_and_dropped_ends_its_walk) {
  for (int i = 0; i < 1000; ++i) write("f" + std::to_string(i), "x");
  const std::unique_ptr<Source> source = kind.open(world(), "source", options).value();
  source->start();
}

}  // namespace
}  // namespace hf
