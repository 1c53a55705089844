// The test support itself: a crash that loses nothing, or a fault that never fires, would let every other test pass.
#include <gtest/gtest.h>

#include "store/memory.h"
#include "support/crash_fs.h"
#include "support/faulty_store.h"
#include "support/store_fixture.h"
#include "sys/posix_fs.h"

namespace hf {
namespace {

// How often, of many power losses, `holds` is true of what is left.
template <typename Holds>
int count_crashes(const CrashFs& fs, Holds&& holds) {
  int count = 0;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    SeededEntropy chance(seed);
    const auto after = fs.crash(chance);
    if (holds(*after->open_directory("/").value())) ++count;
  }
  return count;
}

TEST(CrashFs, what_was_not_synced_is_sometimes_lost_sometimes_torn_and_sometimes_kept) {
  SimClock clock;
  CrashFs fs(clock);
  const auto root = fs.open_directory("/").value();
  const Bytes content(2000, std::byte{7});
  const auto file = root->create_file("f", 0600).value();
  ASSERT_TRUE(file->write_at(0, content).ok());
  const auto is_there = [](Directory& after) { return after.info("f").ok(); };
  const auto is_whole = [&](Directory& after) {
    Bytes found(3000);
    if (!is_there(after)) return false;
    found.resize(after.open_file("f").value()->read_at(0, found).value());
    return found == content;
  };
  const int there = count_crashes(fs, is_there), whole = count_crashes(fs, is_whole);
  EXPECT_GT(there, 20);
  EXPECT_LT(there, 180);
  EXPECT_GT(whole, 10);
  EXPECT_LT(whole, there - 10);

  ASSERT_TRUE(root->sync().ok());
  EXPECT_EQ(count_crashes(fs, is_there), 200);
  EXPECT_LT(count_crashes(fs, is_whole), 190);
  ASSERT_TRUE(file->sync().ok());
  EXPECT_EQ(count_crashes(fs, is_whole), 200);
}

TEST(CrashFs, a_later_change_of_names_never_survives_an_earlier_one_in_the_same_directory) {
  SimClock clock;
  CrashFs fs(clock);
  const auto root = fs.open_directory("/").value();
  ASSERT_TRUE(root->create_directory("a", 0700).ok());
  ASSERT_TRUE(root->create_directory("b", 0700).ok());
  ASSERT_TRUE(root->sync().ok());
  ASSERT_TRUE(root->create_file("a/1", 0600).ok());
  ASSERT_TRUE(root->rename("a/1", "b/2").ok());
  ASSERT_TRUE(root->create_file("b/3", 0600).ok());
  EXPECT_EQ(count_crashes(fs, [](Directory& d) { return d.info("b/3").ok() && !d.info("b/2").ok(); }), 0);
  EXPECT_EQ(count_crashes(fs, [](Directory& d) { return d.info("a/1").ok() && d.info("b/2").ok(); }), 0);
  EXPECT_GT(count_crashes(fs, [](Directory& d) { return d.info("b/2").ok() && !d.info("b/3").ok(); }), 0);
}

TEST(FaultyStore, an_answer_can_be_lost_before_or_after_the_work_is_done) {
  StoreFixture fixture;
  const auto real = fixture.make_memory_store();
  FaultyStore store(*real);
  store.fail_operation(1, Code::Unavailable);
  EXPECT_EQ(store.put("a", {}, Durable::Now, fixture.deadline).error().code(), Code::Unavailable);
  EXPECT_FALSE(real->info("a", fixture.deadline).ok());
  store.fail_change(2, Code::Unavailable, FaultyStore::When::After);
  EXPECT_EQ(store.put("a", {}, Durable::Now, fixture.deadline).error().code(), Code::Unavailable);
  EXPECT_TRUE(real->info("a", fixture.deadline).ok());
  EXPECT_TRUE(store.put("b", {}, Durable::Now, fixture.deadline).ok());
  EXPECT_EQ(store.counts().puts, 3u);
}

TEST(FaultyStore, it_stops_after_so_many_changes_and_damages_what_it_is_told_to) {
  StoreFixture fixture;
  const auto real = fixture.make_memory_store();
  FaultyStore store(*real);
  store.damage("a", FaultyStore::Damage::FlippedBit);
  store.stop_after_changes(1);
  EXPECT_TRUE(store.put("a", as_bytes("abc"), Durable::Now, fixture.deadline).ok());
  EXPECT_FALSE(store.info("a", fixture.deadline).ok());
  EXPECT_FALSE(store.put("b", {}, Durable::Now, fixture.deadline).ok());
  store.stop_after_changes(100);
  EXPECT_NE(to_text(store.get("a", 0, 3, fixture.deadline).value()), "abc");
  store.damage("a", FaultyStore::Damage::CutShort);
  EXPECT_EQ(store.get("a", 0, 3, fixture.deadline).error().code(), Code::Corrupt);
  store.heal();
  EXPECT_EQ(to_text(store.get("a", 0, 3, fixture.deadline).value()), "abc");
  EXPECT_FALSE(real->info("b", fixture.deadline).ok());
}

TEST(FaultyFs, the_call_of_a_number_fails_once_on_files_too) {
  TempDirectory temp;
  const auto real = make_posix_fs();
  FaultyFs fs(*real);
  const auto root = fs.open_directory(temp.path()).value();
  const auto file = root->create_file("f", 0600).value();
  fs.faults().fail_at(fs.faults().calls() + 2, Code::Failed, "no space left");
  EXPECT_TRUE(file->write_at(0, as_bytes("x")).ok());
  EXPECT_EQ(file->sync().error().message(), "sync: no space left");
  EXPECT_TRUE(file->sync().ok());
  fs.faults().stop_after(fs.faults().calls());
  EXPECT_FALSE(root->info("f").ok());
  EXPECT_FALSE(file->info().ok());
}

}  // namespace
}  // namespace hf
