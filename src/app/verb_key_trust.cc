// key trust: what a person decides when the repository shows an older state than was seen before.
#include <algorithm>

#include "app/session.h"
#include "app/verbs.h"
#include "repo/points.h"
#include "sys/entry.h"

namespace hf {
namespace {

Result<Exit> show_intention(Context& context, Repository& repository, const std::string& set) {
  const uint64_t number = HF_TRY(newest_head_shown(repository, set));
  if (number == 0)
    return Error(Code::NotFound, "the repository has no points of set " + printable(set))
        .with_hint("holdfast list sets shows those it has");
  const SeenHead* seen = repository.seen_head(repository.ring().set_directory(set));
  context.out.print("would take point number " + std::to_string(number) + " for the newest of " + printable(set) +
                    (seen == nullptr ? "; this machine has seen none yet"
                                     : "; this machine has seen number " + std::to_string(seen->sequence)) +
                    "; nothing was written");
  context.out.document(JsonObject()
                           .add("dry_run", true)
                           .add("set", set)
                           .add("number", number)
                           .add("seen", seen == nullptr ? Json() : Json(seen->sequence)));
  return Exit::Done;
}

Result<Exit> run_trust(Context& context) {
  const std::string set = context.args.text("accept-rollback");
  if (set.empty())
    return Error(Code::Invalid, "what shall be trusted?")
        .with_hint("--accept-rollback SET, or --accept-signer FINGERPRINT with any command");
  const Settings settings = HF_TRY(load_settings(context));
  OpenCopies copies = HF_TRY(open_copies(context, settings));
  if (context.args.has("dry-run")) return show_intention(context, *copies.open.front(), set);
  // Each copy has been seen by itself: what each shows now is what is to be believed of it.
  uint64_t number = 0;
  for (OpenCopy& copy : copies.open) number = std::max(number, HF_TRY(accept_rollback(*copy, set)));
  context.out.say("from now on point number " + std::to_string(number) + " is the newest of " + printable(set));
  context.out.document(JsonObject().add("set", set).add("number", number));
  return Exit::Done;
}

}  // namespace

Verb key_trust_verb() {
  return {.name = "key trust",
          .summary = "Accept an older state of a set that was put back on purpose",
          .description =
              "This machine remembers the newest point it has seen of each set, and refuses a repository that shows an "
              "older one: somebody may be hiding what is new. After an older copy was put in place on purpose, this "
              "makes it the one to believe.",
          .arguments = {},
          .options = {{"accept-rollback", "", "SET", "the set whose older state is right"},
                      {"dry-run", "", "", "say which point would be the newest; nothing is remembered"}},
          .examples = {"holdfast key trust --accept-rollback default",
                       "holdfast key trust --accept-rollback default --dry-run",
                       "holdfast key trust --accept-rollback default -o json"},
          .run = run_trust};
}

}  // namespace hf
