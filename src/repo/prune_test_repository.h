// SteppedRepository: a real repository in memory, with a clock that is moved by hand and writers that go step by step:
// for prune's and check's tests.
#pragma once

#include <gtest/gtest.h>

#include "repo/emergency.h"
#include "repo/gc_records.h"
#include "repo/mark.h"
#include "repo/pipeline.h"
#include "repo/points.h"
#include "repo/prune_guard.h"
#include "repo/session.h"
#include "store/memory.h"
#include "support/faulty_store.h"
#include "support/seeded_entropy.h"
#include "support/temp_directory.h"
#include "sys/posix_fs.h"

namespace hf {

// Stands still until it is moved: a session's thread must not run it forward.
class HandClock final : public Clock {
 public:
  WallTime wall() const override {
    return WallTime(std::chrono::sys_days(std::chrono::year(2026) / 3 / 1)) + mono().since_start;
  }
  MonoTime mono() const override { return {Duration(now_.load())}; }
  bool sleep_until(MonoTime, std::stop_token stop) override {
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::condition_variable_any never;
    never.wait(lock, stop, [] { return false; });
    return false;
  }
  void advance(Duration by) { now_ += by.count(); }

 private:
  std::atomic<int64_t> now_{0};
};

using Files = std::map<std::string, std::string>;

// Bytes that do not compress and are the same for the same name.
inline std::string content_of(uint64_t seed, size_t size) {
  SeededEntropy entropy(seed + 1000);
  return to_text(entropy.bytes(size));
}

class SteppedRepository {
 public:
  SteppedRepository() {
    fs = make_posix_fs();
    memory = make_memory_store(clock);
    store.emplace(*memory);
    Repository::Create create{
        .key_kinds = {file_key_kind()}, .credentials = credentials(), .label = "test", .signer = std::nullopt};
    Repository::create(world(), *store, std::move(create), deadline()).value();
  }

  World world() { return {env, *fs, directory.path()}; }
  Deadline deadline() { return {clock, std::chrono::hours(1'000'000)}; }
  std::unique_ptr<Repository> open() { return open(*store); }
  std::unique_ptr<Repository> open(Store& through) {
    Repository::Open options{
        .key_kinds = {file_key_kind()}, .credentials = credentials(), .signer = std::nullopt, .accept_signer = ""};
    return Repository::open(world(), through, std::move(options), deadline()).value();
  }
  std::vector<std::string> names(const std::string& prefix) {
    std::vector<std::string> found;
    memory
        ->list(
            prefix,
            [&](const ObjectInfo& info) -> Status {
              found.push_back(info.name);
              return {};
            },
            deadline())
        .value();
    std::sort(found.begin(), found.end());
    return found;
  }
  uint64_t bytes(const std::string& prefix) {
    uint64_t sum = 0;
    memory
        ->list(
            prefix,
            [&](const ObjectInfo& info) -> Status {
              sum += info.size;
              return {};
            },
            deadline())
        .value();
    return sum;
  }

  HandClock clock;
  SeededEntropy entropy;
  Meter meter;
  Env env{clock, entropy, meter};
  TempDirectory directory;
  std::unique_ptr<Fs> fs;
  std::unique_ptr<Store> memory;
  std::optional<FaultyStore> store;

 private:
  static Credentials credentials() {
    Credentials held;
    held.key_file = Passphrase::take(std::vector<unsigned char>(32, 7));
    return held;
  }
};

// A backup in the steps of the protocol, so that a test can do something between them.
class TestWriter {
 public:
  explicit TestWriter(SteppedRepository& test) : repository_(test.open()) {
    index_ = repository_->index().value();
    session_ = Session::begin(*repository_, "backup test").value();
    const GcRecords gc = read_gc_records(*repository_).value();
    manifest_.gc_seen = gc.newest();
    index_->exclude(gc.condemned_packs());
  }

  void store(const Files& files) {
    Pipeline pipeline(repository_->env(), repository_->store(), repository_->ring(), *index_, {},
                      repository_->deadline());
    TreeWriter tree(pipeline.meta_put());
    TreeEntry top;
    top.meta.info.type = FileType::Directory;
    tree.add(top).value();
    for (const auto& [path, text] : files) {
      TreeEntry entry;
      entry.meta.path = path;
      entry.meta.info.type = FileType::File;
      entry.meta.info.size = text.size();
      for (size_t at = 0; at < text.size(); at += piece) {
        const std::string_view part = std::string_view(text).substr(at, piece);
        const ChunkId id = pipeline.add(CutClass::Stream, as_bytes(part), {}).value();
        append_extent(entry.content.run, ExtentKind::Data, part.size(), &id, 0);
      }
      tree.add(entry).value();
    }
    SourceRecord source{.name = "files", .kind = "files"};
    source.tree = tree.finish().value().root;
    manifest_.sources = {source};
    pipeline.finish().value();
  }

  Point commit(const std::string& set, PointStatus status = PointStatus::Complete) {
    manifest_.set = set;
    manifest_.status = status;
    manifest_.finished = repository_->env().clock.wall();
    return commit_point(*repository_, manifest_).value();
  }
  void mark_emergency() { hf::mark_emergency(manifest_); }
  std::string checkpoint(const std::string& set) {
    manifest_.set = set;
    return commit_checkpoint(*repository_, manifest_, session_->id(), 0).value();
  }

  // As a backup's last step: false if it must not be acknowledged.
  bool may_acknowledge(const Point& point) {
    if (!expect_packs_kept(*repository_, point, manifest_.gc_seen).ok()) return false;
    return session_->check_alive().ok();
  }
  Session& session() { return *session_; }
  static constexpr size_t piece = 100'000;

 private:
  std::unique_ptr<Repository> repository_;
  Index* index_ = nullptr;
  std::unique_ptr<Session> session_;
  Manifest manifest_;
};

inline Point write_point(SteppedRepository& test, const std::string& set, const Files& files) {
  TestWriter writer(test);
  writer.store(files);
  return writer.commit(set);
}

// The point's files as a restore would get them; the error if one cannot be had.
inline Result<Files> read_point(Repository& repository, const Manifest& manifest) {
  ChunkReader& chunks = *HF_TRY(repository.chunks());
  TreeReader tree(manifest.sources.at(0).tree, chunks.meta_get());
  Files files;
  for (;;) {
    const TreeEntry* entry = HF_TRY(tree.next());
    if (entry == nullptr) return files;
    if (entry->meta.info.type != FileType::File) continue;
    std::string& text = files[entry->meta.path];
    ContentReader content(entry->content, chunks.meta_get());
    for (ExtentRun run = HF_TRY(content.next()); !run.empty(); run = HF_TRY(content.next()))
      for (const Extent& extent : run.extents) {
        const Bytes chunk = HF_TRY(chunks.data(run.ids[extent.chunk]));
        text += as_text(BytesView(chunk).subspan(extent.offset, extent.length));
      }
  }
}

}  // namespace hf
