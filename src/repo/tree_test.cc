#include "repo/tree.h"

#include <gtest/gtest.h>

#include <map>

#include "crypto/hash.h"
#include "support/seeded_entropy.h"

namespace hf {
namespace {

// Metadata chunks in a map.
struct Chunks {
  std::map<ChunkId, Bytes> held;
  MetaPut put() {
    return [this](const Bytes& bytes) -> Result<ChunkId> {
      const ChunkId id{blake3(bytes)};
      held[id] = bytes;
      return id;
    };
  }
  MetaGet get() {
    return [this](const ChunkId& id) -> Result<Bytes> {
      const auto found = held.find(id);
      if (found == held.end()) return Error(Code::NotFound, "no such chunk");
      return found->second;
    };
  }
};

TreeEntry file(const std::string& path, uint64_t size) {
  TreeEntry entry;
  entry.meta.path = path;
  entry.meta.info.type = FileType::File;
  entry.meta.info.mode = 0640;
  entry.meta.info.size = size;
  entry.meta.info.mtime = WallTime(Duration(1234567890123456789));
  return entry;
}

std::vector<TreeEntry> make_entries(size_t count) {
  std::vector<TreeEntry> entries;
  TreeEntry root;
  root.meta.info.type = FileType::Directory;
  entries.push_back(root);
  for (size_t i = 0; i < count; ++i) {
    std::string number = std::to_string(i);
    number.insert(0, 7 - number.size(), '0');
    entries.push_back(file("file-" + number, i));
  }
  return entries;
}

TreeSummary write(Chunks& chunks, const std::vector<TreeEntry>& entries) {
  TreeWriter writer(chunks.put());
  for (const TreeEntry& entry : entries) EXPECT_TRUE(writer.add(entry).ok());
  return writer.finish().value();
}

std::vector<std::string> paths_from(TreeReader& reader) {
  std::vector<std::string> paths;
  while (const TreeEntry* entry = reader.next().value()) paths.push_back(entry->meta.path);
  return paths;
}

TEST(Tree, gives_back_all_entries_in_order_whatever_their_number) {
  for (const size_t count : {0u, 1u, 63u, 64u, 5000u, 60000u}) {
    Chunks chunks;
    const TreeSummary summary = write(chunks, make_entries(count));
    EXPECT_EQ(summary.entries, count + 1);
    EXPECT_EQ(summary.files, count);
    TreeReader reader(summary.root, chunks.get());
    EXPECT_EQ(paths_from(reader).size(), count + 1);
  }
}

TEST(Tree, all_of_an_entry_comes_back) {
  Chunks chunks;
  TreeEntry full = file(std::string("na\xff\nme"), 70000);
  full.meta.user = "alice";
  full.meta.group = std::string("\xe9", 1);
  full.meta.info.uid = 1000;
  full.meta.info.ctime = WallTime(Duration(-5));
  full.meta.info.inode = UINT64_MAX;
  full.meta.link_group = 3;
  full.meta.xattrs = {{.name = "user.a", .value = to_bytes("1")}, {.name = "user.b", .value = {}}};
  const ChunkId id{blake3(as_bytes("chunk"))};
  append_extent(full.content.run, ExtentKind::Data, 60000, &id, 17);
  append_extent(full.content.run, ExtentKind::Hole, 10000, nullptr, 0);
  full.content.digest = blake3(as_bytes("whole"));
  std::vector<TreeEntry> entries = make_entries(0);
  entries.push_back(full);
  TreeReader reader(write(chunks, entries).root, chunks.get());
  ASSERT_TRUE(reader.next().ok());
  const TreeEntry& back = *reader.next().value();
  EXPECT_EQ(back.meta.path, full.meta.path);
  EXPECT_EQ(back.meta.group, full.meta.group);
  EXPECT_EQ(back.meta.info.ctime, full.meta.info.ctime);
  EXPECT_EQ(back.meta.info.inode, full.meta.info.inode);
  EXPECT_EQ(back.meta.xattrs, full.meta.xattrs);
  EXPECT_EQ(back.content, full.content);
  EXPECT_EQ(back.content.digest, full.content.digest);
}

TEST(Tree, one_changed_entry_gives_few_new_chunks) {
  Chunks chunks;
  std::vector<TreeEntry> entries = make_entries(60000);
  write(chunks, entries);
  const size_t before = chunks.held.size();
  entries[30000].meta.info.size = 1;
  entries.erase(entries.begin() + 45000);
  write(chunks, entries);
  EXPECT_LE(chunks.held.size() - before, 8u);
  EXPECT_GT(before, 100u);
}

TEST(Tree, a_reader_goes_on_behind_a_part_that_is_lost) {
  Chunks chunks;
  const TreeSummary summary = write(chunks, make_entries(5000));
  ASSERT_GT(summary.root.depth, 0u);
  std::vector<ChunkId> parts;
  TreeReader whole(summary.root, chunks.get());
  whole.on_part([&](const ChunkId& id) { parts.push_back(id); });
  const std::vector<std::string> all = paths_from(whole);
  for (const ChunkId& lost : parts) {
    Chunks damaged = chunks;
    damaged.held.erase(lost);
    TreeReader reader(summary.root, damaged.get());
    size_t errors = 0, found = 0;
    for (;;) {
      const Result<const TreeEntry*> next = reader.next();
      errors += next.ok() ? 0 : 1;
      if (!next.ok()) continue;
      if (next.value() == nullptr) break;
      ++found;
    }
    EXPECT_EQ(errors, 1u);
    EXPECT_LT(found, all.size());
    EXPECT_EQ(found == 0, lost == summary.root.id);
  }
}

TEST(Tree, seek_begins_where_it_is_told) {
  Chunks chunks;
  const Root root = write(chunks, make_entries(20000)).root;
  for (const char* path : {"file-0000000", "file-0000063", "file-0012345", "file-0019999"}) {
    TreeReader reader(root, chunks.get());
    ASSERT_TRUE(reader.seek(path).ok());
    EXPECT_EQ(reader.next().value()->meta.path, path);
  }
  TreeReader past(root, chunks.get());
  ASSERT_TRUE(past.seek("zzz").ok());
  EXPECT_EQ(past.next().value(), nullptr);
}

TEST(Tree, paths_that_lead_elsewhere_or_stand_out_of_order_are_refused) {
  for (const char* path : {"../x", "/x", "a//b", "a/./b", "a/../b", "a/"}) {
    Bytes leaf;
    encode_entry(file(path, 1), "", leaf);
    EXPECT_EQ(decode_leaf(leaf).error().code(), Code::Corrupt) << path;
  }
  TreeWriter writer(Chunks().put());
  ASSERT_TRUE(writer.add(make_entries(0)[0]).ok());
  ASSERT_TRUE(writer.add(file("b", 1)).ok());
  EXPECT_FALSE(writer.add(file("a", 1)).ok());
  EXPECT_FALSE(writer.add(file("b", 1)).ok());
}

TEST(Tree, every_single_bit_flip_of_a_leaf_changes_what_it_says_or_is_refused) {
  Bytes leaf;
  encode_entry(file("some/file", 12345), "", leaf);
  const TreeEntry before = decode_leaf(leaf).value()[0];
  for (size_t bit = 0; bit < leaf.size() * 8; ++bit) {
    Bytes damaged = leaf;
    damaged[bit / 8] ^= static_cast<std::byte>(1 << (bit % 8));
    const auto after = decode_leaf(damaged);
    if (!after.ok() || after.value().empty()) continue;
    Bytes again;
    encode_entry(after.value()[0], "", again);
    EXPECT_FALSE(equal(again, leaf)) << bit;
  }
}

TEST(Content, long_lists_and_short_ones_come_back) {
  for (const size_t count : {0u, 1u, 8u, 9u, 300u, 20000u}) {
    Chunks chunks;
    ContentWriter writer(chunks.put());
    for (size_t i = 0; i < count; ++i) {
      const ChunkId id{blake3(as_bytes(std::to_string(i)))};
      ASSERT_TRUE(writer.add(ExtentKind::Data, 1000 + i, &id, 5).ok());
      if (i % 10 != 0) continue;
      ASSERT_TRUE(writer.add(ExtentKind::Hole, 4096, nullptr, 0).ok());
    }
    const ContentRef ref = writer.finish().value();
    EXPECT_EQ(ref.root.has_value(), count > 8);
    ContentReader reader(ref, chunks.get());
    size_t seen = 0;
    for (ExtentRun run = reader.next().value(); !run.empty(); run = reader.next().value())
      for (const Extent& extent : run.extents)
        if (extent.kind == ExtentKind::Data) {
          EXPECT_EQ(extent.length, 1000 + seen);
          EXPECT_EQ(run.ids[extent.chunk], ChunkId{blake3(as_bytes(std::to_string(seen)))});
          ++seen;
        }
    EXPECT_EQ(seen, count);
  }
}

TEST(Content, extents_that_continue_each_other_are_one) {
  ExtentRun run;
  const ChunkId id{blake3(as_bytes("x"))};
  append_extent(run, ExtentKind::Data, 10, &id, 0);
  append_extent(run, ExtentKind::Data, 20, &id, 10);
  append_extent(run, ExtentKind::Data, 5, &id, 40);
  EXPECT_EQ(run.extents.size(), 2u);
  EXPECT_EQ(run.extents[0].length, 30u);
  EXPECT_EQ(run.ids.size(), 1u);
}

// Whatever is joined or listed again: the bytes that extents stand for are the ones that were added, in their order.
TEST(Content, extents_stand_for_what_was_added) {
  SeededEntropy entropy;
  std::vector<ChunkId> ids(6);
  for (ChunkId& id : ids) entropy.fill(id.bytes);
  for (int round = 0; round < 200; ++round) {
    ExtentRun run;
    std::vector<std::pair<ChunkId, uint32_t>> added, listed;  // a page each
    uint32_t offset = 0;
    for (int i = 0; i < 60; ++i) {
      const ChunkId& id = ids[entropy.below(ids.size())];
      if (entropy.below(3) == 0) offset = static_cast<uint32_t>(entropy.below(4));
      const uint64_t pages = 1 + entropy.below(3);
      append_extent(run, ExtentKind::Data, pages, &id, offset);
      for (uint64_t p = 0; p < pages; ++p) added.emplace_back(id, offset++);
    }
    for (const Extent& extent : run.extents)
      for (uint32_t p = 0; p < extent.length; ++p) listed.emplace_back(run.ids[extent.chunk], extent.offset + p);
    ASSERT_EQ(listed, added) << "round " << round;
  }
}

}  // namespace
}  // namespace hf
