#include "repo/file_writer.h"

#include <gtest/gtest.h>

#include "support/test_repository.h"

namespace hf {
namespace {

// Files written to a real repository in memory and read back through its packs.
class FileWriterTest : public testing::Test {
 protected:
  void SetUp() override { repository = test.create().value(); }

  struct Written {
    ContentRef content;
    uint64_t bytes_new = 0;
  };

  Written write(BytesView bytes, const ContentRef* previous, size_t block = 1u << 20) {
    Pipeline pipeline(repository->env(), test.store(), repository->ring(), *repository->index().value(), {},
                      test.fixture.deadline);
    FileWriter writer(repository->env(), repository->ring(), pipeline, *repository->chunks().value());
    writer.begin({.size = bytes.size(), .cut = std::nullopt, .page_bytes = 0, .previous = previous});
    for (size_t at = 0; at < bytes.size(); at += block)
      EXPECT_TRUE(writer.data(bytes.subspan(at, std::min(block, bytes.size() - at))).ok());
    Written written{.content = writer.end().value()};
    EXPECT_TRUE(pipeline.finish().ok());
    written.bytes_new = pipeline.counts().bytes_new;
    return written;
  }

  Bytes read(const ContentRef& content) {
    ChunkReader& chunks = *repository->chunks().value();
    ContentReader reader(content, chunks.meta_get());
    Bytes out;
    for (ExtentRun run = reader.next().value(); !run.empty(); run = reader.next().value())
      for (const Extent& extent : run.extents) {
        if (extent.kind != ExtentKind::Data) {
          out.resize(out.size() + extent.length, std::byte{0});
          std::fill(out.end() - static_cast<ptrdiff_t>(extent.length), out.end(), std::byte{0});
          continue;
        }
        const Bytes chunk = chunks.data(run.ids[extent.chunk]).value();
        append(out, BytesView(chunk).subspan(extent.offset, extent.length));
      }
    return out;
  }

  Bytes text(size_t rows) {
    std::string rows_text;
    for (size_t i = 0; i < rows; ++i)
      rows_text += std::to_string(i) + "\t" + to_hex(test.fixture.entropy.bytes(24)) + "\tcustomer\t" +
                   std::to_string(i * 7) + "\n";
    return to_bytes(rows_text);
  }

  TestRepository test;
  std::unique_ptr<Repository> repository;
};

TEST_F(FileWriterTest, what_comes_back_is_what_went_in_however_it_arrived) {
  const Bytes bytes = text(30000);
  const Written once = write(bytes, nullptr);
  EXPECT_TRUE(equal(read(once.content), bytes));
  const Written in_small_parts = write(bytes, nullptr, 777);
  EXPECT_EQ(in_small_parts.content, once.content);
  EXPECT_EQ(in_small_parts.bytes_new, 0u);
}

TEST_F(FileWriterTest, a_changed_dump_adds_about_what_changed) {
  Bytes bytes = text(60000);
  const Written before = write(bytes, nullptr);
  for (size_t at = 1000; at < bytes.size(); at += bytes.size() / 20) bytes[at] = std::byte{'#'};
  const Written after = write(bytes, &before.content);
  EXPECT_TRUE(equal(read(after.content), bytes));
  EXPECT_FALSE(before.content.digest) << "whole new chunks need none";
  EXPECT_EQ(after.content.digest, blake3(bytes));
  EXPECT_LT(after.bytes_new, 20u * piece_sizes.max);
  EXPECT_GT(after.bytes_new, 0u);
  EXPECT_TRUE(equal(read(before.content), to_bytes(read(before.content)))) << "the older version stays readable";
}

TEST_F(FileWriterTest, insertions_and_deletions_are_found_around) {
  const Bytes bytes = text(60000);
  const Written before = write(bytes, nullptr);
  Bytes moved = to_bytes(BytesView(bytes).subspan(5000, 1000000));
  append(moved, as_bytes("a few new rows\n"));
  append(moved, BytesView(bytes).subspan(1100000));
  const Written after = write(moved, &before.content);
  EXPECT_TRUE(equal(read(after.content), moved));
  EXPECT_LT(after.bytes_new, 8u * piece_sizes.max);
}

TEST_F(FileWriterTest, a_database_adds_its_changed_pages_and_nothing_else) {
  constexpr size_t page = 8192, pages = 1024;
  Bytes bytes = text(110000);
  bytes.resize(page * pages);
  for (size_t p = 0; p < pages; ++p) bytes[p * page + 7] = std::byte{0};
  const Written before = write(bytes, nullptr);
  for (const size_t changed : {0u, 17u, 18u, 500u, 1023u}) bytes[changed * page + 4000] = std::byte{'!'};
  const Written after = write(bytes, &before.content);
  EXPECT_TRUE(equal(read(after.content), bytes));
  EXPECT_EQ(after.bytes_new, 5 * page);
  // And so again, from a version whose pages lie in two places.
  bytes[18 * page] = std::byte{'?'};
  const Written third = write(bytes, &after.content);
  EXPECT_TRUE(equal(read(third.content), bytes));
  EXPECT_EQ(third.bytes_new, page);
}

// Old chunks and new ones alternate, and their offsets meet by chance: many changes are needed for all the ways.
TEST_F(FileWriterTest, scattered_pages_of_many_generations_always_come_back) {
  SeededEntropy& random = test.fixture.entropy;
  constexpr size_t page = 4096, pages = 512;
  Bytes bytes = random.bytes(page * pages / 2);
  append(bytes, text(22000));
  bytes.resize(page * pages);
  for (size_t p = 0; p < pages; ++p) std::fill_n(bytes.begin() + static_cast<ptrdiff_t>(p * page), 900, std::byte{0});
  ContentRef previous = write(bytes, nullptr).content;
  for (const size_t one_in : {3u, 2u, 50u, 3u, 200u, 2u, 10u}) {
    for (size_t p = 0; p < pages; ++p)
      if (random.below(one_in) == 0) bytes[p * page + 100] = static_cast<std::byte>(random.below(256));
    const Written next = write(bytes, &previous);
    ASSERT_TRUE(equal(read(next.content), bytes)) << "one in " << one_in;
    ASSERT_EQ(next.content.digest, blake3(bytes));
    previous = next.content;
  }
}

TEST_F(FileWriterTest, scattered_rows_of_many_generations_always_come_back) {
  SeededEntropy& random = test.fixture.entropy;
  Bytes bytes = text(25000);
  ContentRef previous = write(bytes, nullptr).content;
  for (const size_t apart : {20000u, 9000u, 300000u, 20000u, 5000u}) {
    for (size_t at = 50; at < bytes.size(); at += 1 + random.below(2 * apart)) bytes[at] = std::byte{'#'};
    const Written next = write(bytes, &previous);
    ASSERT_TRUE(equal(read(next.content), bytes)) << "every " << apart;
    previous = next.content;
  }
}

TEST_F(FileWriterTest, random_edits_of_random_kinds_always_come_back) {
  SeededEntropy& random = test.fixture.entropy;
  Bytes bytes = text(8000);
  ContentRef previous = write(bytes, nullptr).content;
  for (int round = 0; round < 40; ++round) {
    const size_t at = random.below(bytes.size()), length = std::min<size_t>(random.below(70000), bytes.size() - at);
    const auto from = bytes.begin() + static_cast<ptrdiff_t>(at), to = from + static_cast<ptrdiff_t>(length);
    const Bytes fresh = random.bytes(random.below(50000));
    switch (random.below(4)) {
      case 0:
        bytes.erase(from, to);
        break;
      case 1:
        bytes.insert(from, fresh.begin(), fresh.end());
        break;
      case 2:
        std::fill(from, to, std::byte{0});
        break;
      default:
        std::reverse(from, to);
    }
    if (bytes.empty()) bytes = text(100);
    const Written next = write(bytes, &previous, 1 + random.below(300000));
    ASSERT_TRUE(equal(read(next.content), bytes)) << "round " << round;
    previous = next.content;
  }
}

TEST_F(FileWriterTest, a_random_file_with_a_new_beginning_is_found_again_behind_it) {
  const Bytes bytes = test.fixture.entropy.bytes(24u << 20);
  const Written before = write(bytes, nullptr);
  Bytes moved = to_bytes(std::string(100003, '\0'));
  append(moved, bytes);
  const Written after = write(moved, &before.content);
  EXPECT_TRUE(equal(read(after.content), moved));
  EXPECT_LT(after.bytes_new, 3u * media_chunk_sizes.max);
}

TEST_F(FileWriterTest, holes_stay_holes) {
  Pipeline pipeline(repository->env(), test.store(), repository->ring(), *repository->index().value(), {},
                    test.fixture.deadline);
  FileWriter writer(repository->env(), repository->ring(), pipeline, *repository->chunks().value());
  writer.begin({.size = 3u << 20, .cut = std::nullopt, .page_bytes = 0, .previous = nullptr});
  ASSERT_TRUE(writer.gap(ExtentKind::Hole, 1u << 20).ok());
  ASSERT_TRUE(writer.data(test.fixture.entropy.bytes(1u << 20)).ok());
  ASSERT_TRUE(writer.gap(ExtentKind::Hole, 1u << 20).ok());
  const ContentRef content = writer.end().value();
  ASSERT_TRUE(pipeline.finish().ok());
  ASSERT_FALSE(content.root.has_value());
  EXPECT_EQ(content.run.extents.front().kind, ExtentKind::Hole);
  EXPECT_EQ(content.run.extents.back().kind, ExtentKind::Hole);
  EXPECT_EQ(read(content).size(), 3u << 20);
}

TEST_F(FileWriterTest, duplicate_data_is_stored_once) {
  const Bytes bytes = text(20000);
  write(bytes, nullptr);
  Bytes twice = bytes;
  append(twice, bytes);
  EXPECT_LT(write(twice, nullptr).bytes_new, 2u * stream_chunk_sizes.max);
}

}  // namespace
}  // namespace hf
