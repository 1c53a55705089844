#include "repo/retention.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"

namespace hf {
namespace {

WallTime at(std::string_view text) {
  return parse_time(text).value();
}

PointId id_of(uint8_t number) {
  PointId id;
  id.bytes[0] = std::byte(number);
  return id;
}

// The nth candidate has id n, so that expectations can name it.
Candidate point(uint8_t number, std::string_view time) {
  return {.id = id_of(number), .time = at(time)};
}
Candidate partial(uint8_t number, std::string_view time) {
  return {.id = id_of(number), .time = at(time), .complete = false};
}

const WallTime now = at("2026-11-21 02:00");

// Reasons of what is kept, by number of the point.
std::map<int, std::string> kept(std::vector<Candidate> points, const KeepRules& rules, KeepAlways always = {}) {
  std::map<int, std::string> reasons;
  for (const Decision& decision : decide(std::move(points), rules, now, always))
    if (decision.keep) reasons[std::to_integer<int>(decision.id.bytes[0])] = decision.reason;
  return reasons;
}
using Kept = std::map<int, std::string>;

TEST(Retention, last_counts_points) {
  EXPECT_EQ(kept({point(1, "2026-11-01"), point(2, "2026-11-02"), point(3, "2026-11-03")}, {.last = 2}),
            (Kept{{3, "last 1 of 2"}, {2, "last 2 of 2"}}));
}

TEST(Retention, partial_points_do_not_push_out_complete_ones) {
  EXPECT_EQ(kept({point(1, "2026-11-01"), point(2, "2026-11-02"), partial(3, "2026-11-03"), partial(4, "2026-11-04"),
                  partial(5, "2026-11-05")},
                 {.last = 2}),
            (Kept{{5, "last 1 of 2, though partial"},
                  {4, "last 2 of 2, though partial"},
                  {2, "last 1 of 2"},
                  {1, "last 2 of 2"}}));
}

TEST(Retention, a_held_point_stays_and_takes_no_others_place) {
  Candidate held = point(2, "2026-11-02 12:00");
  held.is_held = held.proven = true;
  const std::string reason = "made in an emergency: stays until it is given up by name";
  EXPECT_EQ(kept({point(1, "2026-11-02 02:00"), held, point(3, "2026-11-01")}, {.last = 1, .daily = 1}),
            (Kept{{1, "last 1 of 1, daily 2026-11-02"}, {2, reason}}));
  EXPECT_EQ(kept({held}, {.last = 1}, {.proven_min = 0, .newest_complete = false}), (Kept{{2, reason}}));
  const std::vector<Decision> decisions =
      decide({point(1, "2026-11-01"), held, point(3, "2026-11-03")}, {.last = 1}, now, {});
  EXPECT_EQ(decisions[0].id, id_of(3));
  EXPECT_EQ(decisions[1].id, id_of(2));
}

TEST(Retention, daily_keeps_the_newest_of_each_day_that_has_points) {
  EXPECT_EQ(kept({point(1, "2026-10-01 23:59:59"), point(2, "2026-11-19 00:00"), point(3, "2026-11-19 23:00"),
                  point(4, "2026-11-20 00:00"), point(5, "2026-11-18")},
                 {.daily = 3}),
            (Kept{{4, "daily 2026-11-20"}, {3, "daily 2026-11-19"}, {5, "daily 2026-11-18"}}));
}

TEST(Retention, a_partial_point_stands_for_its_bucket_only_where_no_complete_one_is) {
  EXPECT_EQ(kept({point(1, "2026-11-19 01:00"), partial(2, "2026-11-19 02:00"), partial(3, "2026-11-18 01:00"),
                  partial(4, "2026-11-18 02:00")},
                 {.daily = 2}),
            (Kept{{1, "daily 2026-11-19"}, {4, "daily 2026-11-18, though partial"}}));
}

TEST(Retention, hours_months_and_years_are_named_in_reasons) {
  EXPECT_EQ(kept({point(1, "2025-12-31 23:30"), point(2, "2026-11-20 14:05"), point(3, "2026-11-20 14:55")},
                 {.hourly = 1, .monthly = 2, .yearly = 2}),
            (Kept{{3, "hourly 2026-11-20 14:00, monthly 2026-11, yearly 2026"}, {1, "monthly 2025-12, yearly 2025"}}));
}

TEST(Retention, weeks_are_iso_weeks_across_the_end_of_a_year) {
  // 2021-01-03 is the Sunday of 2020-W53; 2018-12-31 the Monday of 2019-W01; 2023-01-01 the Sunday of 2022-W52.
  EXPECT_EQ(kept({point(1, "2020-12-28"), point(2, "2021-01-03"), point(3, "2021-01-04"), point(4, "2018-12-31"),
                  point(5, "2023-01-01"), point(6, "2023-01-02")},
                 {.weekly = 9}),
            (Kept{{6, "weekly 2023-W01"},
                  {5, "weekly 2022-W52"},
                  {3, "weekly 2021-W01"},
                  {2, "weekly 2020-W53"},
                  {4, "weekly 2019-W01"}}));
}

TEST(Retention, within_keeps_what_is_not_older) {
  EXPECT_EQ(kept({point(1, "2026-11-19 01:59:59"), point(2, "2026-11-19 02:00"), partial(3, "2026-11-20")},
                 {.within = 2 * one_day}),
            (Kept{{2, "within 2d"}, {3, "within 2d"}}));
}

TEST(Retention, the_newest_complete_point_stays_whatever_the_rules) {
  EXPECT_EQ(kept({point(1, "2026-01-01"), partial(2, "2026-02-01")}, {.within = one_day}),
            (Kept{{1, "the newest complete point is always kept"}}));
}

TEST(Retention, the_newest_complete_point_of_what_something_else_replaces_may_go) {
  const std::vector<Candidate> points{point(1, "2026-11-01 02:00")};
  EXPECT_TRUE(kept(points, {.within = one_day}, {.proven_min = 0, .newest_complete = false}).empty());
  EXPECT_EQ(kept(points, {.within = one_day}).size(), 1u);
}

TEST(Retention, the_newest_proven_points_stay) {
  std::vector<Candidate> points{point(1, "2026-01-01"), point(2, "2026-01-02"), point(3, "2026-01-03"),
                                point(4, "2026-01-04")};
  for (size_t proven : {0, 1, 2}) points[proven].proven = true;
  const std::string reason = "proven: one of the 2 newest proven points, which are always kept";
  EXPECT_EQ(kept(points, {.last = 1}), (Kept{{4, "last 1 of 1"}, {3, reason}, {2, reason}}));
  EXPECT_EQ(kept(points, {.last = 1}, {.proven_min = 0}), (Kept{{4, "last 1 of 1"}}));
}

TEST(Retention, points_from_the_future_stay_and_take_no_place) {
  EXPECT_EQ(kept({point(1, "2026-11-19"), point(2, "2026-11-20"), point(3, "2027-01-01")}, {.last = 1}),
            (Kept{{3, "dated in the future: 2027-01-01T00:00:00Z"}, {2, "last 1 of 1"}}));
}

TEST(Retention, without_rules_everything_stays) {
  EXPECT_EQ(kept({point(1, "2020-01-01"), partial(2, "2020-01-02")}, {}),
            (Kept{{1, "no keep rules"}, {2, "no keep rules"}}));
}

TEST(Retention, what_goes_names_the_rules_that_did_not_want_it) {
  const KeepRules rules{.last = 1, .daily = 1, .within = 30 * one_day};
  const std::vector<Decision> decisions = decide({point(1, "2020-01-01"), point(2, "2026-11-20")}, rules, now, {});
  ASSERT_EQ(decisions.size(), 2u);
  EXPECT_EQ(decisions[0].reason, "last 1 of 1, daily 2026-11-20, within 30d");
  EXPECT_FALSE(decisions[1].keep);
  EXPECT_EQ(decisions[1].reason, "not kept by any rule: last 1, daily 1, within 30d");
}

// Hours apart over some years, with clusters, so that buckets hold several points.
std::vector<Candidate> any_points(bool with_future = false) {
  const int64_t oldest = *rc::gen::element<int64_t>(48, 24 * 40, 24 * 1200);
  const auto ages = *rc::gen::container<std::vector<int64_t>>(rc::gen::inRange<int64_t>(with_future ? -48 : 0, oldest));
  std::vector<Candidate> points;
  for (size_t i = 0; i < ages.size(); ++i) {
    PointId id;
    store_le(id.bytes.data(), static_cast<uint32_t>(i));
    const bool is_complete = *rc::gen::inRange(0, 4) > 0;
    points.push_back({id, now - std::chrono::hours(ages[i]), is_complete, *rc::gen::inRange(0, 4) == 0});
  }
  return points;
}

KeepRules any_rules() {
  const auto count = [] { return *rc::gen::element<uint32_t>(0, 0, 1, 2, 5); };
  return {count(), count(), count(), count(), count(), count(), std::chrono::hours(*rc::gen::element(0, 0, 10, 300))};
}

std::set<PointId> kept_ids(const std::vector<Candidate>& points, const KeepRules& rules, WallTime when = now) {
  std::set<PointId> ids;
  for (const Decision& decision : decide(points, rules, when, {}))
    if (decision.keep) ids.insert(decision.id);
  return ids;
}

bool includes(const std::set<PointId>& all, const std::set<PointId>& some) {
  return std::includes(all.begin(), all.end(), some.begin(), some.end());
}

RC_GTEST_PROP(RetentionProperty, the_order_of_candidates_does_not_matter, ()) {
  const std::vector<Candidate> points = any_points(true);
  const KeepRules rules = any_rules();
  std::vector<Candidate> turned(points.rbegin(), points.rend());
  const std::vector<Decision> a = decide(points, rules, now, {}), b = decide(turned, rules, now, {});
  RC_ASSERT(a.size() == points.size());
  RC_ASSERT(std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Decision& x, const Decision& y) {
    return x.id == y.id && x.keep == y.keep && x.reason == y.reason;
  }));
}

RC_GTEST_PROP(RetentionProperty, more_rules_never_keep_less, ()) {
  const std::vector<Candidate> points = any_points(true);
  const KeepRules a = any_rules(), b = any_rules();
  RC_PRE(!a.is_empty());  // without rules everything is kept
  const KeepRules both{std::max(a.last, b.last),     std::max(a.hourly, b.hourly),   std::max(a.daily, b.daily),
                       std::max(a.weekly, b.weekly), std::max(a.monthly, b.monthly), std::max(a.yearly, b.yearly),
                       std::max(a.within, b.within)};
  RC_ASSERT(includes(kept_ids(points, both), kept_ids(points, a)));
}

RC_GTEST_PROP(RetentionProperty, deciding_again_about_what_was_kept_keeps_all_of_it, ()) {
  const std::vector<Candidate> points = any_points(true);
  const KeepRules rules = any_rules();
  const std::set<PointId> first = kept_ids(points, rules);
  std::vector<Candidate> left;
  std::copy_if(points.begin(), points.end(), std::back_inserter(left),
               [&](const Candidate& c) { return first.contains(c.id); });
  RC_ASSERT(kept_ids(left, rules) == first);
}

RC_GTEST_PROP(RetentionProperty, a_newer_point_never_brings_back_one_that_was_to_go, ()) {
  std::vector<Candidate> points = any_points();
  const KeepRules rules = any_rules();
  RC_PRE(!points.empty());
  const auto newest = std::min_element(points.begin(), points.end(), [](const Candidate& a, const Candidate& b) {
    return a.time != b.time ? a.time > b.time : a.id > b.id;
  });
  const Candidate added = *newest;
  points.erase(newest);
  std::set<PointId> allowed = kept_ids(points, rules);
  allowed.insert(added.id);
  points.push_back(added);
  RC_ASSERT(includes(allowed, kept_ids(points, rules)));
}

RC_GTEST_PROP(RetentionProperty, time_alone_never_brings_a_point_back, ()) {
  const std::vector<Candidate> points = any_points();
  const KeepRules rules = any_rules();
  const WallTime later = now + std::chrono::hours(*rc::gen::inRange(0, 1000));
  RC_ASSERT(includes(kept_ids(points, rules), kept_ids(points, rules, later)));
}

RC_GTEST_PROP(RetentionProperty, no_more_is_kept_than_the_rules_add_up_to, ()) {
  const std::vector<Candidate> points = any_points();
  KeepRules rules = any_rules();
  rules.within = {};
  RC_PRE(!rules.is_empty());
  const size_t limit = 2 * rules.last + rules.hourly + rules.daily + rules.weekly + rules.monthly + rules.yearly +
                       KeepAlways{}.proven_min + 1;
  RC_ASSERT(kept_ids(points, rules).size() <= limit);
}

RC_GTEST_PROP(RetentionProperty, the_newest_complete_and_proven_points_are_always_kept, ()) {
  const std::vector<Candidate> points = any_points();
  const KeepRules rules = any_rules();
  const std::set<PointId> ids = kept_ids(points, rules);
  const Candidate* complete = nullptr;
  const Candidate* proven = nullptr;
  const auto is_newer = [](const Candidate& a, const Candidate* b) {
    return b == nullptr || a.time > b->time || (a.time == b->time && a.id > b->id);
  };
  for (const Candidate& c : points) {
    if (c.complete && is_newer(c, complete)) complete = &c;
    if (c.proven && is_newer(c, proven)) proven = &c;
  }
  if (complete != nullptr) RC_ASSERT(ids.contains(complete->id));
  if (proven != nullptr) RC_ASSERT(ids.contains(proven->id));
}

}  // namespace
}  // namespace hf
