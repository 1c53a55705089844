#include "check/run_checks.h"

#include <algorithm>

#include "base/text.h"
#include "check/options.h"
#include "sys/entry.h"

namespace hf {

Result<NamedCheck> prepare_check(const CheckKind& kind, const std::string& group, const CheckOptions& options,
                                 const std::vector<NamedCheck>& taken) {
  NamedCheck named;
  named.check = HF_TRY(kind.prepare(options));
  const std::string given = text_of(options, "name");
  const std::string name = group + ": " + (given.empty() ? named.check.what : printable(given));
  named.name = name;
  const auto is_taken = [&](const NamedCheck& other) { return other.name == named.name; };
  for (size_t number = 2; std::ranges::any_of(taken, is_taken); ++number)
    named.name = name + " (" + std::to_string(number) + ")";
  named.timeout = HF_TRY(span_of(options, "timeout")).value_or(named.timeout);
  if (named.timeout <= Duration::zero()) return Error(Code::Invalid, "\"timeout\" is no time at all");
  return named;
}

Status run_checks(const std::vector<NamedCheck>& checks, const CheckWorld& world,
                  const std::function<void(const CheckEnd&)>& on_end, std::stop_token stop) {
  for (const NamedCheck& named : checks) {
    if (stop.stop_requested()) return Error(Code::Cancelled, "interrupted");
    const MonoTime begin = world.env.clock.mono();
    const Deadline deadline(world.env.clock, named.timeout);
    Result<Verdict> verdict = named.check.run(world, deadline, stop);
    if (!verdict.ok() && stop.stop_requested()) return Error(Code::Cancelled, "interrupted");
    CheckEnd end{.name = named.name, .took = world.env.clock.mono() - begin};
    if (verdict.ok()) {
      end.verdict = std::move(verdict).value();
    } else {
      const bool is_late = verdict.error().code() == Code::Timeout;
      end.verdict = {false, is_late ? "no answer within " + format_span(named.timeout) : verdict.error().message(),
                     verdict.error().detail()};
    }
    on_end(end);
  }
  return {};
}

}  // namespace hf
