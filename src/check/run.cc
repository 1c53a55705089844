// The `run` kind: a program of the operator's, its exit status and what it writes.
//
// The program gets PATH, HOME and LANG of ours, the place's and its own `env`, and variables that say where what is
// judged can be found; no shell, no open file, no other variable. Numbers that the pattern captures are told; all else
// that it writes is detail, in which the secrets it was given are blotted out.
#include "check/child.h"
#include "check/kinds.h"
#include "check/options.h"
#include "check/output_pattern.h"
#include "sys/entry.h"

namespace hf {
namespace {

struct RunSpec {
  ChildSpec child;
  int status = 0;
  std::optional<OutputPattern> expected;
  bool is_twice = false;
  std::optional<OutputPattern> second;  // of the second run; nothing: `applied` must be 0
};

// "; applied=3 skipped=12"
std::string numbers_of(const std::vector<OutputPattern::Capture>& captures) {
  std::string text;
  for (const OutputPattern::Capture& capture : captures)
    if (capture.is_number) text += (text.empty() ? "" : " ") + capture.name + "=" + capture.text;
  return text.empty() ? text : "; " + text;
}

struct RunEnd {
  Verdict verdict;
  std::vector<OutputPattern::Capture> captures;
};

Result<RunEnd> run_once(const RunSpec& spec, const std::optional<OutputPattern>& expected, const CheckWorld& world,
                        const Deadline& deadline, const std::stop_token& stop) {
  ChildEnd end = HF_TRY(run_child(spec.child, world, deadline, stop));
  RunEnd run;
  run.verdict.message = "exit status " + std::to_string(end.status);
  const bool ended_well = end.status == spec.status;
  if (!ended_well && spec.status != 0) run.verdict.message += " instead of " + std::to_string(spec.status);
  std::optional<std::vector<OutputPattern::Capture>> captures;
  if (expected) captures = expected->find(end.output);
  if (captures) run.verdict.message += numbers_of(*captures);
  if (expected && !captures) run.verdict.message += "; the expected output is missing";
  run.verdict.passed = ended_well && (!expected || captures);
  run.verdict.detail = std::move(end.output);
  if (captures) run.captures = std::move(*captures);
  return run;
}

bool is_zero(std::string_view digits) {
  return digits.find_first_not_of('0') == digits.npos;
}

Result<Verdict> run_check(const RunSpec& spec, const CheckWorld& world, const Deadline& deadline,
                          const std::stop_token& stop) {
  RunEnd first = HF_TRY(run_once(spec, spec.expected, world, deadline, stop));
  if (!spec.is_twice || !first.verdict.passed) return std::move(first.verdict);
  RunEnd second =
      HF_TRY(run_once(spec, spec.second ? spec.second : spec.expected, world, deadline, stop).during("second run"));
  Verdict verdict = std::move(first.verdict);
  verdict.message += "; second run: " + second.verdict.message;
  verdict.passed = second.verdict.passed;
  if (!spec.second) {
    for (const OutputPattern::Capture& capture : second.captures) {
      if (capture.name != "applied" || is_zero(capture.text)) continue;
      verdict.passed = false;
      verdict.message += ", but nothing should have been left to apply";
    }
  }
  verdict.detail += second.verdict.detail;
  return verdict;
}

Result<std::optional<OutputPattern>> pattern_of(const CheckOptions& options, std::string_view name) {
  const std::string text = text_of(options, name);
  if (text.empty()) return std::optional<OutputPattern>{};
  return std::optional(HF_TRY(OutputPattern::parse(text)));
}

Result<Check> prepare(const CheckOptions& options) {
  RunSpec spec;
  spec.child = {.argv = list_of(options, "run"),
                .env = map_of(options, "env"),
                .directory = text_of(options, "cwd"),
                .source = text_of(options, "on"),
                .database = text_of(options, "database")};
  if (!spec.child.database.empty() && spec.child.source.empty())
    return Error(Code::Invalid, "\"database\" needs \"on\", the source that has it");
  if (spec.child.argv.empty()) return Error(Code::Invalid, "\"run\" names no program");
  spec.status = static_cast<int>(HF_TRY(number_of(options, "status")).value_or(0));
  spec.expected = HF_TRY(pattern_of(options, "expect"));
  spec.second = HF_TRY(pattern_of(options, "second"));
  spec.is_twice = flag_of(options, "twice") || spec.second.has_value();
  if (spec.is_twice && !spec.second && (!spec.expected || !spec.expected->has_number("applied")))
    return Error(Code::Invalid,
                 "\"twice\" needs to know what the second run should write: put applied=<n> in "
                 "\"expect\", or give \"second\"");
  Check check;
  const std::string& program = spec.child.argv[0];
  check.what = "run " + printable(program.substr(program.rfind('/') + 1));
  if (!spec.child.source.empty()) check.sources = {spec.child.source};
  check.run = [spec = std::move(spec)](const CheckWorld& world, const Deadline& deadline, std::stop_token stop) {
    return run_check(spec, world, deadline, stop);
  };
  return check;
}

}  // namespace

CheckKind run_check_kind() {
  using Type = CheckOption::Type;
  return {
      .name = "run",
      .help = "A program, its exit status and what it writes.",
      .options = with_common({
          {"run", "the program and its arguments; there is no shell", Type::TextList, true},
          {"expect", "a line that it must write, on either output; <n> stands for a number, <word> for a word"},
          {"status", "the exit status that it must end with (default 0)", Type::Count},
          {"twice", "run it again: the second time `applied=<n>` of `expect` must be 0, as of migrations", Type::Flag},
          {"second", "what the second run must write, instead of `expect`; implies `twice`"},
          {"env", "variables for it; `$name` is a secret", Type::Map},
          {"cwd", "the directory it runs in"},
          {"on", "the source whose database it is pointed at: by PGHOST and such, or HOLDFAST_DATABASE", Type::Source},
          {"database", "which one of the source's databases, where it has several"},
      }),
      .prepare = prepare};
}

}  // namespace hf
