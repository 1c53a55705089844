#include "repo/index.h"

#include <gtest/gtest.h>

#include "support/faulty_store.h"
#include "support/test_repository.h"

namespace hf {
namespace {

ChunkId random_id(SeededEntropy& entropy) {
  return entropy.make<ChunkId>();
}

TEST(IndexSegment, finds_all_it_holds_and_nothing_else) {
  SeededEntropy entropy(7);
  for (const size_t count : {0u, 1u, 2u, 9u, 1000u, 50000u}) {
    std::vector<ChunkId> ids;
    for (size_t i = 0; i < count; ++i) ids.push_back(random_id(entropy));
    IndexSegment segment;
    segment.add({.name = entropy.make<PackName>(), .kind = PackKind::Data, .size = 1}, ids);
    segment.sort();
    for (uint32_t i = 0; i < ids.size(); ++i) {
      const IndexSegment::Entry* entry = segment.find(ids[i]);
      ASSERT_NE(entry, nullptr);
      ASSERT_EQ(entry->ordinal, i);
    }
    for (int i = 0; i < 1000; ++i) ASSERT_EQ(segment.find(random_id(entropy)), nullptr);
  }
}

TEST(IndexSegment, ids_that_crowd_at_the_ends_are_found) {
  std::vector<ChunkId> ids(300);
  for (size_t i = 0; i < ids.size(); ++i) {
    ids[i].bytes.fill(i % 2 == 0 ? std::byte{0} : std::byte{0xff});
    ids[i].bytes[15] = static_cast<std::byte>(i);
    ids[i].bytes[14] = static_cast<std::byte>(i >> 8);
  }
  IndexSegment segment;
  segment.add({}, ids);
  segment.sort();
  for (uint32_t i = 0; i < ids.size(); ++i) {
    ASSERT_NE(segment.find(ids[i]), nullptr) << i;
    EXPECT_EQ(segment.find(ids[i])->ordinal, i);
  }
}

TEST(IndexSegment, survives_its_bytes_and_refuses_others) {
  SeededEntropy entropy(8);
  IndexSegment segment;
  segment.add({.name = entropy.make<PackName>(), .kind = PackKind::Meta, .size = 77, .epoch = 3},
              {random_id(entropy), random_id(entropy)});
  segment.superseded.push_back(entropy.make<Sha256>());
  segment.sort();
  const Bytes bytes = encode_segment(segment);
  const IndexSegment back = decode_segment(bytes).value();
  EXPECT_EQ(encode_segment(back), bytes);
  EXPECT_EQ(back.packs[0].epoch, 3u);
  for (size_t size = 0; size < bytes.size(); ++size)
    EXPECT_EQ(decode_segment(BytesView(bytes).first(size)).error().code(), Code::Corrupt);
  Bytes unsorted = bytes;
  std::swap_ranges(unsorted.begin() + 16 + 48, unsorted.begin() + 16 + 48 + 24, unsorted.begin() + 16 + 48 + 24);
  EXPECT_EQ(decode_segment(unsorted).error().code(), Code::Corrupt);
}

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
  EXPECT_FALSE(repository->index().value()->contains(PackKind::Meta, ids[0]));
  EXPECT_FALSE(repository->index().value()->contains(PackKind::Data, meta_id));
}

TEST_F(IndexTest, a_damaged_segment_costs_only_the_time_to_read_the_trailers) {
  FaultyStore faulty(test.store());
  for (const std::string& name : names_in(test.store(), "index/", test.fixture.deadline))
    faulty.damage(name, FaultyStore::Damage::FlippedBit);
  const auto again = test.open(faulty).value();
  EXPECT_EQ(to_text(again->chunks().value()->data(ids[42]).value()), "chunk number 42");
  EXPECT_EQ(again->index().value()->damaged().size(), 1u);
}

TEST_F(IndexTest, what_a_condemned_pack_holds_counts_as_absent) {
  Index& index = *repository->index().value();
  const PackInfo pack = index.pack(index.find(PackKind::Data, ids[0])->pack);
  index.exclude({pack.name});
  EXPECT_FALSE(index.contains(PackKind::Data, ids[0]));
  EXPECT_TRUE(index.contains(PackKind::Meta, meta_id));
}

}  // namespace
}  // namespace hf
