// A set to a point and back, over every place where the store can fail.
#include <gtest/gtest.h>

#include "backup/backup_run.h"
#include "backup/restore.h"
#include "support/faulty_store.h"
#include "support/test_repository.h"

namespace hf {
namespace {

// Files held in a map; unchanged ones are given as such.
class MapSource final : public Source {
 public:
  explicit MapSource(std::map<std::string, Bytes> files) : files_(std::move(files)) {}
  Status run(Sink& sink, Previous& previous, std::stop_token) override {
    Entry root;
    root.info.type = FileType::Directory;
    root.info.mode = 0755;
    HF_TRY(sink.entry(root));
    for (const auto& [path, bytes] : files_) {
      Entry entry;
      entry.path = path;
      entry.info.type = FileType::File;
      entry.info.mode = 0644;
      entry.info.size = bytes.size();
      entry.info.inode = std::hash<std::string_view>()(as_text(bytes));
      const Entry* before = HF_TRY(previous.find(path));
      if (before != nullptr && before->info.inode == entry.info.inode) {
        HF_TRY(sink.unchanged(entry));
      } else if (bytes.size() <= 60000) {
        HF_TRY(sink.file(entry, bytes));
      } else {
        HF_TRY(sink.begin(path, {.size = bytes.size()}));
        for (size_t at = 0; at < bytes.size(); at += 100000)
          HF_TRY(sink.data(to_bytes(BytesView(bytes).subspan(at, std::min<size_t>(100000, bytes.size() - at)))));
        HF_TRY(sink.end(entry));
      }
    }
    return {};
  }

 private:
  std::map<std::string, Bytes> files_;
};

class BackupTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(test.create().ok());
    for (int i = 0; i < 40; ++i)
      files["file-" + std::to_string(i)] = test.fixture.entropy.bytes(100 + static_cast<size_t>(i) * 97);
    std::string text;
    while (text.size() < 700000) text += std::to_string(text.size()) + " some row of a dump\n";
    files["large.sql"] = to_bytes(text);
  }

  Result<BackupOutcome> back_up(Repository& repository) {
    BackupRequest request{.set = "app"};
    request.sources.push_back({.name = "map", .kind = "files", .source = std::make_unique<MapSource>(files)});
    return run_backup(repository, std::move(request), {});
  }

  // What the point gives back, read file by file from the directory it was restored into.
  std::map<std::string, Bytes> restored(Repository& repository, const Point& point) {
    const std::string destination = test.fixture.directory / ("out" + std::to_string(restores_++));
    const RestoreRequest request{.destination = destination, .durable = false};
    const Result<RestoreOutcome> outcome = restore_point(repository, point, request, {});
    EXPECT_TRUE(outcome.ok()) << outcome.error().message();
    std::map<std::string, Bytes> found;
    const auto directory = test.fixture.fs->open_directory(destination + "/map").value();
    const auto entries = directory->entries().value();
    for (const DirectoryEntry& entry : entries)
      found[entry.name] = read_whole_file(*test.fixture.fs, destination + "/map/" + entry.name, 1u << 30).value();
    return found;
  }

  TestRepository test;
  std::map<std::string, Bytes> files;
  int restores_ = 0;
};

TEST_F(BackupTest, a_point_restores_byte_for_byte) {
  const auto repository = test.open().value();
  const Point point = back_up(*repository).value().point;
  EXPECT_EQ(point.manifest.sources[0].files, files.size());
  EXPECT_EQ(restored(*test.open().value(), point), files);
}

TEST_F(BackupTest, what_did_not_change_is_not_stored_again) {
  ASSERT_TRUE(back_up(*test.open().value()).ok());
  EXPECT_EQ(back_up(*test.open().value()).value().bytes_stored, 0u);
  files["file-7"] = to_bytes("another content");
  const BackupOutcome third = back_up(*test.open().value()).value();
  EXPECT_EQ(third.bytes_new, 15u);
  EXPECT_EQ(restored(*test.open().value(), third.point), files);
}

// Killed, or cut off, after each change in turn: what was acknowledged before restores, and the next run succeeds.
TEST_F(BackupTest, dying_after_any_step_loses_nothing) {
  const Point first = back_up(*test.open().value()).value().point;
  const std::map<std::string, Bytes> first_files = files;
  uint64_t steps = 0;
  for (bool finished = false; !finished; ++steps) {
    ASSERT_LT(steps, 100u);
    files["file-3"] = test.fixture.entropy.bytes(5000);
    files["large.sql"][steps * 1000] = std::byte{'#'};
    FaultyStore dying(test.store());
    const uint64_t before_any = dying.counts().changes;
    const auto doomed = test.open(dying).value();
    dying.stop_after_changes(before_any + steps);
    const Result<BackupOutcome> outcome = back_up(*doomed);
    finished = outcome.ok();
    const auto opened = test.open();
    ASSERT_TRUE(opened.ok()) << opened.error().message();
    const auto& after = opened.value();
    ASSERT_EQ(restored(*after, first), first_files) << "after " << steps << " steps";
    const Result<BackupOutcome> next = back_up(*after);
    ASSERT_TRUE(next.ok()) << next.error().message();
    ASSERT_EQ(restored(*test.open().value(), next.value().point), files) << "after " << steps << " steps";
  }
  EXPECT_GE(steps, 6u) << "session, packs, flush, index, manifest, head";
}

TEST_F(BackupTest, one_operation_that_fails_is_an_error_and_never_a_point_with_holes) {
  ASSERT_TRUE(back_up(*test.open().value()).ok());
  size_t failed = 0;
  for (uint64_t number = 1; number <= 60; ++number) {
    files["file-5"] = test.fixture.entropy.bytes(9000);
    FaultyStore faulty(test.store());
    const auto repository = test.open(faulty).value();
    faulty.fail_operation(faulty.counts().all + number, Code::Failed);
    const Result<BackupOutcome> outcome = back_up(*repository);
    failed += outcome.ok() ? 0u : 1u;
    if (!outcome.ok()) continue;
    ASSERT_EQ(restored(*test.open().value(), outcome.value().point), files) << "operation " << number;
  }
  EXPECT_GE(failed, 20u);
}

TEST_F(BackupTest, a_destination_in_use_is_refused) {
  const Point point = back_up(*test.open().value()).value().point;
  const RestoreRequest request{.destination = test.fixture.directory.path()};
  EXPECT_EQ(restore_point(*test.open().value(), point, request, {}).error().code(), Code::Refused);
}

TEST_F(BackupTest, checkpoints_keep_the_work_of_a_run_that_was_cut_off) {
  const auto repository = test.open().value();
  BackupRequest request{.set = "app", .checkpoint_every = Duration::zero()};
  request.sources.push_back({.name = "map", .kind = "files", .source = std::make_unique<MapSource>(files)});
  FaultyStore dying(test.store());
  const auto doomed = test.open(dying).value();
  // Far enough for a checkpoint, not for the point: the commit's own change is the last but two.
  dying.stop_after_changes(dying.counts().changes + 9);
  (void)run_backup(*doomed, std::move(request), {}).ok();
  const size_t checkpoints = names_in(test.store(), "checkpoints/", test.fixture.deadline).size();
  const BackupOutcome next = back_up(*test.open().value()).value();
  EXPECT_EQ(restored(*test.open().value(), next.point), files);
  ASSERT_GT(checkpoints, 0u);
  EXPECT_LT(next.bytes_read, 750000u) << "files of the checkpoint are not read again";
  EXPECT_TRUE(names_in(test.store(), "checkpoints/", test.fixture.deadline).empty()) << "they go once there is a point";
}

// One file and nothing else, as a command or a database gives it.
class StreamSource final : public Source {
 public:
  explicit StreamSource(Bytes bytes) : bytes_(std::move(bytes)) {}
  Status run(Sink& sink, Previous&, std::stop_token) override {
    Entry root;
    root.info.type = FileType::Directory;
    HF_TRY(sink.entry(root));
    HF_TRY(sink.begin("stream", {}));
    for (size_t at = 0; at < bytes_.size(); at += block)
      HF_TRY(sink.data(to_bytes(BytesView(bytes_).subspan(at, std::min(block, bytes_.size() - at)))));
    Entry entry;
    entry.path = "stream";
    entry.info.type = FileType::File;
    return sink.end(entry);
  }

 private:
  static constexpr size_t block = 1u << 20;
  Bytes bytes_;
};

TEST_F(BackupTest, what_is_remembered_of_one_long_file_is_written_before_the_file_ends) {
  const auto repository = test.open().value();
  BackupRequest request{.set = "app", .checkpoint_every = Duration::zero()};
  request.sources.push_back(
      {.name = "s", .kind = "command", .source = std::make_unique<StreamSource>(test.fixture.entropy.bytes(6u << 20))});
  const Result<BackupOutcome> outcome = run_backup(*repository, std::move(request), {});
  ASSERT_TRUE(outcome.ok()) << outcome.error().message();
  EXPECT_GE(names_in(test.store(), "index/", test.fixture.deadline).size(), 3u);
}

}  // namespace
}  // namespace hf
