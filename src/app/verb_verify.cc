#include "app/choose.h"
#include "app/help.h"
#include "app/kinds.h"
#include "app/session.h"
#include "app/verbs.h"
#include "backup/verify.h"
#include "base/text.h"

namespace hf {
namespace {

Result<std::string> scratch_directory(Context& context) {
  std::string path = context.args.text("in");
  if (path.empty()) path = context.program.environment("TMPDIR");
  if (path.empty()) path = "/tmp";
  Result<std::unique_ptr<Directory>> opened = context.program.fs.open_directory(path);
  if (!opened.ok())
    return Error(Code::Invalid,
                 "the scratch directory " + printable(path) + " cannot be used: " + opened.error().message())
        .with_hint("--in DIR names another");
  return path;
}

JsonObject check_document(const ProofCheck& check) {
  return JsonObject()
      .add("name", check.name)
      .add("status", check.passed ? "passed" : "failed")
      .add("seconds", Json::seconds(check.took))
      .add("message", check.message);
}

Result<Exit> show_proof(Context& context, const Point& point, const Proof& proof, bool attached) {
  JsonArray checks;
  for (const ProofCheck& check : proof.checks) {
    context.out.event("check.result", check_document(check));
    checks.add(check_document(check));
    const std::string line = (check.passed ? "  passed  " : "  FAILED  ") + printable(check.name) +
                             (check.message.empty() ? "" : ": " + printable(check.message));
    if (!check.passed)
      context.out.print(line);
    else
      context.out.say(line);
  }
  const std::string status = proof.passed ? "passed" : "failed";
  context.out.event("run.finished", JsonObject().add("status", status));
  context.out.say("point " + shown_id(point.id) + " of " + printable(point.manifest.set) + ": " + proof.level + " " +
                  status + ", " + format_duration(proof.took) + (attached ? "; signed proof attached" : ""));
  context.out.document(JsonObject()
                           .add("point", point.id.hex())
                           .add("set", point.manifest.set)
                           .add("level", proof.level)
                           .add("status", status)
                           .add("seconds", Json::seconds(proof.took))
                           .add("checks", checks.json())
                           .add("attached", attached));
  return proof.passed ? Exit::Done : Exit::VerifyFailed;
}

Result<Exit> run_verb(Context& context) {
  const std::string level_name = context.args.text("level", "complete");
  const std::optional<ProofLevel> level = parse_proof_level(level_name);
  if (!level)
    return Error(Code::Invalid, "--level takes integrity, restored or complete")
        .with_hint("complete is the default, and proves most");
  VerifyRequest request{.level = *level,
                        .source_kinds = source_kinds(),
                        .host = context.program.host,
                        .version = program_version(),
                        .workers = context.program.processors};
  if (*level != ProofLevel::Integrity) request.scratch = HF_TRY(scratch_directory(context));
  const OpenRepository opened = HF_TRY(open_repository(context));
  const Point point = HF_TRY(choose_point(*opened, context.args.text("SET|POINT", "latest")));
  context.out.event("run.started",
                    JsonObject().add("verb", "verify").add("point", point.id.hex()).add("level", level_name));
  const SourceWorld world{.env = context.program.env(), .fs = context.program.fs, .process = context.program.process};
  const Proof proof = HF_TRY(verify_point(*opened, point, world, request, context.program.stop));
  bool attached = false;
  if (!context.args.has("no-attach")) {
    // One who may only read verifies, too.
    const Status written = attach_proof(*opened, point, proof);
    attached = written.ok();
    if (!attached) context.out.warn("note: the proof was not attached: " + written.error().message());
  }
  return show_proof(context, point, proof, attached);
}

}  // namespace

Verb verify_verb() {
  return {.name = "verify",
          .summary = "Prove that a point can be restored",
          .description =
              "integrity: every byte is read and checked. restored: the point is restored into a scratch directory and "
              "compared. complete: and "
              "what was restored is examined by its own means (databases are checked and counted). The signed proof is "
              "attached to the "
              "point. Exit code 5: a check failed.",
          .arguments = {{"SET|POINT",
                         "latest (the default), a set (its newest point), or the first digits of a point",
                         ArgumentSpec::Count::Optional,
                         {},
                         ArgumentSpec::Completes::Points}},
          .options = {{"level", "", "LEVEL", "integrity, restored or complete (default: complete)"},
                      {"in", "", "DIR", "scratch directory (default: $TMPDIR, /tmp)"},
                      {"no-attach", "", "", "do not attach the proof"}},
          .examples = {"holdfast verify", "holdfast verify web --level integrity",
                       "holdfast verify 3fa9c01b22 --in /scratch -o json"},
          .run = run_verb};
}

}  // namespace hf
