#include "repo/cutter.h"

#include <gtest/gtest.h>

#include <set>

#include "support/seeded_entropy.h"

namespace hf {
namespace {

GearTable make_gear() {
  SeededEntropy entropy(3);
  GearTable gear;
  entropy.fill(std::as_writable_bytes(std::span(gear)));
  return gear;
}

const GearTable gear = make_gear();

std::vector<size_t> cuts_of(BytesView bytes, const CutSizes& sizes) {
  std::vector<size_t> ends;
  for (size_t at = 0; at < bytes.size();) {
    const Cut cut = find_cut(gear, bytes.subspan(at), sizes, true);
    at += cut.length;
    ends.push_back(at);
  }
  return ends;
}

TEST(Cutter, sizes_keep_their_bounds_and_come_near_the_average) {
  SeededEntropy entropy(1);
  const Bytes bytes = entropy.bytes(8u << 20);
  const std::vector<size_t> ends = cuts_of(bytes, piece_sizes);
  size_t begin = 0;
  for (size_t i = 0; i + 1 < ends.size(); begin = ends[i++]) {
    ASSERT_GE(ends[i] - begin, piece_sizes.min);
    ASSERT_LE(ends[i] - begin, piece_sizes.max);
  }
  const double average = static_cast<double>(bytes.size()) / static_cast<double>(ends.size());
  EXPECT_GT(average, 6000);
  EXPECT_LT(average, 11000);
}

TEST(Cutter, an_insertion_moves_only_the_cuts_near_it) {
  SeededEntropy entropy(2);
  const Bytes before = entropy.bytes(2u << 20);
  Bytes after = to_bytes(BytesView(before).first(1000000));
  append(after, as_bytes("inserted"));
  append(after, BytesView(before).subspan(1000000));
  const std::vector<size_t> old_ends = cuts_of(before, piece_sizes);
  std::set<size_t> moved_back;
  for (const size_t end : cuts_of(after, piece_sizes)) moved_back.insert(end > 1000000 ? end - 8 : end);
  size_t lost = 0;
  for (const size_t end : old_ends) lost += moved_back.contains(end) ? 0u : 1u;
  EXPECT_LE(lost, 12u);
  EXPECT_GT(old_ends.size(), 150u);
}

TEST(Cutter, more_is_asked_for_when_no_cut_is_in_sight) {
  const Bytes bytes = SeededEntropy(4).bytes(1000);
  EXPECT_EQ(find_cut(gear, bytes, piece_sizes, false).length, 0u);
  EXPECT_EQ(find_cut(gear, bytes, piece_sizes, true).length, 1000u);
}

TEST(Cutter, what_was_searched_before_need_not_be_searched_again) {
  const Bytes bytes = SeededEntropy(6).bytes(8u << 20);
  for (size_t at = 0; at + media_chunk_sizes.max < bytes.size();) {
    const Cut whole = find_cut(gear, BytesView(bytes).subspan(at), media_chunk_sizes, false);
    Cut parts;
    size_t searched = 0;
    for (size_t given = 100000; parts.length == 0; given += 100000) {
      parts = find_cut(gear, BytesView(bytes).subspan(at, given), media_chunk_sizes, false, searched);
      searched = given;
    }
    ASSERT_EQ(parts.length, whole.length);
    ASSERT_EQ(parts.hash, whole.hash);
    at += whole.length;
  }
}

TEST(Cutter, files_are_told_apart_by_what_they_hold) {
  uint32_t page = 0;
  const Bytes random = SeededEntropy(5).bytes(64u << 10);
  EXPECT_EQ(classify(random, 10u << 20, page), CutClass::Media);
  std::string text;
  while (text.size() < (64u << 10)) text += "insert into orders values (" + std::to_string(text.size()) + ");\n";
  EXPECT_EQ(classify(as_bytes(text), 10u << 20, page), CutClass::Stream);
  EXPECT_EQ(classify(as_bytes(text), 1000, page), CutClass::Whole);
  std::string pages = text;
  pages[100] = '\0';
  EXPECT_EQ(classify(as_bytes(pages), 10u << 20, page), CutClass::Pages);
  EXPECT_EQ(page, 8192u);
  EXPECT_EQ(classify(as_bytes(pages), (10u << 20) + 4096, page), CutClass::Pages);
  EXPECT_EQ(page, 4096u);
  EXPECT_EQ(classify(as_bytes(pages), (10u << 20) + 1, page), CutClass::Stream);
}

}  // namespace
}  // namespace hf
