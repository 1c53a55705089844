#include "repo/index.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <set>

#include "support/faulty_store.h"
#include "support/test_repository.h"

namespace hf {
namespace {

class IndexTest : public testing::Test {
 protected:
  void SetUp() override {
    repository = test.create().value();
    Pipeline pipeline(repository->env(), test.store(), repository->ring(), *repository->index().value(), {},
                      test.fixture.deadline);
    for (int i = 0; i < 100; ++i)
      ids.push_back(pipeline.add(CutClass::Stream, as_bytes("chunk number " + std::to_string(i)), {}).value());
    meta_id = pipeline.add_meta(as_bytes("some tree")).value();
    ASSERT_TRUE(pipeline.finish().ok());
  }
  TestRepository test;
  std::unique_ptr<Repository> repository;
  std::vector<ChunkId> ids;
  ChunkId meta_id;
};

TEST_F(IndexTest, is_read_back_by_the_next_one) {
  const auto again = test.open().value();
  for (int i = 0; i < 100; ++i)
    EXPECT_EQ(to_text(again->chunks().value()->data(ids[static_cast<size_t>(i)]).value()),
              "chunk number " + std::to_string(i));
  EXPECT_EQ(to_text(again->chunks().value()->meta(meta_id).value()), "some tree");
}

TEST_F(IndexTest, data_is_never_taken_for_metadata) {
  EXPECT_FALSE(repository->index().value()->contains(PackKind::Meta, ids[0]).value());
  EXPECT_FALSE(repository->index().value()->contains(PackKind::Data, meta_id).value());
}

TEST_F(IndexTest, a_damaged_segment_costs_only_the_time_to_read_the_trailers) {
  FaultyStore faulty(test.store());
  for (const std::string& name : names_in(test.store(), "index/", test.fixture.deadline))
    faulty.damage(name, FaultyStore::Damage::FlippedBit);
  std::filesystem::remove_all(test.fixture.directory / repository->ring().repository().hex());
  const auto again = test.open(faulty).value();
  EXPECT_EQ(to_text(again->chunks().value()->data(ids[42]).value()), "chunk number 42");
  EXPECT_EQ(again->index().value()->damaged().size(), 1u);
}

TEST_F(IndexTest, what_the_cache_hides_an_audit_finds) {
  FaultyStore faulty(test.store());
  const std::vector<std::string> names = names_in(test.store(), "index/", test.fixture.deadline);
  for (const std::string& name : names) faulty.damage(name, FaultyStore::Damage::FlippedBit);
  const auto again = test.open(faulty).value();
  Index& index = *again->index().value();
  EXPECT_TRUE(index.damaged().empty());
  ASSERT_TRUE(index.audit(test.fixture.deadline).ok());
  EXPECT_EQ(index.damaged(), names);
  EXPECT_EQ(index.rewrite({}, test.fixture.deadline).value(), names);
  EXPECT_TRUE(index.contains(PackKind::Data, ids[7]).value());
}

TEST_F(IndexTest, what_a_condemned_pack_holds_counts_as_absent) {
  Index& index = *repository->index().value();
  const PackInfo pack = index.pack(index.find(PackKind::Data, ids[0]).value()->pack);
  index.exclude({pack.name});
  EXPECT_FALSE(index.contains(PackKind::Data, ids[0]).value());
  EXPECT_TRUE(index.contains(PackKind::Meta, meta_id).value());
}

using Model = std::map<std::pair<PackKind, ChunkId>, std::set<std::pair<PackName, uint32_t>>>;

// Everything that the model knows, and nothing of what it does not.
void expect_agrees(const Index& index, const Model& model, const std::set<PackName>& hidden, SeededEntropy& entropy) {
  for (const auto& [key, places] : model) {
    std::set<std::pair<PackName, uint32_t>> wanted, found;
    for (const auto& place : places)
      if (!hidden.contains(place.first)) wanted.insert(place);
    for (const ChunkPlace& place : index.find_all(key.first, key.second).value())
      found.emplace(index.pack(place.pack).name, place.ordinal);
    ASSERT_EQ(found, wanted);
    const std::optional<ChunkPlace> any = index.find(key.first, key.second).value();
    ASSERT_EQ(any.has_value(), !wanted.empty());
    if (any) {
      ASSERT_TRUE(wanted.contains({index.pack(any->pack).name, any->ordinal}));
    }
  }
  for (int i = 0; i < 1000; ++i) {
    const ChunkId absent = entropy.make<ChunkId>();
    ASSERT_FALSE(index.find(PackKind::Data, absent).value());
    ASSERT_TRUE(index.find_all(PackKind::Meta, absent).value().empty());
  }
}

// Adds, writes, excludes, admits, drops and reopens in any order, beside the model.
class Walk {
 public:
  explicit Walk(uint64_t seed) : entropy_(seed), pool_(600) {
    repository_ = test_.create().value();
    for (ChunkId& id : pool_) id = entropy_.make<ChunkId>();
  }

  void step() {
    switch (entropy_.below(8)) {
      case 0:
      case 1:
      case 2:
        return add();
      case 3:
        return write();
      case 4:
        return hide();
      case 5:
        return admit();
      case 6:
        return rewrite();
      default:
        return reopen();
    }
  }
  void expect_agrees() { hf::expect_agrees(index(), model_, hidden_, entropy_); }

 private:
  Index& index() { return *repository_->index().value(); }

  void add() {
    const PackKind kind = entropy_.below(2) == 0 ? PackKind::Data : PackKind::Meta;
    const PackInfo pack{.name = entropy_.make<PackName>(), .kind = kind, .size = 1};
    std::vector<ChunkId> ids(1 + entropy_.below(400));
    for (ChunkId& id : ids) id = pool_[entropy_.below(pool_.size())];
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    // What the session has already is not packed again.
    std::erase_if(ids, [&](const ChunkId& id) { return unwritten_.contains(id); });
    unwritten_.insert(ids.begin(), ids.end());
    index().add(pack, ids);
    for (uint32_t i = 0; i < ids.size(); ++i) model_[{kind, ids[i]}].emplace(pack.name, i);
    packs_.push_back(pack.name);
  }
  void write() {
    ASSERT_TRUE(index().write_pending(test_.fixture.deadline).ok());
    unwritten_.clear();
  }
  void hide() {
    if (packs_.empty()) return;
    write();
    hidden_.insert(packs_[entropy_.below(packs_.size())]);
    index().exclude({hidden_.begin(), hidden_.end()});
  }
  void admit() {
    index().admit({hidden_.begin(), hidden_.end()});
    hidden_.clear();
  }
  void rewrite() {
    write();
    std::vector<PackName> dropped;
    for (const PackName& pack : packs_)
      if (entropy_.below(5) == 0) dropped.push_back(pack);
    for (const std::string& old : index().rewrite(dropped, test_.fixture.deadline).value())
      ASSERT_TRUE(test_.store().remove(old, test_.fixture.deadline).ok());
    for (auto& [key, places] : model_)
      std::erase_if(places, [&](const auto& place) {
        return std::find(dropped.begin(), dropped.end(), place.first) != dropped.end();
      });
    std::erase_if(
        packs_, [&](const PackName& pack) { return std::find(dropped.begin(), dropped.end(), pack) != dropped.end(); });
  }
  void reopen() {
    write();
    if (entropy_.below(2) == 0)
      std::filesystem::remove_all(test_.fixture.directory / repository_->ring().repository().hex());
    repository_ = test_.open().value();
    index().exclude({hidden_.begin(), hidden_.end()});
  }

  TestRepository test_;
  SeededEntropy entropy_;
  std::unique_ptr<Repository> repository_;
  std::vector<ChunkId> pool_;
  std::set<ChunkId> unwritten_;
  Model model_;
  std::set<PackName> hidden_;
  std::vector<PackName> packs_;
};

TEST(IndexModel, is_a_map_whatever_is_added_excluded_rewritten_and_reopened) {
  for (uint64_t seed = 1; seed <= 8; ++seed) {
    Walk walk(seed);
    for (int step = 0; step < 30; ++step) ASSERT_NO_FATAL_FAILURE(walk.step()) << seed;
    ASSERT_NO_FATAL_FAILURE(walk.expect_agrees()) << seed;
  }
}

TEST(IndexSize, memory_is_two_bytes_an_entry_and_no_segment_is_larger_than_one_that_we_write) {
  TestRepository test;
  SeededEntropy entropy(3);
  auto repository = test.create().value();
  Index& index = *repository->index().value();
  std::vector<ChunkId> ids(1 << 19);
  ChunkId last;
  for (uint32_t round = 0; round < 4; ++round) {
    for (ChunkId& id : ids) id = entropy.make<ChunkId>();
    index.add({.name = entropy.make<PackName>(), .kind = PackKind::Data, .size = 1}, ids);
    last = ids[12345];
    ASSERT_TRUE(index.write_pending(test.fixture.deadline).ok());
    ASSERT_TRUE(index.contains(PackKind::Data, last).value());
  }
  EXPECT_EQ(index.chunk_count(), ids.size() * 4);
  EXPECT_LE(index.memory_bytes(), ids.size() * 4 * 3 / 2);
  EXPECT_EQ(index.rewrite({}, test.fixture.deadline).value().size(), 4u);
  EXPECT_EQ(index.segment_names().size(), 2u);
  EXPECT_EQ(index.chunk_count(), ids.size() * 4);
  EXPECT_LE(index.memory_bytes(), ids.size() * 4 * 3 / 2);
  EXPECT_EQ(index.find(PackKind::Data, last).value()->ordinal, 12345u);
}

}  // namespace
}  // namespace hf
