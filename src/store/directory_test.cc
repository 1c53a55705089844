// The directory kind alone: what it leaves on disk, and what a crash or a failing disk makes of it.
#include "store/directory.h"

#include <gtest/gtest.h>

#include "support/crash_fs.h"
#include "support/store_fixture.h"

namespace hf {
namespace {

constexpr const char* place = "/repository";

std::unique_ptr<Store> open_on(Fs& fs, StoreFixture& fixture, const std::string& path = place) {
  return directory_store_kind().open(fixture.world(fs), {{"path", path}}, true).value();
}

Bytes content_of(std::string_view name) {
  Bytes bytes(3000);  // several sectors, so that it can be torn
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i * 7 + name.size() + 1);
  return bytes;
}

// What a run was told.
struct Promises {
  std::vector<std::string> tried, tried_later;  // may be there; Later ones may be torn if the power went before flush()
  std::vector<std::string> durable;             // must be there
};

// Puts of both kinds, in new and old directories; goes on after failures, as threads of one run would.
Promises work(Store& store, const Deadline& deadline) {
  Promises promises;
  const auto put_now = [&](const std::string& name) {
    promises.tried.push_back(name);
    if (store.put(name, content_of(name), Durable::Now, deadline).ok()) promises.durable.push_back(name);
  };
  std::vector<std::string> unflushed;
  const auto put_later = [&](const std::string& name) {
    promises.tried_later.push_back(name);
    if (store.put(name, content_of(name), Durable::Later, deadline).ok()) unflushed.push_back(name);
  };
  const auto flush = [&] {
    if (store.flush(deadline).ok()) promises.durable.insert(promises.durable.end(), unflushed.begin(), unflushed.end());
    unflushed.clear();
  };
  put_now("config");
  put_later("packs/aa/1");
  put_later("packs/bb/2");
  put_now("packs/aa/3");
  flush();
  put_now("manifests/set/00000001");
  put_later("packs/cc/4");
  put_now("index/0-5");
  flush();
  put_later("packs/cc/6");
  return promises;
}

void expect_whole(Store& store, const std::vector<std::string>& names, bool may_be_missing, const Deadline& deadline) {
  for (const std::string& name : names) {
    Result<Bytes> got = get_whole(store, name, 1 << 20, deadline);
    if (may_be_missing && !got.ok() && got.error().code() == Code::NotFound) continue;
    ASSERT_TRUE(got.ok()) << name << ": " << got.error().message();
    EXPECT_TRUE(got.value() == content_of(name)) << name << " is torn";
  }
}

uint64_t calls_of_a_whole_run() {
  StoreFixture fixture;
  CrashFs fs(fixture.clock);
  const auto store = open_on(fs, fixture);
  fs.faults().restart_count();
  EXPECT_EQ(work(*store, fixture.deadline).durable.size(), 7u);
  return fs.faults().calls();
}

TEST(DirectoryStore, whenever_the_power_fails_what_was_promised_is_whole_and_no_durable_put_is_partial) {
  const uint64_t calls = calls_of_a_whole_run();
  for (uint64_t stop = 0; stop <= calls; ++stop) {
    StoreFixture fixture;
    CrashFs fs(fixture.clock);
    const auto store = open_on(fs, fixture);
    fs.faults().restart_count();
    fs.faults().stop_after(stop);
    const Promises promises = work(*store, fixture.deadline);
    for (uint64_t seed = 0; seed < 20; ++seed) {
      SCOPED_TRACE("after call " + std::to_string(stop) + ", seed " + std::to_string(seed));
      SeededEntropy chance(seed);
      const auto after = fs.crash(chance);
      const auto found = open_on(*after, fixture);
      expect_whole(*found, promises.durable, false, fixture.deadline);
      expect_whole(*found, promises.tried, true, fixture.deadline);
      if (HasFatalFailure() || HasNonfatalFailure()) return;
    }
  }
}

TEST(DirectoryStore, whenever_the_program_is_killed_every_object_is_absent_or_whole) {
  const uint64_t calls = calls_of_a_whole_run();
  for (uint64_t stop = 0; stop <= calls; ++stop) {
    SCOPED_TRACE("after call " + std::to_string(stop));
    StoreFixture fixture;
    CrashFs fs(fixture.clock);
    const auto store = open_on(fs, fixture);
    fs.faults().restart_count();
    fs.faults().stop_after(stop);
    const Promises promises = work(*store, fixture.deadline);
    fs.faults().heal();
    const auto found = open_on(fs, fixture);
    expect_whole(*found, promises.durable, false, fixture.deadline);
    expect_whole(*found, promises.tried, true, fixture.deadline);
    expect_whole(*found, promises.tried_later, true, fixture.deadline);
    fixture.clock.advance(std::chrono::hours(25));
    ASSERT_TRUE(found->clean(Deadline(fixture.clock, std::chrono::hours(1))).ok());
    const auto left = fs.open_directory("/repository/tmp").value()->entries().value();
    EXPECT_TRUE(left.empty());
  }
}

TEST(DirectoryStore, whichever_call_fails_what_was_promised_is_kept) {
  const uint64_t calls = calls_of_a_whole_run();
  for (uint64_t number = 1; number <= calls; ++number) {
    SCOPED_TRACE("call " + std::to_string(number));
    StoreFixture fixture;
    CrashFs fs(fixture.clock);
    const auto store = open_on(fs, fixture);
    fs.faults().restart_count();
    fs.faults().fail_at(number, Code::Failed, "input/output error");
    const Promises promises = work(*store, fixture.deadline);
    SeededEntropy chance(number);
    const auto after = fs.crash(chance);
    expect_whole(*open_on(*after, fixture), promises.durable, false, fixture.deadline);
    fs.faults().heal();
    expect_whole(*store, promises.durable, false, fixture.deadline);
    expect_whole(*store, promises.tried_later, true, fixture.deadline);
  }
}

TEST(DirectoryStore, who_is_told_exists_may_rely_on_the_object_after_a_power_loss) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    StoreFixture fixture;
    CrashFs fs(fixture.clock);
    ASSERT_TRUE(open_on(fs, fixture)->put("packs/aa/1", content_of("1"), Durable::Later, fixture.deadline).ok());
    const Status again = open_on(fs, fixture)->put("packs/aa/1", content_of("1"), Durable::Now, fixture.deadline);
    ASSERT_EQ(again.error().code(), Code::Exists);
    SeededEntropy chance(seed);
    const auto after = fs.crash(chance);
    ASSERT_TRUE(get_whole(*open_on(*after, fixture), "packs/aa/1", 1 << 20, fixture.deadline).value() ==
                content_of("1"));
  }
}

TEST(DirectoryStore, after_a_failed_flush_no_flush_succeeds) {
  StoreFixture fixture;
  CrashFs fs(fixture.clock);
  const auto store = open_on(fs, fixture);
  ASSERT_TRUE(store->put("a", {}, Durable::Later, fixture.deadline).ok());
  fs.faults().restart_count();
  fs.faults().fail_at(1, Code::Failed, "input/output error");
  EXPECT_EQ(store->flush(fixture.deadline).error().code(), Code::Failed);
  EXPECT_EQ(store->flush(fixture.deadline).error().code(), Code::Failed);
}

TEST(DirectoryStore, flush_does_nothing_when_nothing_was_put_later) {
  StoreFixture fixture;
  CrashFs fs(fixture.clock);
  const auto store = open_on(fs, fixture);
  ASSERT_TRUE(store->put("a", {}, Durable::Now, fixture.deadline).ok());
  fs.faults().restart_count();
  ASSERT_TRUE(store->flush(fixture.deadline).ok());
  EXPECT_EQ(fs.faults().calls(), 0u);
}

TEST(DirectoryStore, a_full_disk_is_said_of_the_store_and_leaves_nothing_behind) {
  StoreFixture fixture;
  CrashFs fs(fixture.clock);
  const auto store = open_on(fs, fixture);
  fs.set_space(100);
  const Status status = store->put("packs/aa/1", Bytes(200), Durable::Now, fixture.deadline);
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.error().message().find("directory /repository"), std::string::npos) << status.error().message();
  EXPECT_NE(status.error().message().find("no space left"), std::string::npos) << status.error().message();
  EXPECT_TRUE(fs.open_directory("/repository/tmp").value()->entries().value().empty());
  EXPECT_TRUE(names_in(*store, "", fixture.deadline).empty());
}

TEST(DirectoryStore, files_are_for_their_owner_and_named_as_the_objects) {
  StoreFixture fixture;
  const auto store = fixture.open_directory_store();
  ASSERT_TRUE(store->put("packs/aa/1", as_bytes("x"), Durable::Now, fixture.deadline).ok());
  const auto root = fixture.fs->open_directory(fixture.directory / "repository").value();
  EXPECT_EQ(root->info("").value().mode, 0700u);
  EXPECT_EQ(root->info("packs/aa").value().mode, 0700u);
  EXPECT_EQ(root->info("packs/aa/1").value().mode, 0600u);
  EXPECT_TRUE(root->open_directory("tmp").value()->entries().value().empty());
}

TEST(DirectoryStore, foreign_files_and_unfinished_objects_are_not_listed) {
  StoreFixture fixture;
  const auto store = fixture.open_directory_store();
  ASSERT_TRUE(store->put("a", {}, Durable::Later, fixture.deadline).ok());
  const auto root = fixture.fs->open_directory(fixture.directory / "repository").value();
  ASSERT_TRUE(root->create_file("tmp/unfinished", 0600).ok());
  ASSERT_TRUE(root->create_directory("lost+found", 0700).ok());
  ASSERT_TRUE(root->create_file("lost+found/file", 0600).ok());
  ASSERT_TRUE(root->create_symlink("a", "link").ok());
  EXPECT_EQ(names_in(*store, "", fixture.deadline), std::vector<std::string>{"a"});
}

TEST(DirectoryStore, clean_removes_what_is_older_than_a_day_and_says_how_much) {
  StoreFixture fixture;
  const auto store = fixture.open_directory_store();
  const WallTime now = store->now(fixture.deadline).value();
  const auto root = fixture.fs->open_directory(fixture.directory / "repository").value();
  for (const char* name : {"tmp/old", "tmp/young"})
    ASSERT_TRUE(root->create_file(name, 0600).value()->write_at(0, Bytes(1000)).ok());
  ASSERT_TRUE(root->set_mtime("tmp/old", now - std::chrono::hours(25)).ok());
  ASSERT_TRUE(root->set_mtime("tmp/young", now - std::chrono::hours(23)).ok());
  EXPECT_EQ(store->clean(fixture.deadline).value(), 1000u);
  EXPECT_EQ(root->info("tmp/old").error().code(), Code::NotFound);
  EXPECT_TRUE(root->info("tmp/young").ok());
}

TEST(DirectoryStore, a_directory_removed_under_it_is_made_again) {
  StoreFixture fixture;
  const auto store = fixture.open_directory_store();
  ASSERT_TRUE(store->put("packs/aa/1", {}, Durable::Now, fixture.deadline).ok());
  ASSERT_TRUE(store->remove("packs/aa/1", fixture.deadline).ok());
  const auto root = fixture.fs->open_directory(fixture.directory / "repository").value();
  ASSERT_TRUE(root->remove_directory("packs/aa").ok());
  EXPECT_TRUE(store->put("packs/aa/2", {}, Durable::Now, fixture.deadline).ok());
}

TEST(DirectoryStore, a_missing_place_is_not_found_unless_it_is_to_be_made) {
  StoreFixture fixture;
  const StoreOptions options{{"path", fixture.directory / "none/here"}};
  EXPECT_EQ(directory_store_kind().open(fixture.world(), options, false).error().code(), Code::NotFound);
  EXPECT_TRUE(directory_store_kind().open(fixture.world(), options, true).ok());
  EXPECT_TRUE(directory_store_kind().open(fixture.world(), options, false).ok());
  EXPECT_EQ(directory_store_kind().open(fixture.world(), {}, true).error().code(), Code::Invalid);
}

}  // namespace
}  // namespace hf
