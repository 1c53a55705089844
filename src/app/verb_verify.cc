#include "app/choose.h"
#include "app/help.h"
#include "app/kinds.h"
#include "app/point_text.h"
#include "app/scratch.h"
#include "app/session.h"
#include "app/verbs.h"
#include "backup/verify.h"
#include "base/text.h"

namespace hf {
namespace {

JsonObject check_document(const ProofCheck& check) {
  return JsonObject()
      .add("name", check.name)
      .add("status", check.passed ? "passed" : "failed")
      .add("seconds", Json::seconds(check.took))
      .add("message", check.message);
}

// The checks and steps as they happen.
void tell_events(Context& context, VerifyRequest& request) {
  request.on_step = [&context, begin = context.program.clock.mono()](const std::string& step, bool begins) mutable {
    const MonoTime now = context.program.clock.mono();
    if (begins) {
      begin = now;
      context.out.event("step.started", JsonObject().add("step", step));
    } else {
      context.out.event("step.finished", JsonObject().add("step", step).add("seconds", Json::seconds(now - begin)));
    }
  };
  request.on_check = [&context](const ProofCheck& check) { context.out.event("check.result", check_document(check)); };
  request.progress = [&context](const std::string& step, uint64_t bytes, uint64_t bytes_total) {
    context.progress.update({.doing = "verify " + step, .bytes = bytes, .bytes_total = bytes_total});
  };
}

// What would be read, where to, and what would be written.
Result<Exit> show_intention(Context& context, const Point& point, const VerifyRequest& request, bool attach) {
  const uint64_t bytes = bytes_of(point.manifest);
  const bool restores = request.level != ProofLevel::Integrity;
  context.out.print("would verify point " + shown_id(point.id) + " of " + printable(point.manifest.set) + ", level " +
                    std::string(name_of(request.level)) + ": read " + format_bytes(bytes) + " of " +
                    std::to_string(point.manifest.sources.size()) + " sources");
  JsonObject body;
  body.add("dry_run", true).add("point", point.id.hex()).add("set", point.manifest.set);
  body.add("level", name_of(request.level)).add("bytes_to_read", bytes).add("attach", attach);
  if (restores) {
    const auto scratch = HF_TRY(context.program.fs.open_directory(request.scratch));
    const uint64_t free = HF_TRY(scratch->space_free());
    context.out.print("restored into a new directory in " + printable(request.scratch) +
                      " (free: " + format_bytes(free) + "), which is removed afterwards");
    if (bytes > free) context.out.warn("there is not enough space; --in DIR names another scratch directory");
    body.add("scratch", request.scratch).add("bytes_to_write", bytes).add("space_free", free);
  }
  context.out.print(attach ? "a signed proof would be attached to the point; nothing was written"
                           : "no proof would be attached; nothing was written");
  context.out.document(body);
  return Exit::Done;
}

Json source_names(const Point& point) {
  std::vector<std::string> names;
  for (const SourceRecord& source : point.manifest.sources) names.push_back(source.name);
  return json_list(names);
}

Result<Exit> show_proof(Context& context, const Point& point, const Proof& proof, bool attached) {
  JsonArray checks;
  for (const ProofCheck& check : proof.checks) {
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
  context.out.say("point " + shown_id(point.id) + " of " + printable(point.manifest.set) + only_text(point.manifest) +
                  ": " + proof.level + " " + status + ", " + format_duration(proof.took) +
                  (attached ? "; signed proof attached" : ""));
  context.out.document(JsonObject()
                           .add("point", point.id.hex())
                           .add("set", point.manifest.set)
                           .add("kind", point.manifest.kind)
                           .add("sources", source_names(point))
                           .add("level", proof.level)
                           .add("status", status)
                           .add("seconds", Json::seconds(proof.took))
                           .add("checks", checks.json())
                           .add("attached", attached));
  return proof.passed ? Exit::Done : Exit::VerifyFailed;
}

// The words of the contract name the deed, those of a proof what it has shown.
std::optional<ProofLevel> level_of(const std::string& name) {
  if (name == "restore") return ProofLevel::Restored;
  if (name == "application") return ProofLevel::Complete;
  return parse_proof_level(name);
}

Result<Exit> run_verb(Context& context) {
  const std::string level_name = context.args.text("level", "complete");
  const std::optional<ProofLevel> level = level_of(level_name);
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
  const Point point = HF_TRY(choose_point(context, *opened, context.args.text("SET|POINT", "latest")));
  const bool attach = !context.args.has("no-attach");
  if (context.args.has("dry-run")) return show_intention(context, point, request, attach);
  tell_events(context, request);
  context.out.event("run.started",
                    JsonObject().add("verb", "verify").add("point", point.id.hex()).add("level", name_of(*level)));
  const SourceWorld world{.env = context.program.env(), .fs = context.program.fs, .process = context.program.process};
  Result<Proof> verified = verify_point(*opened, point, world, request, context.program.stop);
  context.progress.clear();
  const Proof proof = HF_TRY(std::move(verified));
  bool attached = false;
  if (attach) {
    // One who may only read verifies, too.
    const Status written = attach_proof(*opened, point, proof);
    attached = written.ok();
    if (!attached) context.out.warn("note: the proof was not attached: " + written.error().message());
  }
  return show_proof(context, point, proof, attached);
}

}  // namespace

Verb verify_verb() {
  return {
      .name = "verify",
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
      .options = {{"level", "", "LEVEL", "integrity, restored or complete (the default); also: restore, application"},
                  {"in", "", "DIR", "scratch directory (default: $TMPDIR, /tmp)"},
                  {"no-attach", "", "", "do not attach the proof"},
                  {"dry-run", "", "", "say what would be read and written; nothing is"}},
      .examples = {"holdfast verify", "holdfast verify web --level integrity",
                   "holdfast verify 3fa9c01b22 --in /scratch -o json"},
      .run = run_verb};
}

}  // namespace hf
