#include <gtest/gtest.h>

#include "support/faulty_store.h"
#include "support/test_repository.h"

namespace hf {
namespace {

class PointsTest : public testing::Test {
 protected:
  void SetUp() override { repository = test.create().value(); }
  Result<Point> commit(Repository& in, const std::string& set = "app") {
    Manifest manifest{.set = set};
    manifest.finished = test.fixture.clock.wall();
    return commit_point(in, manifest);
  }
  TestRepository test;
  std::unique_ptr<Repository> repository;
};

TEST_F(PointsTest, points_are_numbered_and_chained) {
  const Point first = commit(*repository).value(), second = commit(*repository).value();
  EXPECT_EQ(first.manifest.sequence, 1u);
  EXPECT_EQ(second.manifest.sequence, 2u);
  EXPECT_EQ(second.manifest.previous, first.digest);
  const auto again = test.open().value();
  const PointList list = list_points(*again).value();
  ASSERT_EQ(list.points.size(), 2u);
  EXPECT_EQ(list.points[1].id, second.id);
  EXPECT_EQ(newest_point(*again, "app").value()->id, second.id);
  EXPECT_FALSE(newest_point(*again, "other").value().has_value());
}

TEST_F(PointsTest, names_of_sets_are_not_in_the_clear) {
  ASSERT_TRUE(commit(*repository, "payroll").ok());
  for (const std::string& name : names_in(test.store(), "", test.fixture.deadline)) {
    EXPECT_EQ(name.find("payroll"), std::string::npos);
    const ObjectInfo info = test.store().info(name, test.fixture.deadline).value();
    const Bytes bytes = test.store().get(name, 0, info.size, test.fixture.deadline).value();
    EXPECT_EQ(as_text(bytes).find("payroll"), std::string_view::npos) << name;
  }
}

TEST_F(PointsTest, two_writers_of_one_set_get_two_numbers) {
  const auto other = test.open().value();
  ASSERT_TRUE(commit(*repository).ok());
  EXPECT_EQ(commit(*other).value().manifest.sequence, 2u);
  EXPECT_EQ(commit(*repository).value().manifest.sequence, 3u);
  EXPECT_EQ(list_points(*test.open().value()).value().points.size(), 3u);
}

TEST_F(PointsTest, a_writer_killed_at_any_step_of_a_commit_leaves_a_sound_chain) {
  ASSERT_TRUE(commit(*repository).ok());
  for (uint64_t steps = 0; steps < 2; ++steps) {
    FaultyStore dying(test.store());
    const auto doomed = test.open(dying).value();
    dying.stop_after_changes(dying.counts().changes + steps);
    EXPECT_FALSE(commit(*doomed).ok());
    const auto next = test.open().value();
    const Point point = commit(*next).value();
    EXPECT_EQ(point.manifest.sequence, 2 + 2 * steps) << "a manifest without a head keeps its number";
    EXPECT_EQ(names_in(test.store(), "heads/", test.fixture.deadline).size(), point.manifest.sequence);
  }
}

TEST_F(PointsTest, every_single_bit_flip_of_a_manifest_or_head_is_found) {
  ASSERT_TRUE(commit(*repository).ok());
  for (const char* prefix : {"manifests/", "heads/"}) {
    const std::string name = names_in(test.store(), prefix, test.fixture.deadline).front();
    const uint64_t size = test.store().info(name, test.fixture.deadline).value().size;
    const Bytes sound = test.store().get(name, 0, size, test.fixture.deadline).value();
    const SignedKind kind = prefix[0] == 'm' ? SignedKind::Manifest : SignedKind::Head;
    ASSERT_TRUE(open_signed(repository->ring(), repository->signers(), kind, name, sound).ok());
    for (size_t bit = 0; bit < sound.size() * 8; ++bit) {
      Bytes damaged = sound;
      damaged[bit / 8] ^= static_cast<std::byte>(1 << (bit % 8));
      ASSERT_FALSE(open_signed(repository->ring(), repository->signers(), kind, name, damaged).ok())
          << name << " bit " << bit;
    }
  }
}

TEST_F(PointsTest, a_manifest_put_in_anothers_place_is_refused) {
  const Point first = commit(*repository).value(), second = commit(*repository).value();
  const ObjectInfo info = test.store().info(first.object, test.fixture.deadline).value();
  const Bytes bytes = test.store().get(first.object, 0, info.size, test.fixture.deadline).value();
  EXPECT_EQ(
      open_signed(repository->ring(), repository->signers(), SignedKind::Manifest, second.object, bytes).error().code(),
      Code::Corrupt);
}

TEST_F(PointsTest, an_older_state_of_the_store_is_an_alarm) {
  ASSERT_TRUE(commit(*repository).ok());
  ASSERT_TRUE(commit(*repository).ok());
  const Deadline& deadline = test.fixture.deadline;
  ASSERT_TRUE(test.store().remove(names_in(test.store(), "heads/", deadline).back(), deadline).ok());
  ASSERT_TRUE(test.store().remove(names_in(test.store(), "manifests/", deadline).back(), deadline).ok());
  const auto again = test.open().value();
  EXPECT_EQ(list_points(*again).error().code(), Code::KeyMissing);
  EXPECT_FALSE(commit(*again).ok());
  EXPECT_EQ(accept_rollback(*again, "app").value(), 1u);
  EXPECT_EQ(list_points(*test.open().value()).value().points.size(), 1u);
}

TEST_F(PointsTest, a_set_that_vanished_as_a_whole_is_an_alarm) {
  ASSERT_TRUE(commit(*repository).ok());
  const Deadline& deadline = test.fixture.deadline;
  for (const char* prefix : {"heads/", "manifests/"})
    for (const std::string& name : names_in(test.store(), prefix, deadline))
      ASSERT_TRUE(test.store().remove(name, deadline).ok());
  EXPECT_EQ(list_points(*test.open().value()).error().code(), Code::KeyMissing);
}

TEST_F(PointsTest, a_damaged_manifest_is_named_and_the_others_listed) {
  ASSERT_TRUE(commit(*repository).ok());
  const Point second = commit(*repository).value();
  FaultyStore faulty(test.store());
  faulty.damage(second.object, FaultyStore::Damage::FlippedBit);
  const PointList list = list_points(*test.open(faulty).value()).value();
  EXPECT_EQ(list.points.size(), 1u);
  ASSERT_EQ(list.unreadable.size(), 1u);
  EXPECT_NE(list.unreadable[0].find(second.object), std::string::npos);
}

TEST_F(PointsTest, a_signer_nobody_has_seen_is_refused_until_it_is_accepted) {
  const Signer stranger = Signer::generate_ed25519(test.fixture.entropy);
  ASSERT_TRUE(
      add_signer(test.store(), repository->ring(), stranger.verifier(), {.label = "stranger"}, test.fixture.deadline)
          .ok());
  EXPECT_EQ(test.open().error().code(), Code::KeyMissing);
  Repository::Open options{.key_kinds = TestRepository::key_kinds(),
                           .credentials = TestRepository::credentials(),
                           .signer = std::nullopt,
                           .accept_signer = stranger.verifier().key_id()};
  EXPECT_TRUE(Repository::open(test.world(), test.store(), std::move(options), test.fixture.deadline).ok());
  EXPECT_TRUE(test.open().ok());
}

TEST_F(PointsTest, proofs_belong_to_one_point) {
  const Point first = commit(*repository).value(), second = commit(*repository).value();
  Proof proof{.level = "complete", .passed = true, .time = test.fixture.clock.wall()};
  proof.checks.push_back({.name = "app: every byte", .passed = true, .message = "12 bytes"});
  ASSERT_TRUE(attach_proof(*repository, first, proof).ok());
  const std::vector<Proof> found = list_proofs(*repository, first).value();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].checks[0].message, "12 bytes");
  EXPECT_TRUE(list_proofs(*repository, second).value().empty());
}

TEST(Create, an_interrupted_one_can_be_repeated) {
  for (uint64_t steps = 0; steps < 4; ++steps) {
    TestRepository test;
    FaultyStore dying(test.store());
    dying.stop_after_changes(steps);
    Repository::Create options{.key_kinds = TestRepository::key_kinds(),
                               .credentials = TestRepository::credentials(),
                               .label = "test",
                               .signer = std::nullopt};
    EXPECT_FALSE(Repository::create(test.world(), dying, std::move(options), test.fixture.deadline).ok());
    EXPECT_EQ(test.open().error().code(), Code::NotFound);
    EXPECT_TRUE(test.create().ok()) << "after " << steps << " steps";
    EXPECT_TRUE(test.open().ok());
  }
}

TEST(Create, a_place_in_use_is_left_alone) {
  TestRepository test;
  ASSERT_TRUE(test.create().ok());
  EXPECT_EQ(test.create().error().code(), Code::Exists);
  ASSERT_TRUE(test.store().put("packs/00/x", as_bytes("data"), Durable::Now, test.fixture.deadline).ok());
  ASSERT_TRUE(test.store().remove("config", test.fixture.deadline).ok());
  EXPECT_EQ(test.create().error().code(), Code::Refused);
}

TEST(Open, a_newer_format_is_refused_and_nothing_written) {
  TestRepository test;
  ASSERT_TRUE(test.create().ok());
  Bytes config =
      test.store()
          .get("config", 0, test.store().info("config", test.fixture.deadline).value().size, test.fixture.deadline)
          .value();
  config[4] = std::byte{2};
  ASSERT_TRUE(test.store().remove("config", test.fixture.deadline).ok());
  ASSERT_TRUE(test.store().put("config", config, Durable::Now, test.fixture.deadline).ok());
  const std::vector<std::string> before = names_in(test.store(), "", test.fixture.deadline);
  EXPECT_EQ(test.open().error().code(), Code::Unsupported);
  EXPECT_EQ(names_in(test.store(), "", test.fixture.deadline), before);
}

TEST(Open, every_single_bit_flip_of_the_configuration_is_found) {
  TestRepository test;
  ASSERT_TRUE(test.create().ok());
  const uint64_t size = test.store().info("config", test.fixture.deadline).value().size;
  const Bytes sound = test.store().get("config", 0, size, test.fixture.deadline).value();
  for (size_t bit = 0; bit < size * 8; ++bit) {
    Bytes damaged = sound;
    damaged[bit / 8] ^= static_cast<std::byte>(1 << (bit % 8));
    ASSERT_TRUE(test.store().remove("config", test.fixture.deadline).ok());
    ASSERT_TRUE(test.store().put("config", damaged, Durable::Now, test.fixture.deadline).ok());
    ASSERT_FALSE(test.open().ok()) << "bit " << bit;
  }
}

}  // namespace
}  // namespace hf
