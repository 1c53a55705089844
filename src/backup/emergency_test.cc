// What an emergency point holds, what it says, and what still ends the run.
#include <gtest/gtest.h>

#include "backup/backup_run.h"
#include "backup/restore.h"
#include "support/faulty_store.h"
#include "support/test_repository.h"

namespace hf {
namespace {

Entry directory_entry() {
  Entry root;
  root.info.type = FileType::Directory;
  root.info.mode = 0755;
  return root;
}

Entry file_entry(std::string path, size_t bytes) {
  Entry entry;
  entry.path = std::move(path);
  entry.info.type = FileType::File;
  entry.info.mode = 0644;
  entry.info.size = bytes;
  return entry;
}

// Two files, of which an unchanged one is not given again; fails between them if it is told to.
class TestSource final : public Source {
 public:
  explicit TestSource(Bytes bytes, std::optional<Error> failure = {})
      : bytes_(std::move(bytes)), failure_(std::move(failure)) {}

  std::function<void()> in_the_middle = [] {};

  Status run(Sink& sink, Previous& previous, std::stop_token) override {
    HF_TRY(sink.entry(directory_entry()));
    HF_TRY(sink.keys());
    HF_TRY(give("first", sink, previous));
    in_the_middle();
    if (failure_) return failure_->clone();
    return give("second", sink, previous);
  }

 private:
  Status give(const std::string& path, Sink& sink, Previous& previous) {
    const Entry* before = HF_TRY(previous.find(path));
    Entry entry = file_entry(path, bytes_.size());
    if (before != nullptr && before->info.size == bytes_.size()) return sink.unchanged(std::move(entry));
    return sink.file(std::move(entry), bytes_);
  }

  const Bytes bytes_;
  const std::optional<Error> failure_;
};

class EmergencyTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(test.create().ok());
    files = test.fixture.entropy.bytes(5000);
    rows = test.fixture.entropy.bytes(7000);
  }

  // Sources `files` and `db`; the errors given are theirs.
  BackupRequest request(std::optional<Error> of_db, std::optional<Error> of_files = {}) {
    BackupRequest request{.set = "app", .is_emergency = true};
    request.sources.push_back(
        {.name = "files", .kind = "files", .source = std::make_unique<TestSource>(files, std::move(of_files))});
    request.sources.push_back(
        {.name = "db", .kind = "postgres", .source = std::make_unique<TestSource>(rows, std::move(of_db))});
    return request;
  }
  Result<BackupOutcome> run(BackupRequest request) { return run_backup(*test.open().value(), std::move(request), {}); }
  size_t points() { return names_in(test.store(), "manifests/", test.fixture.deadline).size(); }

  static Error gone() {
    return Error(Code::Unavailable, "the server is gone").with_detail("password=hunter2").with_hint("start it");
  }

  TestRepository test;
  Bytes files, rows;
};

TEST_F(EmergencyTest, a_source_that_fails_is_named_and_the_others_are_saved) {
  const BackupOutcome outcome = run(request(gone())).value();
  const Manifest& manifest = outcome.point.manifest;
  EXPECT_EQ(manifest.status, PointStatus::Partial);
  EXPECT_TRUE(is_emergency(manifest));
  EXPECT_FALSE(is_whole(manifest));
  ASSERT_EQ(manifest.sources.size(), 1u) << "nothing torn is in the point";
  EXPECT_EQ(manifest.sources[0].name, "files");
  const Point point = load_point(*test.open().value(), outcome.point.object).value();
  const std::vector<FailedSource> failed = failed_sources(point.manifest);
  ASSERT_EQ(failed.size(), 1u);
  EXPECT_EQ(failed[0].name, "db");
  EXPECT_EQ(failed[0].kind, "postgres");
  EXPECT_EQ(failed[0].why, "the server is gone") << "what others said is not in the manifest";
  EXPECT_EQ(outcome.failed.at(0).error.hint(), "start it");
  const std::string destination = test.fixture.directory / "out";
  const RestoreRequest restore{.destination = destination, .durable = false};
  ASSERT_TRUE(restore_point(*test.open().value(), point, restore, {}).value().complete());
  EXPECT_EQ(read_whole_file(*test.fixture.fs, destination + "/files/second", 1 << 20).value(), files);
  EXPECT_FALSE(test.fixture.fs->open_directory(destination + "/db").ok());
}

TEST_F(EmergencyTest, the_first_source_may_be_the_one_that_fails) {
  const BackupOutcome outcome = run(request({}, gone())).value();
  ASSERT_EQ(outcome.point.manifest.sources.size(), 1u);
  EXPECT_EQ(outcome.point.manifest.sources[0].name, "db");
  EXPECT_EQ(outcome.failed.at(0).name, "files");
}

TEST_F(EmergencyTest, a_complete_one_is_the_whole_set_and_marked) {
  const Manifest manifest = run(request({})).value().point.manifest;
  EXPECT_EQ(manifest.status, PointStatus::Complete);
  EXPECT_TRUE(is_whole(manifest));
  EXPECT_TRUE(is_emergency(manifest));
  EXPECT_TRUE(failed_sources(manifest).empty());
}

TEST_F(EmergencyTest, if_every_source_fails_there_is_no_point_and_the_first_says_why) {
  const Result<BackupOutcome> outcome = run(request(Error(Code::Failed, "disk on fire"), gone()));
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().code(), Code::Unavailable);
  EXPECT_EQ(outcome.error().message(), "source files: the server is gone");
  EXPECT_EQ(outcome.error().hint(), "start it; source db failed, too: disk on fire");
  EXPECT_EQ(points(), 0u);
}

TEST_F(EmergencyTest, otherwise_the_first_failure_ends_the_run) {
  BackupRequest usual = request(gone());
  usual.is_emergency = false;
  const Result<BackupOutcome> outcome = run(std::move(usual));
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().message(), "source db: the server is gone");
  EXPECT_EQ(points(), 0u);
}

TEST_F(EmergencyTest, a_stop_ends_the_run_and_is_no_failure_of_a_source) {
  std::stop_source stop;
  BackupRequest stopped = request(gone());
  static_cast<TestSource&>(*stopped.sources[1].source).in_the_middle = [&] { stop.request_stop(); };
  const auto repository = test.open().value();
  EXPECT_EQ(run_backup(*repository, std::move(stopped), stop.get_token()).error().code(), Code::Cancelled);
  EXPECT_EQ(points(), 0u);
}

TEST_F(EmergencyTest, an_error_of_the_repository_is_never_taken_for_one_of_a_source) {
  ASSERT_TRUE(run(request({})).ok());
  size_t ended = 0;
  for (uint64_t number = 1; number <= 60; ++number) {
    FaultyStore faulty(test.store());
    const auto repository = test.open(faulty).value();
    faulty.fail_operation(faulty.counts().all + number, Code::Failed);
    rows[number] = std::byte{1};  // no two runs find the same content
    rows.push_back(std::byte{2});
    const Result<BackupOutcome> outcome = run_backup(*repository, request({}), {});
    ended += outcome.ok() ? 0u : 1u;
    if (!outcome.ok()) continue;
    EXPECT_TRUE(outcome.value().failed.empty()) << "operation " << number;
    EXPECT_EQ(outcome.value().point.manifest.sources.size(), 2u) << "operation " << number;
  }
  EXPECT_GE(ended, 10u);
}

TEST_F(EmergencyTest, the_next_backup_reads_nothing_again_of_a_source_that_it_lacks) {
  ASSERT_TRUE(run(request({})).ok());
  ASSERT_TRUE(run(request(gone())).ok());
  const BackupOutcome next = run(request({})).value();
  EXPECT_EQ(next.bytes_read, 0u);
  EXPECT_TRUE(is_whole(next.point.manifest));
}

}  // namespace
}  // namespace hf
