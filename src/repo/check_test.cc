#include "repo/check.h"

#include "repo/prune.h"
#include "repo/prune_test_repository.h"

namespace hf {
namespace {

using Severity = Finding::Severity;

struct CheckTest : testing::Test {
  CheckTest() {
    const std::string shared = content_of(1, 300'000);
    points.push_back(write_point(test, "home", {{"a", shared}, {"b", content_of(2, 500'000)}}));
    points.push_back(write_point(test, "home", {{"a", shared}, {"c", content_of(3, 500'000)}}));
  }

  CheckOutcome check(CheckRequest request = {.read_data = 1}) {
    const auto repository = test.open();
    return check_repository(*repository, request, {}).value();
  }
  std::string id(size_t point) const { return points[point].id.hex().substr(0, 10); }
  static bool names(const CheckOutcome& outcome, const std::string& object) {
    return std::any_of(outcome.findings.begin(), outcome.findings.end(), [&](const Finding& finding) {
      return finding.severity == Severity::Damage && finding.object == object;
    });
  }
  static std::string all(const CheckOutcome& outcome) {
    std::string text;
    for (const Finding& finding : outcome.findings) text += finding.object + ": " + finding.what + "\n";
    return text;
  }
  Bytes bytes_of(const std::string& name) {
    return get_whole(*test.memory, name, pack_bytes_max, test.deadline()).value();
  }
  void put_instead(const std::string& name, BytesView bytes) {
    test.memory->remove(name, test.deadline()).value();
    test.memory->put(name, bytes, Durable::Now, test.deadline()).value();
  }
  // Calls `use` with a fault in `name`, then takes it back.
  void with_flipped_bit(const std::string& name, size_t at, const std::function<void()>& use) {
    const Bytes good = bytes_of(name);
    Bytes bad = good;
    bad[std::min(at, bad.size() - 1)] ^= std::byte{4};
    put_instead(name, bad);
    use();
    put_instead(name, good);
  }

  SteppedRepository test;
  std::vector<Point> points;
};

TEST_F(CheckTest, a_sound_repository_has_no_findings) {
  const CheckOutcome outcome = check();
  EXPECT_TRUE(outcome.findings.empty()) << all(outcome);
  EXPECT_TRUE(outcome.sound());
  EXPECT_EQ(outcome.points, 2u);
  EXPECT_EQ(outcome.packs_read, outcome.packs);
  EXPECT_EQ(outcome.packs_unreferenced, 0u);
}

TEST_F(CheckTest, a_flipped_bit_in_any_small_object_is_found_and_named) {
  {
    const auto repository = test.open();
    attach_proof(*repository, points[0], {.level = "restored", .passed = true}).value();
    TestWriter(test).checkpoint("home");
    prune(*repository, {.forget = {{.name = points[0].object, .reason = "test"}}}, {}).value();
  }
  write_point(test, "home", {{"d", "x"}});
  for (const std::string prefix : {"manifests/", "heads/", "gc/", "epochs/", "index/", "checkpoints/"}) {
    const std::vector<std::string> objects = test.names(prefix);
    ASSERT_FALSE(objects.empty()) << prefix;
    for (const std::string& object : objects) {
      const auto repository = test.open();  // opened before: a damaged epoch keeps it from being opened at all
      with_flipped_bit(object, bytes_of(object).size() / 2, [&] {
        const CheckOutcome outcome = check_repository(*repository, {}, {}).value();
        EXPECT_TRUE(names(outcome, object)) << object << "\n" << all(outcome);
        EXPECT_FALSE(outcome.sound());
      });
    }
  }
}

TEST_F(CheckTest, a_damaged_proof_and_a_damaged_key_are_found) {
  {
    const auto repository = test.open();
    attach_proof(*repository, points[1], {.level = "restored", .passed = true}).value();
  }
  const std::string proof = test.names("attachments/").at(0), key = test.names("keys/").at(0);
  with_flipped_bit(proof, 400, [&] { EXPECT_TRUE(names(check(), proof)); });
  const auto repository = test.open();
  with_flipped_bit(key, 60, [&] { EXPECT_TRUE(names(check_repository(*repository, {}, {}).value(), key)); });
}

TEST_F(CheckTest, a_flipped_bit_anywhere_in_a_pack_is_found_and_its_points_are_named) {
  for (const std::string prefix : {"packs/", "meta/"}) {
    for (const std::string& object : test.names(prefix)) {
      const size_t size = bytes_of(object).size();
      for (const size_t at : {size_t{0}, size_t{100}, size - 1}) {
        with_flipped_bit(object, at, [&] {
          const CheckOutcome outcome = check();
          EXPECT_TRUE(names(outcome, object)) << object << " at " << at << "\n" << all(outcome);
          EXPECT_FALSE(outcome.sound());
          EXPECT_FALSE(outcome.points_damaged.empty()) << object << " at " << at;
        });
      }
    }
  }
}

TEST_F(CheckTest, a_pack_whose_padding_is_damaged_has_lost_nothing) {
  const std::string object = test.names("meta/").at(0);
  const size_t padding = bytes_of(object).size() - pack_footer_bytes - 1;
  ASSERT_EQ(bytes_of(object)[padding], std::byte{0});
  with_flipped_bit(object, padding, [&] {
    const CheckOutcome outcome = check();
    EXPECT_TRUE(names(outcome, object)) << all(outcome);
    EXPECT_TRUE(outcome.points_damaged.empty());
  });
}

TEST_F(CheckTest, a_damaged_metadata_pack_that_points_need_is_found_without_reading_data) {
  for (const std::string& object : test.names("meta/")) {
    with_flipped_bit(object, 100, [&] {
      const CheckOutcome outcome = check({});
      EXPECT_TRUE(names(outcome, object)) << all(outcome);
      EXPECT_FALSE(outcome.points_damaged.empty());
    });
  }
}

TEST_F(CheckTest, a_point_is_damaged_only_if_it_needs_what_is) {
  // The second data pack holds what only the second point has: it is the one written later.
  std::string second;
  const auto repository = test.open();
  ASSERT_EQ(test.names("packs/").size(), 2u);
  visit_chunks(*repository, points[1].manifest, [&](const ChunkUse& use) -> Status {
    if (use.kind == PackKind::Meta) return {};
    Index& index = *repository->index().value();
    second = pack_object_name(use.kind, index.pack(index.find(use.kind, use.id).value()->pack).name);
    return {};
  }).value();
  with_flipped_bit(second, 5000, [&] { EXPECT_EQ(check().points_damaged, std::vector<std::string>{id(1)}); });
  EXPECT_TRUE(check().sound());
}

TEST_F(CheckTest, missing_and_short_packs_are_found_without_reading_data) {
  for (const std::string& object : test.names("packs/")) {
    const Bytes good = bytes_of(object);
    test.memory->remove(object, test.deadline()).value();
    const CheckOutcome missing = check({});
    EXPECT_TRUE(names(missing, object)) << all(missing);
    EXPECT_FALSE(missing.points_damaged.empty());
    test.memory->put(object, BytesView(good).first(good.size() / 2), Durable::Now, test.deadline()).value();
    const CheckOutcome cut = check({});
    EXPECT_TRUE(names(cut, object)) << all(cut);
    EXPECT_FALSE(cut.points_damaged.empty());
    put_instead(object, good);
  }
}

TEST_F(CheckTest, a_manifest_that_somebody_removed_is_missed) {
  test.memory->remove(points[0].object, test.deadline()).value();
  const CheckOutcome outcome = check();
  EXPECT_TRUE(names(outcome, points[0].object)) << all(outcome);
  EXPECT_EQ(outcome.points_damaged, std::vector<std::string>{id(0)});
}

TEST_F(CheckTest, a_point_that_was_pruned_is_not_missed) {
  const auto repository = test.open();
  prune(*repository, {.forget = {{.name = points[0].object, .reason = "test"}}, .grace = Duration::zero()}, {}).value();
  const CheckOutcome outcome = check();
  EXPECT_TRUE(outcome.findings.empty()) << all(outcome);
}

TEST_F(CheckTest, a_gap_in_the_ledger_is_found) {
  const std::string head = test.names("heads/").at(0);
  test.memory->remove(head, test.deadline()).value();
  EXPECT_TRUE(names(check(), head));
}

TEST_F(CheckTest, a_damaged_or_lost_index_is_rebuilt) {
  const std::vector<std::string> segments = test.names("index/");
  Bytes bad = bytes_of(segments[0]);
  bad[200] ^= std::byte{1};
  put_instead(segments[0], bad);
  test.memory->remove(segments[1], test.deadline()).value();
  const CheckOutcome before = check();
  EXPECT_TRUE(names(before, segments[0])) << all(before);
  const CheckOutcome repair = check({.repair = true});
  EXPECT_TRUE(repair.repaired);
  EXPECT_TRUE(repair.sound()) << all(repair);
  EXPECT_TRUE(repair.points_damaged.empty());
  const CheckOutcome after = check();
  EXPECT_TRUE(after.findings.empty()) << all(after);
}

TEST_F(CheckTest, a_lost_index_segment_alone_is_found_and_rebuilt) {
  for (const std::string& segment : test.names("index/")) test.memory->remove(segment, test.deadline()).value();
  EXPECT_FALSE(check().sound());
  EXPECT_TRUE(check({.repair = true}).sound());
  EXPECT_TRUE(check().findings.empty());
}

TEST_F(CheckTest, a_share_of_the_data_moves_on_from_day_to_day) {
  for (int i = 0; i < 6; ++i) write_point(test, "more", {{"f", content_of(20 + static_cast<uint64_t>(i), 200'000)}});
  const std::string object = test.names("packs/").at(3);
  int found = 0;
  with_flipped_bit(object, 5000, [&] {
    for (int day = 0; day < 30; ++day) {
      test.clock.advance(std::chrono::hours(24));
      const CheckOutcome outcome = check({.read_data = 0.2});
      EXPECT_LT(outcome.packs_read, outcome.packs);
      if (names(outcome, object)) ++found;
    }
  });
  EXPECT_GT(found, 0);
  EXPECT_LT(found, 30);
}

TEST_F(CheckTest, what_is_no_part_of_a_repository_is_only_noted) {
  test.memory->put("stray/file", as_bytes("x"), Durable::Now, test.deadline()).value();
  const CheckOutcome outcome = check();
  EXPECT_TRUE(outcome.sound());
  ASSERT_EQ(outcome.findings.size(), 1u);
  EXPECT_EQ(outcome.findings[0].object, "stray/file");
}

}  // namespace
}  // namespace hf
