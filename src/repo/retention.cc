#include "repo/retention.h"

#include <fmt/format.h>

#include "base/text.h"

namespace hf {
namespace {

using std::chrono::days;

std::string hour_of(WallTime time) {
  const int64_t hour = (std::chrono::floor<std::chrono::hours>(time) - std::chrono::floor<days>(time)).count();
  return fmt::format("{} {:02}:00", format_date(time), hour);
}

// ISO 8601: a week belongs to the year that has its Thursday.
std::string week_of(WallTime time) {
  const std::chrono::sys_days day = std::chrono::floor<days>(time);
  const unsigned weekday = std::chrono::weekday(day).iso_encoding();
  const std::chrono::sys_days thursday = day + days(4) - days(weekday);
  const std::chrono::year year = std::chrono::year_month_day(thursday).year();
  const int64_t week = (thursday - std::chrono::sys_days(year / 1 / 1)).count() / 7 + 1;
  return fmt::format("{:04}-W{:02}", static_cast<int>(year), week);
}

std::string month_of(WallTime time) {
  return format_date(time).substr(0, 7);
}
std::string year_of(WallTime time) {
  return format_date(time).substr(0, 4);
}

struct CalendarRule {
  std::string_view name;
  uint32_t KeepRules::*count;
  std::string (*bucket_of)(WallTime);
};
constexpr CalendarRule calendar_rules[] = {{"hourly", &KeepRules::hourly, hour_of},
                                           {"daily", &KeepRules::daily, format_date},
                                           {"weekly", &KeepRules::weekly, week_of},
                                           {"monthly", &KeepRules::monthly, month_of},
                                           {"yearly", &KeepRules::yearly, year_of}};

// The points that rules choose among, newest first, and why each is kept so far.
struct Ballot {
  std::vector<Candidate> points;
  std::vector<std::string> reasons;  // "": not kept

  void keep(size_t at, const std::string& reason) {
    if (!reasons[at].empty()) reasons[at] += ", ";
    reasons[at] += reason;
  }
};

void keep_last(Ballot& ballot, uint32_t count) {
  uint32_t all = 0, complete = 0;
  for (size_t at = 0; at < ballot.points.size() && complete < count; ++at) {
    const bool is_complete = ballot.points[at].complete;
    ++all;
    if (is_complete) ++complete;
    if (is_complete)
      ballot.keep(at, fmt::format("last {} of {}", complete, count));
    else if (all <= count)
      ballot.keep(at, fmt::format("last {} of {}, though partial", all, count));
  }
}

void keep_calendar(Ballot& ballot, const CalendarRule& rule, uint32_t count) {
  const std::vector<Candidate>& points = ballot.points;
  size_t begin = 0;
  for (uint32_t buckets = 0; buckets < count && begin < points.size(); ++buckets) {
    const std::string bucket = rule.bucket_of(points[begin].time);
    size_t chosen = begin, limit = begin;
    while (limit < points.size() && rule.bucket_of(points[limit].time) == bucket) {
      if (!points[chosen].complete && points[limit].complete) chosen = limit;
      ++limit;
    }
    ballot.keep(chosen, fmt::format("{} {}{}", rule.name, bucket, points[chosen].complete ? "" : ", though partial"));
    begin = limit;
  }
}

void keep_within(Ballot& ballot, Duration within, WallTime now) {
  for (size_t at = 0; at < ballot.points.size(); ++at) {
    // Subtracted this way round, a `within` of centuries does not overflow.
    if (now - ballot.points[at].time <= within) ballot.keep(at, "within " + format_span(within));
  }
}

void keep_always(Ballot& ballot, const KeepAlways& always) {
  uint32_t proven = 0;
  bool is_newest_complete = always.newest_complete;
  for (size_t at = 0; at < ballot.points.size(); ++at) {
    const Candidate& point = ballot.points[at];
    const bool is_kept = !ballot.reasons[at].empty();
    if (point.proven && proven < always.proven_min) {
      ++proven;
      if (!is_kept) {
        ballot.keep(
            at, fmt::format("proven: one of the {} newest proven points, which are always kept", always.proven_min));
      }
    }
    if (point.complete && is_newest_complete) {
      is_newest_complete = false;
      if (!is_kept) ballot.keep(at, "the newest complete point is always kept");
    }
  }
}

}  // namespace

bool KeepRules::is_empty() const {
  return describe().empty();
}

std::string KeepRules::describe() const {
  std::string text;
  const auto add = [&](const std::string& rule) { text.append(text.empty() ? "" : ", ").append(rule); };
  if (last > 0) add(fmt::format("last {}", last));
  for (const CalendarRule& rule : calendar_rules)
    if (this->*rule.count > 0) add(fmt::format("{} {}", rule.name, this->*rule.count));
  if (within > Duration::zero()) add("within " + format_span(within));
  return text;
}

std::vector<Decision> decide(std::vector<Candidate> candidates, const KeepRules& rules, WallTime now,
                             const KeepAlways& always) {
  // The id breaks ties, so that the order given does not matter.
  std::sort(candidates.begin(), candidates.end(),
            [](const Candidate& a, const Candidate& b) { return a.time != b.time ? a.time > b.time : a.id > b.id; });
  std::vector<Decision> decisions;
  decisions.reserve(candidates.size());
  Ballot ballot;
  std::vector<size_t> places;  // of the ballot's points among the decisions
  const std::string not_kept = "not kept by any rule: " + rules.describe();
  for (const Candidate& point : candidates) {
    // A clock was wrong, then or now. Such a point must not take the place of a well-dated one, nor be lost for it.
    if (point.time > now) {
      decisions.push_back({point.id, true, "dated in the future: " + format_time_rfc3339(point.time)});
    } else if (point.is_held) {
      decisions.push_back({point.id, true, "made in an emergency: stays until it is given up by name"});
    } else {
      places.push_back(decisions.size());
      decisions.push_back({point.id, false, not_kept});
      ballot.points.push_back(point);
    }
  }
  ballot.reasons.resize(ballot.points.size());
  if (rules.is_empty()) {
    for (std::string& reason : ballot.reasons) reason = "no keep rules";
  } else {
    keep_last(ballot, rules.last);
    for (const CalendarRule& rule : calendar_rules) keep_calendar(ballot, rule, rules.*rule.count);
    if (rules.within > Duration::zero()) keep_within(ballot, rules.within, now);
    keep_always(ballot, always);
  }
  for (size_t at = 0; at < places.size(); ++at) {
    Decision& decision = decisions[places[at]];
    decision.keep = !ballot.reasons[at].empty();
    if (decision.keep) decision.reason = std::move(ballot.reasons[at]);
  }
  return decisions;
}

}  // namespace hf
