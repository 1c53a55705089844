#include "backup/compare_files.h"

#include <gtest/gtest.h>

#include "support/temp_directory.h"
#include "sys/posix_fs.h"

namespace hf {
namespace {

// A file of data, a hole and data, restored as it should be, and held against parts that agree with it.
class CompareFilesTest : public testing::Test {
 protected:
  void SetUp() override {
    directory = fs->open_directory(temp.path()).value();
    const std::unique_ptr<File> file = directory->create_file("f", 0600).value();
    ASSERT_TRUE(file->write_at(0, first).ok());
    ASSERT_TRUE(file->write_at(hole_end, last).ok());
    entry.path = "f";
    entry.info.size = hole_end + last.size();
  }

  std::vector<std::string> compare(const std::optional<ContentDigest>& digest) {
    CompareFiles files(directory.get());
    const size_t number = files.add(entry, digest);
    EXPECT_TRUE(files.bytes(number, hole_end, last).ok());
    EXPECT_TRUE(files.gap(number, ExtentKind::Hole, first.size(), hole_end - first.size()).ok());
    EXPECT_TRUE(files.bytes(number, 0, first).ok());
    return files.differences();
  }

  static constexpr uint64_t hole_end = 3u << 20;
  const TempDirectory temp;
  const std::unique_ptr<Fs> fs = make_posix_fs();
  std::unique_ptr<Directory> directory;
  const Bytes first = to_bytes(std::string(1500000, 'a')), last = to_bytes(std::string(70000, 'z'));
  Entry entry;
};

TEST_F(CompareFilesTest, the_digest_is_of_the_data_without_its_holes) {
  Bytes data = first;
  append(data, last);
  EXPECT_TRUE(compare(blake3(data)).empty());
  EXPECT_TRUE(compare(std::nullopt).empty());
}

TEST_F(CompareFilesTest, parts_that_agree_do_not_make_up_for_a_whole_that_does_not) {
  const std::vector<std::string> differences = compare(blake3(as_bytes("what was backed up")));
  ASSERT_EQ(differences.size(), 1u);
  EXPECT_EQ(differences.front(), "f: is not as a whole what was backed up");
}

}  // namespace
}  // namespace hf
