#include "repo/prune.h"

#include "repo/prune_test_repository.h"

namespace hf {
namespace {

using std::chrono::hours;

struct Scene {
  SteppedRepository test;
  std::map<std::string, Files> written;  // by point id

  Point write(const Files& files, const std::string& set = "home") {
    test.clock.advance(hours(1));
    const Point point = write_point(test, set, files);
    written[point.id.hex()] = files;
    return point;
  }

  Result<PruneOutcome> run(PruneRequest request) {
    const auto repository = test.open();
    return prune(*repository, request, {});
  }
  static PruneRequest forget(const std::vector<Point>& points, Duration grace = hours(48)) {
    PruneRequest request{.grace = grace};
    for (const Point& point : points) request.forget.push_back({.name = point.object, .reason = "test"});
    return request;
  }

  // Every point that is listed gives back what was written.
  void expect_all_restorable(size_t points) {
    const auto repository = test.open();
    const PointList list = list_points(*repository).value();
    EXPECT_TRUE(list.unreadable.empty());
    EXPECT_EQ(list.points.size(), points);
    for (const Point& point : list.points) {
      const Result<Files> files = read_point(*repository, point.manifest);
      ASSERT_TRUE(files.ok()) << files.error().message();
      EXPECT_EQ(files.value(), written.at(point.id.hex()));
    }
  }

  std::vector<Point> write_three() {
    const std::string shared = content_of(1, 300'000);
    return {write({{"a", shared}, {"b", content_of(2, 900'000)}}),
            write({{"a", shared}, {"b", content_of(3, 900'000)}}),
            write({{"a", shared}, {"b", content_of(4, 900'000)}})};
  }
};

struct PruneTest : testing::Test, Scene {};

TEST_F(PruneTest, space_comes_back_and_what_stays_can_be_restored) {
  const std::vector<Point> points = write_three();
  const uint64_t before = test.bytes("packs/");
  const PruneOutcome outcome = run(forget({points[0], points[1]}, Duration::zero())).value();
  EXPECT_EQ(outcome.points_forgotten, 2u);
  EXPECT_GE(outcome.packs_repacked, 1u);  // the shared file lies in the first point's pack
  EXPECT_GT(outcome.bytes_deleted, 1'500'000u);
  EXPECT_LT(test.bytes("packs/"), before - 1'500'000);
  expect_all_restorable(1);
  EXPECT_EQ(test.names("manifests/").size(), 1u);
  EXPECT_EQ(test.names("heads/").size(), 3u);
  EXPECT_TRUE(test.names("sessions/").empty());
}

TEST_F(PruneTest, the_newest_complete_point_of_a_set_is_never_forgotten) {
  const std::vector<Point> points = write_three();
  EXPECT_EQ(run(forget({points[2]})).error().code(), Code::Refused);
  EXPECT_TRUE(test.names("gc/").empty());
  expect_all_restorable(3);
}

TEST_F(PruneTest, a_point_that_is_not_there_cannot_be_forgotten) {
  write_three();
  PruneRequest request;
  request.forget.push_back({.name = "manifests/0123456789abcdef/00000001", .reason = "test"});
  EXPECT_EQ(run(std::move(request)).error().code(), Code::NotFound);
}

TEST_F(PruneTest, a_dry_run_tells_and_writes_nothing) {
  const std::vector<Point> points = write_three();
  const uint64_t changes = test.store->counts().changes;
  PruneRequest request = forget({points[0], points[1]});
  request.dry_run = true;
  const PruneOutcome outcome = run(std::move(request)).value();
  EXPECT_EQ(outcome.points_forgotten, 2u);
  EXPECT_GT(outcome.bytes_condemned, 1'500'000u);
  EXPECT_EQ(test.store->counts().changes, changes);
}

TEST_F(PruneTest, nothing_is_deleted_before_the_grace_is_over) {
  const std::vector<Point> points = write_three();
  const size_t packs = test.names("packs/").size();
  const PruneOutcome first = run(forget({points[0], points[1]})).value();
  EXPECT_GT(first.packs_condemned, 0u);
  EXPECT_EQ(*first.deletes_at, test.clock.wall() + hours(48));
  test.clock.advance(hours(47));
  EXPECT_EQ(run({}).value().packs_deleted, 0u);
  EXPECT_GE(test.names("packs/").size(), packs);
  test.clock.advance(hours(2));
  EXPECT_EQ(run({}).value().packs_deleted, first.packs_condemned);
  expect_all_restorable(1);
}

TEST_F(PruneTest, a_live_writer_that_cannot_know_of_a_record_is_waited_for) {
  const std::vector<Point> points = write_three();
  TestWriter writer(test);
  run(forget({points[0], points[1]})).value();
  for (int i = 0; i < 3; ++i) {
    test.clock.advance(hours(20));
    writer.session().check_alive().value();
  }
  const PruneOutcome waits = run({}).value();
  EXPECT_EQ(waits.sessions_waited_for, 1u);
  EXPECT_EQ(waits.packs_deleted, 0u);
  TestWriter later(test);  // knows it, and does not hold it up
  test.clock.advance(session_lease);
  EXPECT_GT(run({}).value().packs_deleted, 0u);
  EXPECT_FALSE(writer.session().check_alive().ok()) << "it was not waited for any longer, so it must give up";
}

TEST_F(PruneTest, without_grace_a_live_writer_holds_it_up) {
  const std::vector<Point> points = write_three();
  TestWriter writer(test);
  EXPECT_EQ(run(forget({points[0]}, Duration::zero())).error().code(), Code::Held);
}

TEST_F(PruneTest, what_a_writer_found_again_between_the_phases_is_resurrected) {
  const std::vector<Point> points = write_three();
  const Files again = written.at(points[0].id.hex());
  std::optional<TestWriter> writer(std::in_place, test);  // it has not seen the record that follows
  run(forget({points[0], points[1]})).value();
  writer->store(again);
  const Point point = writer->commit("home");
  ASSERT_TRUE(writer->may_acknowledge(point));
  written[point.id.hex()] = again;
  writer.reset();
  test.clock.advance(hours(49));
  EXPECT_GE(run({}).value().packs_resurrected, 1u);
  expect_all_restorable(2);
  test.clock.advance(hours(49));
  run({}).value();
  expect_all_restorable(2);
}

TEST_F(PruneTest, a_writer_that_knows_the_record_stores_again_what_was_condemned) {
  const std::vector<Point> points = write_three();
  const Files again = written.at(points[0].id.hex());
  run(forget({points[0], points[1]})).value();
  write(again);
  test.clock.advance(hours(49));
  EXPECT_EQ(run({}).value().packs_resurrected, 0u);
  expect_all_restorable(2);
}

TEST_F(PruneTest, interrupted_at_any_change_it_is_finished_by_the_next) {
  for (uint64_t step = 0;; ++step) {
    Scene fresh;
    const std::vector<Point> points = fresh.write_three();
    auto interrupted = fresh.test.open();
    fresh.test.store->stop_after_changes(fresh.test.store->counts().changes + step);
    const bool is_done = prune(*interrupted, forget({points[0], points[1]}, Duration::zero()), {}).ok();
    interrupted.reset();
    fresh.test.store->heal();
    // What stays is whole at every moment, whatever was interrupted.
    {
      const auto repository = fresh.test.open();
      const Point kept = load_point(*repository, points[2].object).value();
      const Result<Files> files = read_point(*repository, kept.manifest);
      ASSERT_TRUE(files.ok()) << "after " << step << ": " << files.error().message();
    }
    fresh.test.clock.advance(session_lease);
    std::vector<Point> left;
    {
      const auto repository = fresh.test.open();
      left = list_points(*repository).value().points;
    }
    left.pop_back();
    fresh.run(forget(left, Duration::zero())).value();
    fresh.expect_all_restorable(1);
    EXPECT_LT(fresh.test.bytes("packs/"), 1'400'000u) << "after " << step;
    EXPECT_EQ(fresh.test.names("manifests/").size(), 1u) << "after " << step;
    if (HasFailure() || is_done) {
      EXPECT_GT(step, 12u);
      return;
    }
  }
}

TEST_F(PruneTest, a_clock_that_jumped_is_refused) {
  const std::vector<Point> points = write_three();
  run(forget({points[0]})).value();
  test.clock.advance(-hours(30));
  const Result<PruneOutcome> outcome = run({});
  EXPECT_EQ(outcome.error().code(), Code::Refused);
  EXPECT_FALSE(outcome.error().hint().empty());
}

TEST_F(PruneTest, a_manifest_that_cannot_be_read_stops_it) {
  const std::vector<Point> points = write_three();
  test.store->damage(points[0].object, FaultyStore::Damage::FlippedBit);
  EXPECT_EQ(run(forget({points[1]}, Duration::zero())).error().code(), Code::Corrupt);
  EXPECT_TRUE(test.names("gc/").empty());
}

TEST_F(PruneTest, a_dead_writers_checkpoint_is_kept_for_a_week) {
  write_three();
  {
    TestWriter writer(test);
    writer.store({{"big", content_of(9, 2'000'000)}});
    writer.checkpoint("home");
  }
  test.clock.advance(hours(24 * 6));
  EXPECT_EQ(run({.grace = Duration::zero()}).value().packs_deleted, 0u);
  test.clock.advance(hours(24 * 2));
  EXPECT_GT(run({.grace = Duration::zero()}).value().bytes_deleted, 1'900'000u);
  EXPECT_TRUE(test.names("checkpoints/").empty());
  expect_all_restorable(3);
}

TEST_F(PruneTest, of_two_copies_of_a_chunk_one_stays) {
  const Files files = {{"a", content_of(5, 400'000)}};
  TestWriter one(test), two(test);  // neither sees the other's packs
  one.store(files);
  two.store(files);
  written[one.commit("one").id.hex()] = files;
  written[two.commit("two").id.hex()] = files;
  const uint64_t before = test.bytes("packs/");
  test.clock.advance(session_lease);
  EXPECT_GT(run({.grace = Duration::zero()}).value().packs_deleted, 0u);
  EXPECT_LT(test.bytes("packs/"), before * 6 / 10);
  expect_all_restorable(2);
}

TEST_F(PruneTest, the_only_copy_stays_though_the_index_names_a_pack_that_is_gone) {
  const Files files = {{"a", content_of(5, 400'000)}};
  TestWriter one(test), two(test);
  one.store(files);
  const std::string first = test.names("packs/").at(0);
  two.store(files);
  written[one.commit("one").id.hex()] = files;
  written[two.commit("two").id.hex()] = files;
  for (const std::string& lost : {first}) test.memory->remove(lost, test.deadline()).value();
  test.clock.advance(session_lease);
  run({.grace = Duration::zero()}).value();
  EXPECT_EQ(test.names("packs/").size(), 1u);
}

}  // namespace
}  // namespace hf
