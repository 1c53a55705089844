// Repair: what is damaged goes out of use, what is sound in it stays, and what a source still has comes back.
#include "repo/check.h"
#include "repo/prune.h"
#include "repo/prune_test_repository.h"

namespace hf {
namespace {

using Severity = Finding::Severity;

struct Scene {
  SteppedRepository test;
  Files files = {{"a", content_of(1, 3'000'000)}, {"b", "small"}, {"c", content_of(2, 400'000)}};
  Point point = write_point(test, "home", files);

  CheckOutcome check(CheckRequest request = {.read_data = 1}) {
    const auto repository = test.open();
    return check_repository(*repository, request, {}).value();
  }
  CheckOutcome repair() { return check({.read_data = 1, .repair = true}); }
  Result<PruneOutcome> run_prune(PruneRequest request) {
    const auto repository = test.open();
    return prune(*repository, request, {});
  }
  Result<Files> read(const Point& which) {
    const auto repository = test.open();
    return read_point(*repository, which.manifest);
  }
  Bytes bytes_of(const std::string& name) {
    return get_whole(*test.memory, name, pack_bytes_max, test.deadline()).value();
  }
  void put_instead(const std::string& name, BytesView bytes) {
    test.memory->remove(name, test.deadline()).value();
    test.memory->put(name, bytes, Durable::Now, test.deadline()).value();
  }
  void flip(const std::string& name, size_t at) {
    Bytes bytes = bytes_of(name);
    bytes[at] ^= std::byte{4};
    put_instead(name, bytes);
  }
  void remove(const std::string& name) { test.memory->remove(name, test.deadline()).value(); }
  bool is_there(const std::string& name) { return test.memory->info(name, test.deadline()).ok(); }
  std::string data_pack() { return test.names("packs/").at(0); }
  std::string meta_pack() { return test.names("meta/").at(0); }

  static std::string all(const CheckOutcome& outcome) {
    std::string text;
    for (const Finding& finding : outcome.findings)
      text += (finding.severity == Severity::Damage ? "DAMAGE " : "note ") + finding.object + ": " + finding.what +
              " hint: " + finding.hint + "\n";
    return text;
  }
  static size_t named(const CheckOutcome& outcome, const std::string& object) {
    return static_cast<size_t>(std::count_if(outcome.findings.begin(), outcome.findings.end(),
                                             [&](const Finding& finding) { return finding.object == object; }));
  }
};

struct RepairTest : testing::Test, Scene {};

const std::vector<std::pair<const char*, std::function<void(Scene&)>>> damages = {
    {"a flipped bit in a record", [](Scene& scene) { scene.flip(scene.data_pack(), 5000); }},
    {"a damaged header", [](Scene& scene) { scene.flip(scene.data_pack(), 60); }},
    {"a damaged footer",
     [](Scene& scene) { scene.flip(scene.data_pack(), scene.bytes_of(scene.data_pack()).size() - 5); }},
    {"a data pack that is cut short",
     [](Scene& scene) {
       const std::string name = scene.data_pack();
       const Bytes whole = scene.bytes_of(name);
       scene.put_instead(name, BytesView(whole).first(whole.size() / 2));
     }},
    {"a missing data pack", [](Scene& scene) { scene.remove(scene.data_pack()); }},
    {"a missing metadata pack", [](Scene& scene) { scene.remove(scene.meta_pack()); }},
    {"a damaged metadata pack", [](Scene& scene) { scene.flip(scene.meta_pack(), 100); }},
};

TEST_F(RepairTest, after_it_the_next_backup_makes_older_points_whole) {
  for (const auto& [what, damage] : damages) {
    SCOPED_TRACE(what);
    Scene scene;
    damage(scene);
    const CheckOutcome found = scene.check();
    EXPECT_FALSE(found.sound());
    EXPECT_EQ(found.points_damaged, std::vector<std::string>{short_id(scene.point.id)});
    const CheckOutcome repaired = scene.repair();
    EXPECT_TRUE(repaired.repaired);
    EXPECT_EQ(repaired.packs_dropped, 1u);
    EXPECT_EQ(repaired.points_damaged, found.points_damaged);
    EXPECT_FALSE(repaired.sound()) << "the point has still lost something";
    const CheckOutcome between = scene.check();
    EXPECT_EQ(between.points_damaged, found.points_damaged) << Scene::all(between);
    const Point later = write_point(scene.test, "home", scene.files);
    const CheckOutcome after = scene.check();
    EXPECT_TRUE(after.sound()) << Scene::all(after);
    EXPECT_TRUE(after.points_damaged.empty());
    EXPECT_EQ(scene.read(scene.point).value(), scene.files);
    EXPECT_EQ(scene.read(later).value(), scene.files);
  }
}

TEST_F(RepairTest, without_it_a_backup_goes_on_trusting_what_is_damaged) {
  flip(data_pack(), 5000);
  write_point(test, "home", files);
  EXPECT_EQ(check().points_damaged.size(), 2u);
}

TEST_F(RepairTest, what_is_sound_in_a_damaged_pack_is_saved_and_the_pack_stays_in_the_store) {
  const std::string pack = data_pack();
  flip(pack, 5000);
  const CheckOutcome outcome = repair();
  EXPECT_GT(outcome.chunks_saved, 10u);
  EXPECT_TRUE(is_there(pack));
  EXPECT_EQ(test.names("packs/").size(), 2u);
  EXPECT_EQ(named(outcome, pack), 1u) << all(outcome);
  // The file in the sound records is still there; what is lost is named.
  const auto lost = std::find_if(outcome.findings.begin(), outcome.findings.end(),
                                 [](const Finding& finding) { return finding.file_count > 0; });
  ASSERT_NE(lost, outcome.findings.end());
  EXPECT_EQ(lost->files, std::vector<std::string>{"files/a"});
  const auto repository = test.open();
  ChunkReader& chunks = *repository->chunks().value();
  EXPECT_TRUE(chunks.data(chunk_id(repository->ring(), PackKind::Data, as_bytes("small"))).ok());
}

TEST_F(RepairTest, a_pack_that_has_lost_nothing_is_replaced_and_all_is_sound) {
  const std::string pack = meta_pack();
  flip(pack, bytes_of(pack).size() - pack_footer_bytes - 1);  // its padding
  EXPECT_FALSE(check().sound());
  const CheckOutcome outcome = repair();
  EXPECT_TRUE(outcome.sound()) << all(outcome);
  EXPECT_TRUE(check().sound());
  EXPECT_EQ(read(point).value(), files);
}

TEST_F(RepairTest, what_a_source_has_no_more_is_lost_by_name_and_the_rest_is_whole) {
  flip(data_pack(), 5000);
  repair();
  Files changed = files;
  changed["a"] = content_of(7, 3'000'000);
  const Point later = write_point(test, "home", changed);
  const CheckOutcome outcome = check();
  EXPECT_EQ(outcome.points_damaged, std::vector<std::string>{short_id(point.id)}) << all(outcome);
  EXPECT_EQ(outcome.findings.size(), 2u) << all(outcome);  // the point, and the pack that is out of use
  EXPECT_EQ(read(later).value(), changed);
}

TEST_F(RepairTest, it_is_done_once) {
  flip(data_pack(), 5000);
  repair();
  const std::vector<std::string> records = test.names("gc/"), packs = test.names("packs/");
  const CheckOutcome again = repair();
  EXPECT_FALSE(again.repaired) << all(again);
  EXPECT_EQ(test.names("gc/"), records);
  EXPECT_EQ(test.names("packs/"), packs);
}

TEST_F(RepairTest, a_good_copy_that_is_put_back_is_used_again) {
  const std::string pack = data_pack();
  const Bytes good = bytes_of(pack);
  remove(pack);
  repair();
  test.memory->put(pack, good, Durable::Now, test.deadline()).value();
  EXPECT_EQ(check({}).points_damaged.size(), 1u) << "it is believed when it was read";
  const CheckOutcome outcome = repair();
  EXPECT_TRUE(outcome.sound()) << all(outcome);
  EXPECT_TRUE(check({}).sound()) << all(check({}));
  EXPECT_EQ(read(point).value(), files);
  // A prune that comes to the record keeps it.
  test.clock.advance(std::chrono::hours(49));
  EXPECT_EQ(run_prune({}).value().packs_resurrected, 1u);
  EXPECT_EQ(read(point).value(), files);
}

TEST_F(RepairTest, a_writer_that_had_found_lost_data_again_does_not_acknowledge_its_point) {
  for (const bool is_missing : {true, false}) {
    Scene scene;
    TestWriter writer(scene.test);
    if (is_missing)
      scene.remove(scene.data_pack());
    else
      scene.flip(scene.data_pack(), 5000);
    scene.repair();
    writer.store(scene.files);
    const Point later = writer.commit("home");
    EXPECT_FALSE(writer.may_acknowledge(later)) << is_missing;
  }
}

TEST_F(RepairTest, a_writer_that_had_found_saved_data_again_goes_on) {
  TestWriter writer(test);
  flip(data_pack(), 5000);
  const CheckOutcome outcome = repair();
  ASSERT_GT(outcome.chunks_saved, 10u);
  const Files saved = {{"b", files["b"]}, {"c", files["c"]}};
  writer.store(saved);
  const Point later = writer.commit("home");
  EXPECT_TRUE(writer.may_acknowledge(later));
  EXPECT_EQ(read(later).value(), saved);
}

TEST_F(RepairTest, a_prune_deletes_the_damaged_pack_when_nothing_needs_it) {
  const std::string pack = data_pack();
  flip(pack, 5000);
  repair();
  EXPECT_EQ(run_prune({.grace = Duration::zero()}).error().code(), Code::Corrupt) << "a point has lost data";
  EXPECT_TRUE(is_there(pack));
  write_point(test, "home", files);
  run_prune({.grace = Duration::zero()}).value();
  EXPECT_FALSE(is_there(pack));
  const CheckOutcome outcome = check();
  EXPECT_TRUE(outcome.findings.empty()) << all(outcome);
  EXPECT_EQ(read(point).value(), files);
}

TEST_F(RepairTest, interrupted_at_any_change_it_loses_nothing_more_and_the_next_finishes) {
  for (uint64_t step = 0;; ++step) {
    SCOPED_TRACE("after " + std::to_string(step));
    Scene scene;
    const Files other = {{"x", content_of(9, 300'000)}};
    const Point sound = write_point(scene.test, "other", other);
    scene.flip(scene.data_pack(), 5000);
    const Point whole = scene.read(sound).ok() ? sound : scene.point;
    ASSERT_TRUE(scene.read(whole).ok());
    auto repository = scene.test.open();
    scene.test.store->stop_after_changes(scene.test.store->counts().changes + step);
    const bool is_done = check_repository(*repository, {.read_data = 1, .repair = true}, {}).ok();
    repository.reset();
    scene.test.store->heal();
    EXPECT_EQ(scene.check().points_damaged.size(), 1u);
    EXPECT_TRUE(scene.read(whole).ok());
    scene.repair();
    const Point again = write_point(scene.test, "home", scene.files);
    write_point(scene.test, "other", other);
    const CheckOutcome after = scene.check();
    EXPECT_TRUE(after.sound()) << Scene::all(after);
    EXPECT_EQ(scene.read(scene.point).value(), scene.files);
    EXPECT_EQ(scene.read(sound).value(), other);
    EXPECT_EQ(scene.read(again).value(), scene.files);
    if (HasFailure() || is_done) {
      EXPECT_GT(step, 6u);
      return;
    }
  }
}

TEST_F(RepairTest, prune_names_the_points_that_have_lost_data_and_how_to_give_them_up) {
  remove(data_pack());
  const Result<PruneOutcome> refused = run_prune({});
  EXPECT_EQ(refused.error().code(), Code::Corrupt);
  EXPECT_NE(refused.error().message().find(short_id(point.id) + " (home)"), std::string::npos);
  EXPECT_NE(refused.error().hint().find("holdfast prune --forget " + short_id(point.id)), std::string::npos);
  EXPECT_TRUE(test.names("gc/").empty());
}

TEST_F(RepairTest, points_given_up_by_name_let_prune_go_on) {
  remove(data_pack());
  const Files other = {{"x", "y"}};
  const Point sound = write_point(test, "other", other);
  PruneRequest request{.forget = {{.name = point.object, .reason = "by name"}}, .grace = Duration::zero()};
  EXPECT_EQ(run_prune(request).error().code(), Code::Refused) << "it is the newest complete one of its set";
  request.given_up = {point.object};
  EXPECT_EQ(run_prune(request).value().points_forgotten, 1u);
  EXPECT_TRUE(check().points_damaged.empty());
  EXPECT_FALSE(check().sound()) << "the index names a pack that is missing";
  EXPECT_TRUE(repair().sound()) << all(repair());
  const CheckOutcome outcome = check();
  EXPECT_TRUE(outcome.findings.empty()) << all(outcome);
  EXPECT_EQ(outcome.points, 1u);
  EXPECT_EQ(outcome.packs_unreferenced, 0u);
  EXPECT_EQ(read(sound).value(), other);
  request = {.forget = {{.name = sound.object, .reason = "by name"}}, .given_up = {sound.object}};
  EXPECT_EQ(run_prune(request).error().code(), Code::Refused) << "it can be restored";
}

TEST_F(RepairTest, an_unreadable_manifest_can_be_given_up) {
  write_point(test, "home", files);
  flip(point.object, bytes_of(point.object).size() - 5);
  EXPECT_EQ(run_prune({}).error().code(), Code::Corrupt);
  PruneRequest request{.forget = {{.name = point.object, .reason = "by name"}}, .given_up = {point.object}};
  EXPECT_EQ(run_prune(request).value().points_forgotten, 1u);
  EXPECT_TRUE(check().sound()) << all(check());
}

TEST_F(RepairTest, what_was_condemned_before_is_swept_after_points_were_given_up) {
  test.clock.advance(std::chrono::hours(1));
  write_point(test, "home", {{"n", "new"}});
  run_prune({.forget = {{.name = point.object, .reason = "old"}}}).value();
  const Point lost = write_point(test, "other", {{"z", content_of(5, 200'000)}});
  std::string pack;
  for (const std::string& name : test.names("packs/"))
    if (bytes_of(name).size() > 200'000 && bytes_of(name).size() < 300'000) pack = name;
  ASSERT_FALSE(pack.empty());
  remove(pack);
  test.clock.advance(std::chrono::hours(49));
  EXPECT_EQ(run_prune({}).error().code(), Code::Corrupt);
  PruneRequest request{.forget = {{.name = lost.object, .reason = "by name"}}, .given_up = {lost.object}};
  const PruneOutcome outcome = run_prune(request).value();
  EXPECT_GT(outcome.bytes_deleted, 3'000'000u);
}

}  // namespace
}  // namespace hf
