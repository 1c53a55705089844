// The `sql` kind: one statement to a database, and its value, number of rows, or the age of a moment in it.
#include "base/text.h"
#include "check/expectation.h"
#include "check/kinds.h"
#include "check/options.h"
#include "sys/entry.h"

namespace hf {
namespace {

Result<Verdict> ask(const Query& query, const std::string& source, const std::optional<Expectation>& expected,
                    const CheckWorld& world, const Deadline& deadline, std::stop_token stop) {
  const std::optional<Duration> rpo = world.subject.rpo();
  if (expected && expected->needs_rpo() && !rpo)
    return Error(Code::Invalid, "the RPO is not known").with_hint("give the set's policy an rpo, or write a duration");
  const QueryAnswer answer = HF_TRY(world.subject.query(source, query, deadline, stop));
  if (!expected) return Verdict{true, format_count(answer.rows, "row", "rows"), ""};
  const Expectation::Judgement judgement = expected->judge(answer, world.subject.time(), rpo);
  return Verdict{judgement.holds, judgement.message, judgement.holds ? "" : answer.value.value_or("")};
}

Result<Check> prepare(const CheckOptions& options) {
  const Query query{.sql = text_of(options, "sql"), .database = text_of(options, "database")};
  const std::string source = text_of(options, "on");
  std::optional<Expectation> expected;
  if (const std::string text = text_of(options, "expect"); !text.empty())
    expected = HF_TRY(Expectation::parse(text).during("\"expect\""));
  Check check;
  check.what = "sql on " + printable(source);
  check.sources = {source};
  check.run = [=](const CheckWorld& world, const Deadline& deadline, std::stop_token stop) {
    return ask(query, source, expected, world, deadline, std::move(stop));
  };
  return check;
}

}  // namespace

CheckKind sql_check_kind() {
  return {.name = "sql",
          .help = "A query to a database.",
          .options = with_common({
              {"sql", "one statement that reads", CheckOption::Type::Text, true},
              {"on", "the source whose database is asked", CheckOption::Type::Source, true},
              {"database", "which one of the source's databases, where it has several"},
              {"expect",
               "what the first value should be (\">= 1\", \"= 0\", a text), how many rows there should be (\"rows >= "
               "1\"), or how old the value may be when the data was taken (\"age <= rpo\", \"age < 1h\")"},
          }),
          .prepare = prepare};
}

}  // namespace hf
