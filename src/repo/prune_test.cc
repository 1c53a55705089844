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

TEST_F(PruneTest, a_point_made_in_an_emergency_can_be_given_up_even_as_the_newest) {
  const std::vector<Point> points = write_three();
  test.clock.advance(hours(1));
  Point emergency;
  {
    TestWriter writer(test);
    writer.store({{"a", content_of(5, 300'000)}});
    writer.mark_emergency();
    emergency = writer.commit("home");
  }
  EXPECT_EQ(run(forget({points[2]})).error().code(), Code::Refused) << "it stands for no other point";
  EXPECT_EQ(run(forget({emergency})).value().points_forgotten, 1u);
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

// Which of two copies the index gives first is chance: so each is lost once.
TEST_F(PruneTest, the_only_copy_stays_though_the_index_names_a_pack_that_is_gone) {
  for (const size_t lost : {0u, 1u}) {
    for (const bool is_cut_short : {false, true}) {
      Scene fresh;
      const Files files = {{"a", content_of(5, 400'000)}};
      TestWriter one(fresh.test), two(fresh.test);
      one.store(files);
      two.store(files);
      fresh.written[one.commit("one").id.hex()] = files;
      fresh.written[two.commit("two").id.hex()] = files;
      const std::vector<std::string> packs = fresh.test.names("packs/");
      ASSERT_EQ(packs.size(), 2u);
      const Bytes bytes = get_whole(*fresh.test.memory, packs[lost], pack_bytes_max, fresh.test.deadline()).value();
      fresh.test.memory->remove(packs[lost], fresh.test.deadline()).value();
      if (is_cut_short)
        fresh.test.memory->put(packs[lost], BytesView(bytes).first(5000), Durable::Now, fresh.test.deadline()).value();
      fresh.test.clock.advance(session_lease);
      fresh.run({.grace = Duration::zero()}).value();
      EXPECT_EQ(fresh.test.names("packs/"), std::vector<std::string>{packs[1 - lost]});
      fresh.expect_all_restorable(2);
    }
  }
}

struct PruneFaults : testing::Test {
  // Two points that are to go and one that stays, and the prune's second phase to come.
  struct Small : Scene {
    Small() {
      const std::string shared = content_of(1, 60'000);
      for (uint64_t i = 2; i < 5; ++i) points.push_back(write({{"a", shared}, {"b", content_of(i, 200'000)}}));
    }
    PruneRequest first() const { return forget({points[0], points[1]}); }
    void to_second() { test.clock.advance(hours(49)); }
    // Runs until nothing is left to do, however the store was left.
    void finish() {
      test.store->heal();
      test.clock.advance(session_lease);
      for (int round = 0; round < 2; ++round) {
        std::vector<Point> left;
        {
          const auto repository = test.open();
          left = list_points(*repository).value().points;
        }
        left.pop_back();
        run(forget(left)).value();
        to_second();
      }
      run({}).value();
    }
    // What stays is whole whatever happened.
    void expect_kept() {
      test.store->heal();
      const auto repository = test.open();
      const Result<Files> files = read_point(*repository, points[2].manifest);
      ASSERT_TRUE(files.ok()) << files.error().message();
    }
    void expect_done() {
      expect_all_restorable(1);
      EXPECT_LT(test.bytes("packs/"), 400'000u);
      EXPECT_EQ(test.names("manifests/").size(), 1u);
    }
    std::vector<Point> points;
  };

  // `arm` makes the store fail at `step`, counted from 1, of the operations or changes that follow. Both phases are
  // gone through, until the fault lies behind their end.
  void each_step(bool by_change, const std::function<void(FaultyStore&, uint64_t step)>& arm) {
    for (const int phase : {1, 2}) {
      for (uint64_t step = 1;; ++step) {
        SCOPED_TRACE("phase " + std::to_string(phase) + ", step " + std::to_string(step));
        Small scene;
        if (phase == 2) {
          scene.run(scene.first()).value();
          scene.to_second();
        }
        const auto taken = [&] {
          const FaultyStore::Counts counts = scene.test.store->counts();
          return by_change ? counts.changes : counts.all;
        };
        auto repository = scene.test.open();
        const uint64_t before = taken();
        arm(*scene.test.store, step);
        const bool is_done = prune(*repository, phase == 1 ? scene.first() : PruneRequest{}, {}).ok();
        repository.reset();
        const bool was_reached = taken() - before >= step;
        scene.expect_kept();
        scene.finish();
        scene.expect_kept();
        scene.expect_done();
        if (HasFailure()) return;
        if (was_reached || !is_done) continue;
        EXPECT_GT(step, 8u);
        break;
      }
    }
  }
};

TEST_F(PruneFaults, killed_at_any_change_with_a_grace_the_next_prunes_finish) {
  each_step(true,
            [](FaultyStore& store, uint64_t step) { store.stop_after_changes(store.counts().changes + step - 1); });
}

TEST_F(PruneFaults, one_change_that_fails_does_no_harm) {
  each_step(true, [](FaultyStore& store, uint64_t step) {
    store.fail_change(store.counts().changes + step, Code::Unavailable, FaultyStore::When::Before);
  });
}

TEST_F(PruneFaults, a_change_that_was_done_though_its_answer_was_lost_does_no_harm) {
  each_step(true, [](FaultyStore& store, uint64_t step) {
    store.fail_change(store.counts().changes + step, Code::Unavailable, FaultyStore::When::After);
  });
}

TEST_F(PruneFaults, any_one_call_that_fails_does_no_harm) {
  each_step(false, [](FaultyStore& store, uint64_t step) {
    store.fail_operation(store.counts().all + step, Code::Unavailable, FaultyStore::When::Before);
  });
}

// A store that does something else before the first put() below a prefix.
class HookedStore final : public Store {
 public:
  HookedStore(Store& real, std::string prefix, std::function<void()> before)
      : real_(real), prefix_(std::move(prefix)), before_(std::move(before)) {}
  Traits traits() const override { return real_.traits(); }
  std::string describe() const override { return real_.describe(); }
  Status put(std::string_view name, BytesView bytes, Durable durable, const Deadline& deadline) override {
    if (name.starts_with(prefix_) && before_) std::exchange(before_, nullptr)();
    return real_.put(name, bytes, durable, deadline);
  }
  Status replace(std::string_view name, BytesView bytes, const Deadline& deadline) override {
    return real_.replace(name, bytes, deadline);
  }
  Status flush(const Deadline& deadline) override { return real_.flush(deadline); }
  Result<Bytes> get(std::string_view name, uint64_t offset, uint64_t length, const Deadline& deadline) override {
    return real_.get(name, offset, length, deadline);
  }
  Result<ObjectInfo> info(std::string_view name, const Deadline& deadline) override {
    return real_.info(name, deadline);
  }
  Status list(std::string_view prefix, const Visitor& visit, const Deadline& deadline) override {
    return real_.list(prefix, visit, deadline);
  }
  Status remove(std::string_view name, const Deadline& deadline) override { return real_.remove(name, deadline); }
  Result<WallTime> now(const Deadline& deadline) override { return real_.now(deadline); }
  Result<uint64_t> clean(const Deadline& deadline) override { return real_.clean(deadline); }

 private:
  Store& real_;
  const std::string prefix_;
  std::function<void()> before_;
};

// The first sweep has judged, and another that saw one point more writes its record before it.
TEST_F(PruneTest, of_two_sweeps_at_once_the_one_that_records_first_decides) {
  for (const std::string prefix : {"gc/", "index/"}) {
    SCOPED_TRACE(prefix);
    Scene fresh;
    const std::vector<Point> points = fresh.write_three();
    const Files again = fresh.written.at(points[0].id.hex());
    TestWriter late(fresh.test);  // suspended past its lease, it will commit without being acknowledged
    fresh.run(forget({points[0], points[1]})).value();
    fresh.test.clock.advance(hours(49));
    HookedStore hooked(*fresh.test.store, prefix, [&] {
      late.store(again);
      fresh.written[late.commit("home").id.hex()] = again;
      EXPECT_GE(fresh.run({}).value().packs_resurrected, 1u);
    });
    {
      const auto slow = fresh.test.open(hooked);
      const Result<PruneOutcome> outcome = prune(*slow, {}, {});
      ASSERT_FALSE(outcome.ok());
      EXPECT_EQ(outcome.error().code(), Code::Held);
    }
    fresh.expect_all_restorable(2);
    fresh.test.clock.advance(hours(49));
    fresh.run({}).value();
    fresh.expect_all_restorable(2);
  }
}

// The same, both judging alike: then both delete, and nothing is missed.
TEST_F(PruneTest, two_sweeps_at_once_that_agree_both_finish) {
  const std::vector<Point> points = write_three();
  run(forget({points[0], points[1]})).value();
  test.clock.advance(hours(49));
  HookedStore hooked(*test.store, "gc/", [&] { EXPECT_GT(run({}).value().packs_deleted, 0u); });
  {
    const auto slow = test.open(hooked);
    prune(*slow, {}, {}).value();
  }
  expect_all_restorable(1);
  EXPECT_LT(test.bytes("packs/"), 1'400'000u);
}

}  // namespace
}  // namespace hf
