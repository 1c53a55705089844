// Copies: cut off after every step, damaged, pruned, written to from both sides: a copy is a valid older repository at
// any moment, catches up, and never gets wrong bytes.
#include "repo/copy_points.h"

#include "repo/check.h"
#include "repo/copy_keys.h"
#include "repo/prune.h"
#include "repo/prune_test_repository.h"

namespace hf {
namespace {

// A repository, and an empty place that is to become its copy.
struct CopyTest : testing::Test {
  CopyTest() { place = make_memory_store(test.clock); }

  Result<CopyOutcome> sync(Store& from, Store& into, CopyRequest request = {}) {
    const auto source = test.open(from);
    source->set_copy("first");
    const CopiedKeys keys = HF_TRY(copy_keys(*source, into, request.dry_run));
    const auto copy = HF_TRY(Repository::open_copy(*source, into, "second"));
    return copy_points(*source, *copy, request, {});
  }
  Result<CopyOutcome> sync() { return sync(*test.memory, *place); }

  CheckOutcome check(Store& store, std::vector<Repository*> peers = {}, bool repair = false) {
    // Under a name of its own, of which nothing was seen yet.
    const auto origin = test.open();
    const auto repository = Repository::open_copy(*origin, store, "checked" + std::to_string(++checks)).value();
    CheckRequest request{.read_data = 1, .repair = repair};
    request.peers = std::move(peers);
    return check_repository(*repository, request, {}).value();
  }
  static std::string told(const CheckOutcome& outcome) {
    std::string text;
    for (const Finding& finding : outcome.findings)
      if (finding.severity == Finding::Severity::Damage) text += finding.object + ": " + finding.what + "\n";
    return text;
  }
  std::set<std::string> names(Store& store, const std::string& prefix) {
    std::set<std::string> found;
    store
        .list(
            prefix,
            [&](const ObjectInfo& info) -> Status {
              found.insert(info.name);
              return {};
            },
            test.deadline())
        .value();
    return found;
  }
  Bytes bytes_of(Store& store, const std::string& name) {
    return get_whole(store, name, pack_bytes_max, test.deadline()).value();
  }
  void flip(Store& store, const std::string& name, size_t at) {
    Bytes bytes = bytes_of(store, name);
    bytes[at] ^= std::byte{4};
    store.remove(name, test.deadline()).value();
    store.put(name, bytes, Durable::Now, test.deadline()).value();
  }
  Files read(Store& store, const Point& point) {
    const auto repository = test.open(store);
    return read_point(*repository, point.manifest).value();
  }
  // A point made while only `store` could be reached.
  Point write_to(Store& store, const std::string& set, const Files& files) {
    std::swap(test.memory, place);
    test.store.emplace(*test.memory);
    EXPECT_EQ(&store, test.memory.get());
    accept_rollback(*test.open(), set).value();  // this machine has seen the other copy
    const Point point = write_point(test, set, files);
    std::swap(test.memory, place);
    test.store.emplace(*test.memory);
    return point;
  }

  SteppedRepository test;
  std::unique_ptr<Store> place;
  int checks = 0;
  Files one = {{"a", content_of(1, 300'000)}, {"b", "small"}};
  Files two = {{"a", content_of(1, 300'000)}, {"b", "changed"}, {"c", content_of(2, 200'000)}};
};

TEST_F(CopyTest, a_copy_has_the_same_points_and_is_sound) {
  const Point first = write_point(test, "home", one), second = write_point(test, "home", two);
  const CopyOutcome outcome = sync().value();
  EXPECT_EQ(outcome.points, 2u);
  EXPECT_TRUE(outcome.is_whole());
  EXPECT_EQ(names(*place, "manifests/"), names(*test.memory, "manifests/"));
  EXPECT_EQ(names(*place, "heads/"), names(*test.memory, "heads/"));
  EXPECT_EQ(names(*place, "packs/"), names(*test.memory, "packs/"));
  EXPECT_EQ(read(*place, first), one);
  EXPECT_EQ(read(*place, second), two);
  const CheckOutcome checked = check(*place);
  EXPECT_TRUE(checked.sound()) << told(checked);
  const CopyOutcome again = sync().value();
  EXPECT_EQ(again.points + again.packs + again.heads, 0u);
}

TEST_F(CopyTest, cut_off_after_any_change_it_is_valid_and_goes_on) {
  write_point(test, "home", one);
  const Point last = write_point(test, "home", two);
  bool finished = false;
  for (uint64_t changes = 0; !finished; ++changes) {
    ASSERT_LT(changes, 500u);
    SCOPED_TRACE(changes);
    place = make_memory_store(test.clock);
    FaultyStore cut(*place);
    cut.stop_after_changes(changes);
    finished = sync(*test.memory, cut).ok();
    cut.heal();
    if (place->info("config", test.deadline()).ok()) {
      const CheckOutcome checked = check(*place);
      EXPECT_TRUE(checked.sound()) << told(checked);
      EXPECT_TRUE(checked.points_damaged.empty());
    }
    const Result<CopyOutcome> again = sync();
    ASSERT_TRUE(again.ok()) << again.error().message();
    EXPECT_EQ(read(*place, last), two);
    const CheckOutcome checked = check(*place);
    EXPECT_TRUE(checked.sound()) << told(checked);
  }
}

TEST_F(CopyTest, wrong_bytes_are_never_copied_and_another_copy_gives_them) {
  const Point point = write_point(test, "home", one);
  const auto third = make_memory_store(test.clock);
  ASSERT_TRUE(sync(*test.memory, *third).ok());
  const std::string pack = *names(*test.memory, "packs/").begin();
  flip(*test.memory, pack, 5000);
  const CopyOutcome outcome = sync().value();
  EXPECT_EQ(outcome.points, 0u);
  EXPECT_FALSE(outcome.problems.empty());
  EXPECT_TRUE(names(*place, "manifests/").empty());
  EXPECT_FALSE(place->info(pack, test.deadline()).ok());
  EXPECT_EQ(sync(*third, *place).value().points, 1u);
  EXPECT_EQ(read(*place, point), one);
  EXPECT_EQ(bytes_of(*place, pack), bytes_of(*third, pack));
}

TEST_F(CopyTest, both_ways_each_gets_what_the_other_was_given) {
  write_point(test, "home", one);
  ASSERT_TRUE(sync().ok());
  const Point there = write_to(*place, "home", two);
  EXPECT_EQ(sync(*place, *test.memory).value().points, 1u);
  const Point here = write_point(test, "home", {{"new", content_of(3, 100'000)}});
  EXPECT_EQ(here.manifest.sequence, there.manifest.sequence + 1);
  EXPECT_EQ(sync().value().points, 1u);
  EXPECT_EQ(names(*place, "manifests/"), names(*test.memory, "manifests/"));
  EXPECT_EQ(read(*test.memory, there), two);
}

TEST_F(CopyTest, sets_that_went_apart_are_told_and_left_alone) {
  write_point(test, "home", one);
  ASSERT_TRUE(sync().ok());
  write_point(test, "home", {{"here", content_of(3, 100'000)}});
  write_point(test, "other", one);
  const Point there = write_to(*place, "home", two);
  const std::string manifest = there.object;
  const Bytes before = bytes_of(*place, manifest);
  const CopyOutcome outcome = sync().value();
  ASSERT_EQ(outcome.diverged.size(), 1u);
  EXPECT_EQ(outcome.diverged.front().number, 2u);
  EXPECT_EQ(outcome.points, 1u) << "another set goes on";
  EXPECT_EQ(bytes_of(*place, manifest), before);
  EXPECT_EQ(read(*place, there), two);
  EXPECT_TRUE(check(*place).sound());
  EXPECT_TRUE(check(*test.memory).sound());
}

TEST_F(CopyTest, what_a_copy_has_pruned_does_not_come_back_and_what_it_needs_again_does) {
  const Point first = write_point(test, "home", one);
  write_point(test, "home", {{"other", "thing"}});
  ASSERT_TRUE(sync().ok());
  const std::set<std::string> packs = names(*place, "packs/");
  {
    const auto copy = test.open(*place);
    PruneRequest request{.grace = Duration::zero()};
    request.forget = {{.name = first.object, .reason = "test"}};
    ASSERT_TRUE(prune(*copy, request, {}).ok());
  }
  EXPECT_NE(names(*place, "packs/"), packs);
  CopyOutcome outcome = sync().value();
  EXPECT_EQ(outcome.points + outcome.packs, 0u);
  EXPECT_FALSE(place->info(first.object, test.deadline()).ok());
  // The first copy still has those packs, and a new point refers to them: there the bytes come in packs of other names.
  const Point again = write_point(test, "home", one);
  outcome = sync().value();
  EXPECT_EQ(outcome.points, 1u);
  EXPECT_EQ(read(*place, again), one);
  const CheckOutcome checked = check(*place);
  EXPECT_TRUE(checked.sound()) << told(checked);
  for (int i = 0; i < 2; ++i) {
    const auto copy = test.open(*place);
    ASSERT_TRUE(prune(*copy, {.grace = Duration::zero()}, {}).ok());
  }
  EXPECT_EQ(read(*place, again), one) << "no sweep takes away what came back";
}

TEST_F(CopyTest, a_new_copy_of_a_pruned_repository_is_sound) {
  const Point first = write_point(test, "home", one);
  const Point last = write_point(test, "home", two);
  {
    const auto repository = test.open();
    PruneRequest request{.grace = Duration::zero()};
    request.forget = {{.name = first.object, .reason = "test"}};
    ASSERT_TRUE(prune(*repository, request, {}).ok());
  }
  EXPECT_EQ(sync().value().points, 1u);
  EXPECT_EQ(read(*place, last), two);
  const CheckOutcome checked = check(*place);
  EXPECT_TRUE(checked.sound()) << told(checked);
}

TEST_F(CopyTest, a_reader_goes_on_with_the_next_copy) {
  const Point point = write_point(test, "home", one);
  ASSERT_TRUE(sync().ok());
  std::vector<std::function<void()>> damages;
  for (const char* prefix : {"packs/", "meta/"}) {
    const std::string pack = *names(*test.memory, prefix).begin();
    const size_t size = bytes_of(*test.memory, pack).size();
    damages.push_back([=, this] { flip(*test.memory, pack, 500); });
    damages.push_back([=, this] { flip(*test.memory, pack, size - 5); });
    damages.push_back([=, this] { test.memory->remove(pack, test.deadline()).value(); });
  }
  for (const auto& damage : damages) {
    damage();
    const auto own = test.open();
    const auto other = Repository::open_copy(*own, *place, "second").value();
    std::vector<ReadElsewhere> told_of;
    own->read_also({other.get()}, [&](const ReadElsewhere& read) { told_of.push_back(read); });
    EXPECT_EQ(read_point(*own, point.manifest).value(), one);
    ASSERT_FALSE(told_of.empty());
    EXPECT_EQ(told_of.front().copy, "second");
  }
}

TEST_F(CopyTest, a_repair_puts_back_the_same_bytes_from_another_copy) {
  const Point point = write_point(test, "home", one);
  ASSERT_TRUE(sync().ok());
  const std::string pack = *names(*test.memory, "packs/").begin(), meta = *names(*test.memory, "meta/").begin();
  const std::string head = *names(*test.memory, "heads/").begin();
  for (const std::string& object : {pack, meta, head, point.object}) {
    SCOPED_TRACE(object);
    for (const bool is_gone : {false, true}) {
      const Bytes whole = bytes_of(*test.memory, object);
      if (is_gone)
        test.memory->remove(object, test.deadline()).value();
      else
        flip(*test.memory, object, 100);
      EXPECT_EQ(check(*test.memory).sound(), object == head && is_gone);
      const auto own = test.open();
      const auto other = Repository::open_copy(*own, *place, "second").value();
      const CheckOutcome outcome = check(*test.memory, {other.get()}, true);
      EXPECT_TRUE(outcome.sound()) << told(outcome);
      EXPECT_EQ(outcome.packs_dropped, 0u);
      EXPECT_EQ(bytes_of(*test.memory, object), whole);
      EXPECT_EQ(read(*test.memory, point), one);
    }
  }
}

TEST_F(CopyTest, a_revoked_key_is_not_brought_back) {
  ASSERT_TRUE(sync().ok());
  const auto repository = test.open();
  EXPECT_TRUE(load_revoked(*place, repository->ring(), test.deadline()).value().empty());
  const std::string id = names(*place, "keys/").begin()->substr(5);
  // Another envelope, so that the first is not the last.
  Credentials held;
  held.key_file = Passphrase::take(std::vector<unsigned char>(32, 9));
  const EnvelopeRequest request{.repository = repository->ring().repository(), .created = test.clock.wall()};
  const Bytes second = file_key_kind().wrap(repository->ring().root(), held, request, test.entropy).value();
  add_envelope(*test.memory, second, test.deadline()).value();
  remove_envelope(*test.memory, id, test.entropy, test.deadline()).value();
  record_revoked(*test.memory, repository->ring(), id, test.entropy, test.deadline()).value();
  const CopiedKeys copied = copy_keys(*repository, *place, false).value();
  EXPECT_EQ(copied.revoked, std::vector<std::string>{id});
  EXPECT_FALSE(place->info("keys/" + id, test.deadline()).ok());
  const auto copy = Repository::open_copy(*repository, *place, "second").value();
  EXPECT_TRUE(copy_keys(*copy, *test.memory, false).value().added.empty());
  EXPECT_FALSE(test.memory->info("keys/" + id, test.deadline()).ok());
}

}  // namespace
}  // namespace hf
