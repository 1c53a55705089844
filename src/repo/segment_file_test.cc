#include "repo/segment_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "support/faulty_fs.h"
#include "support/faulty_store.h"
#include "support/test_repository.h"

namespace hf {
namespace {

using Places = std::vector<std::pair<uint32_t, uint32_t>>;  // pack, ordinal

class SegmentFileTest : public testing::Test {
 protected:
  void SetUp() override { repository = test.create().value(); }

  std::string directory() { return test.fixture.directory / "segments"; }
  std::unique_ptr<SegmentSource> source(Store& store, Fs& fs, const std::string& at) {
    return std::unique_ptr<SegmentSource>(
        new SegmentSource{store, repository->ring(), SegmentCache(test.fixture.env, fs, at), BlockCache(1 << 16)});
  }
  std::unique_ptr<SegmentSource> source() { return source(test.store(), *test.fixture.fs, directory()); }

  std::string put(const IndexSegment& segment) {
    const Bytes box = repository->ring().seal_box("index", encode_segment(segment), test.fixture.entropy);
    const std::string name = "index/0-" + to_hex(blake3(box));
    EXPECT_TRUE(test.store().put(name, box, Durable::Now, test.fixture.deadline).ok());
    return name;
  }
  // Of `count` entries; some ids are in several packs, and one in more than a block holds.
  IndexSegment random_segment(size_t count) {
    IndexSegment segment;
    std::vector<ChunkId> ids(count);
    for (ChunkId& id : ids) id = entropy.make<ChunkId>();
    segment.add({.name = entropy.make<PackName>(), .size = 1}, ids);
    segment.add({.name = entropy.make<PackName>(), .kind = PackKind::Meta, .size = 2},
                {ids.begin(), ids.begin() + static_cast<ptrdiff_t>(count / 3)});
    if (count > 1000) segment.add({.name = entropy.make<PackName>(), .size = 3}, std::vector<ChunkId>(700, ids[40]));
    segment.superseded.push_back(entropy.make<Sha256>());
    segment.sort();
    return segment;
  }
  void expect_agrees(const SegmentFile& file, const IndexSegment& segment) {
    std::map<ChunkId, Places> model;
    for (const SegmentEntry& entry : segment.entries) {
      ChunkId id;
      std::memcpy(id.bytes.data(), entry.prefix.data(), entry.prefix.size());
      model[id].emplace_back(entry.pack, entry.ordinal);
    }
    for (const auto& [id, wanted] : model) {
      Places found;
      for (const SegmentEntry& entry : file.find_all(id).value()) found.emplace_back(entry.pack, entry.ordinal);
      ASSERT_EQ(found, wanted);
    }
    for (int i = 0; i < 300; ++i) ASSERT_TRUE(file.find_all(entropy.make<ChunkId>()).value().empty());
    size_t at = 0;
    ASSERT_TRUE(file.each([&](const SegmentEntry& entry) {
                      at += at < segment.entries.size() && entry.prefix == segment.entries[at].prefix;
                    })
                    .ok());
    EXPECT_EQ(at, segment.entries.size());
  }
  std::string cached(const std::string& name) { return directory() + "/" + name.substr(name.find('/') + 1); }
  static void change(const std::string& path, size_t at) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(static_cast<std::streamoff>(at));
    const char old = static_cast<char>(file.get());
    file.seekp(static_cast<std::streamoff>(at));
    file.put(static_cast<char>(old ^ 4));
    ASSERT_TRUE(file.good());
  }
  static std::string content(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  TestRepository test;
  SeededEntropy entropy{5};
  std::unique_ptr<Repository> repository;
};

TEST_F(SegmentFileTest, is_a_map_in_memory_from_the_store_and_from_the_cache) {
  for (const size_t count : {0u, 1u, 2u, 255u, 256u, 257u, 512u, 6000u}) {
    const IndexSegment segment = random_segment(count);
    const std::string name = put(segment);
    FaultyStore counting(test.store());
    for (const std::string& at : {std::string(), directory(), directory()}) {
      const auto from = source(counting, *test.fixture.fs, at);
      const auto file = SegmentFile::load(*from, name, test.fixture.deadline).value();
      ASSERT_NO_FATAL_FAILURE(expect_agrees(*file, segment)) << count << " " << at;
      EXPECT_EQ(file->summary().packs.size(), segment.packs.size());
      if (count > 1000 && !at.empty()) {
        EXPECT_LT(file->memory_bytes(), segment.entries.size() * 3 / 2);
      }
    }
    EXPECT_EQ(counting.counts().gets, 2u) << "the third comes from the cache";
    EXPECT_EQ(std::filesystem::status(cached(name)).permissions(), std::filesystem::perms(0600));
  }
}

TEST_F(SegmentFileTest, ids_that_crowd_are_found) {
  std::vector<ChunkId> ids(2000);
  for (size_t i = 0; i < ids.size(); ++i) {
    ids[i].bytes.fill(i % 2 == 0 ? std::byte{0} : std::byte{0xff});
    ids[i].bytes[15] = static_cast<std::byte>(i);
    ids[i].bytes[14] = static_cast<std::byte>(i >> 8);
  }
  IndexSegment segment;
  segment.add({}, ids);
  segment.sort();
  const auto from = source();
  const auto file = SegmentFile::make(*from, "index/0-crowd", encode_segment(segment), test.fixture.deadline).value();
  expect_agrees(*file, segment);
}

TEST_F(SegmentFileTest, a_cached_file_that_was_changed_anywhere_is_fetched_anew) {
  const IndexSegment segment = random_segment(1200);
  const std::string name = put(segment);
  SegmentFile::load(*source(), name, test.fixture.deadline).value();
  const std::string whole = content(cached(name));
  const size_t packs = 16, entries = packs + segment.packs.size() * 48,
               superseded = entries + segment.entries.size() * 24, mac = superseded + 32;
  ASSERT_EQ(whole.size(), mac + 32);
  const size_t last = superseded - 24;
  for (const size_t at : {size_t{0},  size_t{4},   size_t{7},    size_t{8},    size_t{11},   size_t{12},
                          size_t{15}, packs,       packs + 32,   packs + 40,   packs + 44,   entries - 1,
                          entries,    entries + 8, entries + 15, entries + 16, entries + 20, entries + block_bytes,
                          last,       last + 17,   last + 23,    superseded,   mac - 1,      mac,
                          mac + 31}) {
    change(cached(name), at);
    FaultyStore counting(test.store());
    const auto from = source(counting, *test.fixture.fs, directory());
    const auto file = SegmentFile::load(*from, name, test.fixture.deadline).value();
    ASSERT_NO_FATAL_FAILURE(expect_agrees(*file, segment)) << at;
    EXPECT_EQ(counting.counts().gets, 1u) << at;
    EXPECT_EQ(content(cached(name)), whole) << at;
  }
}

TEST_F(SegmentFileTest, a_cached_file_of_another_length_is_fetched_anew) {
  const IndexSegment segment = random_segment(300);
  const std::string name = put(segment);
  SegmentFile::load(*source(), name, test.fixture.deadline).value();
  const std::string whole = content(cached(name));
  for (const size_t size : {size_t{0}, size_t{1}, size_t{31}, size_t{32}, size_t{48}, whole.size() / 2,
                            whole.size() - 1, whole.size() + 1, whole.size() + 24}) {
    std::filesystem::resize_file(cached(name), size);
    const auto from = source();
    ASSERT_NO_FATAL_FAILURE(expect_agrees(*SegmentFile::load(*from, name, test.fixture.deadline).value(), segment));
    EXPECT_EQ(content(cached(name)), whole) << size;
  }
}

TEST_F(SegmentFileTest, one_segment_in_anothers_place_is_not_believed) {
  const IndexSegment one = random_segment(300), other = random_segment(300);
  const std::string name = put(one), other_name = put(other);
  SegmentFile::load(*source(), name, test.fixture.deadline).value();
  SegmentFile::load(*source(), other_name, test.fixture.deadline).value();
  std::filesystem::rename(cached(other_name), cached(name));
  const auto from = source();
  expect_agrees(*SegmentFile::load(*from, name, test.fixture.deadline).value(), one);
}

TEST_F(SegmentFileTest, the_cache_of_another_repositorys_keys_is_not_believed) {
  const IndexSegment one = random_segment(10), other = random_segment(10);
  const std::string name = put(one);
  const KeyRing foreign(RootKey::take(std::vector<unsigned char>(32, 9)), repository->ring().repository());
  SegmentSource theirs{test.store(), foreign, SegmentCache(test.fixture.env, *test.fixture.fs, directory())};
  SegmentFile::make(theirs, name, encode_segment(other), test.fixture.deadline).value();
  const auto from = source();
  expect_agrees(*SegmentFile::load(*from, name, test.fixture.deadline).value(), one);
}

TEST_F(SegmentFileTest, what_changes_after_it_was_loaded_is_seen_and_fetched_again) {
  const IndexSegment segment = random_segment(5000);
  const std::string name = put(segment);
  SegmentFile::load(*source(), name, test.fixture.deadline).value();
  for (const bool cut_short : {false, true}) {
    FaultyStore counting(test.store());
    const auto from = source(counting, *test.fixture.fs, directory());
    const auto file = SegmentFile::load(*from, name, test.fixture.deadline).value();
    ASSERT_EQ(counting.counts().gets, 0u);
    if (cut_short)
      std::filesystem::resize_file(cached(name), 3000);
    else
      change(cached(name), 16 + 3 * 48 + 2000 * 24);
    ASSERT_NO_FATAL_FAILURE(expect_agrees(*file, segment));
    EXPECT_EQ(counting.counts().gets, 1u);
    EXPECT_FALSE(std::filesystem::exists(cached(name))) << "the next run must not find it";
    SegmentFile::load(*source(), name, test.fixture.deadline).value();
  }
}

TEST_F(SegmentFileTest, what_can_be_had_nowhere_is_an_error_and_not_absent) {
  const IndexSegment segment = random_segment(400);
  const std::string name = put(segment);
  SegmentFile::load(*source(), name, test.fixture.deadline).value();
  ChunkId id;
  std::memcpy(id.bytes.data(), segment.entries[20].prefix.data(), id_prefix_bytes);
  for (const Code code : {Code::Unavailable, Code::NotFound}) {
    FaultyStore faulty(test.store());
    const auto from = source(faulty, *test.fixture.fs, directory());
    const auto file = SegmentFile::load(*from, name, test.fixture.deadline).value();
    std::filesystem::resize_file(cached(name), 0);
    faulty.fail_operation(faulty.counts().all + 1, code);
    const Result<std::vector<SegmentEntry>> found = file->find_all(id);
    ASSERT_FALSE(found.ok());
    EXPECT_EQ(found.error().code(), code == Code::NotFound ? Code::Failed : code) << found.error().message();
    EXPECT_FALSE(file->find_all(id).value().empty()) << "once the store answers again";
    SegmentFile::load(*source(), name, test.fixture.deadline).value();
  }
}

TEST_F(SegmentFileTest, a_cache_that_fails_in_any_way_only_costs_memory) {
  const IndexSegment segment = random_segment(600);
  const std::string name = put(segment);
  FaultyFs faulty(*test.fixture.fs);
  const auto run = [&] {
    const auto from = source(test.store(), faulty, directory());
    expect_agrees(*SegmentFile::load(*from, name, test.fixture.deadline).value(), segment);
    from->cache.keep_only({name});
  };
  for (const bool is_cached : {false, true}) {
    const auto prepare = [&] {
      faulty.faults().heal();
      std::filesystem::remove_all(directory());
      if (is_cached) SegmentFile::load(*source(), name, test.fixture.deadline).value();
    };
    prepare();
    faulty.faults().restart_count();
    run();
    const uint64_t calls = faulty.faults().calls();
    ASSERT_GT(calls, 5u);
    for (uint64_t call = 1; call <= std::min<uint64_t>(calls, 60); ++call) {
      for (const bool for_good : {false, true}) {
        prepare();
        faulty.faults().restart_count();
        if (for_good)
          faulty.faults().stop_after(call - 1);
        else
          faulty.faults().fail_at(call, Code::Failed, "no space left");
        ASSERT_NO_FATAL_FAILURE(run()) << call;
      }
    }
  }
}

TEST_F(SegmentFileTest, a_place_that_cannot_be_a_directory_only_costs_memory) {
  const IndexSegment segment = random_segment(600);
  const std::string name = put(segment);
  std::ofstream(test.fixture.directory / "file") << "x";
  const auto from = source(test.store(), *test.fixture.fs, test.fixture.directory / "file/segments");
  const auto file = SegmentFile::load(*from, name, test.fixture.deadline).value();
  expect_agrees(*file, segment);
  EXPECT_GT(file->memory_bytes(), segment.entries.size() * sizeof(SegmentEntry));
}

TEST_F(SegmentFileTest, processes_that_share_a_cache_do_not_disturb_each_other) {
  const IndexSegment segment = random_segment(900), newer = random_segment(900);
  const std::string name = put(segment), newer_name = put(newer);
  const auto ours = source(), theirs = source();
  const auto file = SegmentFile::load(*ours, name, test.fixture.deadline).value();
  const auto same = SegmentFile::load(*theirs, name, test.fixture.deadline).value();
  theirs->cache.keep_only({newer_name});  // a prune replaced ours
  EXPECT_FALSE(std::filesystem::exists(cached(name)));
  const auto other = SegmentFile::load(*theirs, newer_name, test.fixture.deadline).value();
  ASSERT_NO_FATAL_FAILURE(expect_agrees(*file, segment));
  ASSERT_NO_FATAL_FAILURE(expect_agrees(*same, segment));
  ASSERT_NO_FATAL_FAILURE(expect_agrees(*other, newer));
}

TEST_F(SegmentFileTest, more_segments_than_files_may_be_open_are_read_all_the_same) {
  const auto from = source();
  std::vector<std::unique_ptr<SegmentFile>> files;
  std::vector<IndexSegment> segments;
  for (int i = 0; i < 140; ++i) {
    segments.push_back(random_segment(20));
    files.push_back(SegmentFile::load(*from, put(segments.back()), test.fixture.deadline).value());
  }
  for (size_t i = 0; i < files.size(); ++i) ASSERT_NO_FATAL_FAILURE(expect_agrees(*files[i], segments[i]));
  std::filesystem::remove_all(directory());
  ASSERT_NO_FATAL_FAILURE(expect_agrees(*files.back(), segments.back())) << "from the store";
}

TEST_F(SegmentFileTest, what_the_store_lost_leaves_the_cache) {
  const std::string name = put(random_segment(5)), gone = put(random_segment(5));
  const auto from = source();
  SegmentFile::load(*from, name, test.fixture.deadline).value();
  SegmentFile::load(*from, gone, test.fixture.deadline).value();
  std::ofstream(directory() + "/.new-0") << "being written";
  from->cache.keep_only({name});
  EXPECT_TRUE(std::filesystem::exists(cached(name)));
  EXPECT_FALSE(std::filesystem::exists(cached(gone)));
  EXPECT_TRUE(std::filesystem::exists(directory() + "/.new-0")) << "perhaps by another process";
}

TEST_F(SegmentFileTest, a_segment_whose_object_is_damaged_is_corrupt) {
  IndexSegment unsorted = random_segment(2);
  std::swap(unsorted.entries.front(), unsorted.entries.back());
  IndexSegment unknown_pack = random_segment(2);
  unknown_pack.entries.front().pack = 9;
  IndexSegment no_such_ordinal = random_segment(2);
  no_such_ordinal.entries.front().ordinal = UINT32_MAX;
  for (const IndexSegment& segment : {unsorted, unknown_pack, no_such_ordinal})
    EXPECT_EQ(SegmentFile::load(*source(), put(segment), test.fixture.deadline).error().code(), Code::Corrupt);
  const Bytes plain = encode_segment(random_segment(3));
  const auto from = source();
  for (size_t size = 0; size < plain.size(); ++size)
    EXPECT_EQ(SegmentFile::make(*from, "index/0-short", to_bytes(BytesView(plain).first(size)), test.fixture.deadline)
                  .error()
                  .code(),
              Code::Corrupt);
}

TEST(IdFilter, says_yes_to_all_it_has_and_to_few_others) {
  SeededEntropy entropy(11);
  std::vector<ChunkId> ids(100000);
  IdFilter filter(ids.size());
  for (ChunkId& id : ids) filter.add((id = entropy.make<ChunkId>()).bytes.data());
  for (const ChunkId& id : ids) ASSERT_TRUE(filter.may_hold(id.bytes.data()));
  size_t wrong = 0;
  for (size_t i = 0; i < ids.size(); ++i) wrong += filter.may_hold(entropy.make<ChunkId>().bytes.data());
  EXPECT_LT(wrong, ids.size() / 60);
  EXPECT_LE(filter.memory_bytes(), ids.size() * 10 / 8 + 64);
}

}  // namespace
}  // namespace hf
