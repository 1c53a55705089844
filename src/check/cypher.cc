#include "check/kinds.h"
#include "check/options.h"

namespace hf {
namespace {

Result<Check> prepare(const CheckOptions& options) {
  Check check;
  check.what = "cypher on " + text_of(options, "on");
  check.run = [](const CheckWorld&, const Deadline&, std::stop_token) -> Result<Verdict> {
    return Error(Code::Unsupported, "cypher checks are not executed by this version");
  };
  return check;
}

}  // namespace

CheckKind cypher_check_kind() {
  return {.name = "cypher",
          .help = "A query to a graph; not executed by this version, so it never passes.",
          .options = with_common({
              {"cypher", "one statement that reads", CheckOption::Type::Text, true},
              {"on", "the source whose database is asked", CheckOption::Type::Source, true},
              {"expect", "as of sql"},
          }),
          .prepare = prepare,
          .note = "cypher checks are not executed by this version, so they never pass"};
}

}  // namespace hf
