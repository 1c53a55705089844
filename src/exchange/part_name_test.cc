#include "exchange/part_name.h"

#include <gtest/gtest.h>

#include "support/seeded_entropy.h"
#include "support/temp_directory.h"
#include "sys/posix_fs.h"

namespace hf {
namespace {

class PartNameTest : public testing::Test {
 protected:
  bool is_there(const std::string& name) { return directory->info(name).ok(); }
  void put(const std::string& name) { ASSERT_TRUE(directory->create_file(name, 0600).ok()) << name; }

  const TempDirectory work;
  const std::unique_ptr<Fs> fs = make_posix_fs();
  const std::unique_ptr<Directory> directory = fs->open_directory(work.path()).value();
  SeededEntropy entropy{1};
};

TEST_F(PartNameTest, what_a_running_process_writes_stays_and_is_not_spoken_of) {
  const std::string name = make_part_name("a.tar", entropy);
  put(name);
  const Remains remains = remove_remains(*directory, "a.tar");
  EXPECT_TRUE(remains.removed.empty());
  EXPECT_TRUE(remains.left.empty());
  EXPECT_TRUE(is_there(name));
}

// The same process number, but begun at another time: the number was used again.
TEST_F(PartNameTest, what_a_dead_process_of_this_boot_left_is_removed) {
  std::string name = make_part_name("a.tar", entropy);
  const size_t random = name.rfind('-'), start = name.rfind('-', random - 1);
  name.replace(start + 1, random - start - 1, "1");
  put(name);
  put(make_part_name("other", entropy));
  EXPECT_EQ(remove_remains(*directory, "a.tar").removed, std::vector<std::string>{name});
  EXPECT_FALSE(is_there(name));
  EXPECT_EQ(directory->entries().value().size(), 1u);
}

TEST_F(PartNameTest, what_cannot_be_judged_stays_and_is_named) {
  const std::string name = ".a.tar.holdfast-0123456789abcdef-1-1-0123456789ab.part";
  put(name);
  put(".a.tar.holdfast-notes.part");
  put(".a.tar.part");
  EXPECT_EQ(remove_remains(*directory, "a.tar").left, std::vector<std::string>{name});
  EXPECT_EQ(directory->entries().value().size(), 3u);
}

TEST_F(PartNameTest, a_long_name_is_still_a_name) {
  for (const size_t length : {size_t{1}, size_t{190}, size_t{200}, size_t{227}})
    put(make_part_name(std::string(length, 'n'), entropy));
}

}  // namespace
}  // namespace hf
