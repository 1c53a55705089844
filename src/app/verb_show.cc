#include "app/backup_report.h"
#include "app/choose.h"
#include "app/point_text.h"
#include "app/session.h"
#include "app/table.h"
#include "app/verbs.h"
#include "backup/backup_run.h"
#include "base/text.h"

namespace hf {
namespace {

JsonObject source_document(const SourceRecord& source) {
  JsonArray tables;
  for (const TableRecord& table : source.tables)
    tables.add(JsonObject().add("name", table.name).add("rows", table.rows).add("digest", to_hex(table.digest)));
  JsonObject facts;
  for (const auto& [name, value] : source.facts) facts.add(name, value);
  JsonObject body;
  body.add("name", source.name)
      .add("kind", source.kind)
      .add("status", source.complete ? "complete" : "partial")
      .add("base", source.base);
  body.add("entries", source.entries)
      .add("files", source.files)
      .add("bytes", source.bytes)
      .add("seconds", Json::seconds(source.took));
  body.add("tables", tables.json()).add("facts", facts);
  return body.add("problems", problems_document(source.problems, true).json())
      .add("problem_count", source.problem_count);
}

JsonArray proofs_document(const std::vector<Proof>& proofs) {
  JsonArray array;
  for (const Proof& proof : proofs) {
    JsonArray checks;
    for (const ProofCheck& check : proof.checks)
      checks.add(JsonObject()
                     .add("name", check.name)
                     .add("status", check.passed ? "passed" : "failed")
                     .add("seconds", Json::seconds(check.took))
                     .add("message", check.message));
    array.add(JsonObject()
                  .add("level", proof.level)
                  .add("status", proof.passed ? "passed" : "failed")
                  .add("time", Json::time(proof.time))
                  .add("seconds", Json::seconds(proof.took))
                  .add("host", proof.host)
                  .add("checks", checks.json()));
  }
  return array;
}

void print_point(Out& out, const Point& point, const std::vector<Proof>& proofs) {
  const Manifest& manifest = point.manifest;
  const auto line = [&](std::string name, const std::string& value) {
    name.resize(10, ' ');
    if (!value.empty()) out.print(name + value);
  };
  line("point", point.id.hex());
  line("set", printable(manifest.set) + ", number " + std::to_string(manifest.sequence));
  line("status", std::string(name_of(manifest.status)));
  const std::vector<FailedSource> failed = failed_sources(manifest);
  if (!is_whole(manifest))
    line("kind", "selected: some sources of the set only, " +
                     std::string(failed.empty() ? "as --source said" : "those that could be saved"));
  if (is_emergency(manifest)) line("emergency", "it stays until it is given up by name");
  line("time",
       format_time_rfc3339(manifest.started) + ", took " + format_duration(manifest.finished - manifest.started));
  line("by", printable(manifest.host) + ", holdfast " + printable(manifest.version));
  line("tags", tags_text(manifest.tags));
  line("bytes", format_bytes(bytes_of(manifest)) + "; read " + format_bytes(manifest.bytes_read) + ", new " +
                    format_bytes(manifest.bytes_new) + ", stored " + format_bytes(manifest.bytes_stored));
  for (const Proof& proof : proofs)
    line("proof", proof.level + (proof.passed ? " passed " : " FAILED ") + format_time_rfc3339(proof.time) + " by " +
                      printable(proof.host));
  for (const SourceRecord& source : manifest.sources) {
    line("source", printable(source.name) + " (" + source.kind + "): " + format_count(source.files) + " files, " +
                       format_bytes(source.bytes) + (source.complete ? "" : ", partial") +
                       (source.base.empty() ? "" : ", of " + printable(source.base)));
    for (const TableRecord& table : source.tables)
      out.print("            table " + printable(table.name) + ": " + format_count(table.rows) + " rows");
    for (const auto& [name, value] : source.facts)
      out.print("            " + printable(name) + ": " + printable(value));
    if (!source.problems.empty()) out.warn("not read of " + printable(source.name) + ":");
    print_problems(out, source.name, source.problems, source.problem_count);
  }
  for (const FailedSource& source : failed)
    line("source", printable(source.name) + " (" + printable(source.kind) + "): failed: " + printable(source.why));
}

Result<Exit> run_verb(Context& context) {
  const OpenRepository opened = HF_TRY(open_repository(context));
  const Point point = HF_TRY(choose_point(context, *opened, context.args.text("SET|POINT")));
  const std::vector<Proof> proofs = HF_TRY(list_proofs(*opened, point));
  print_point(context.out, point, proofs);
  const Manifest& manifest = point.manifest;
  JsonArray sources;
  for (const SourceRecord& source : manifest.sources) sources.add(source_document(source));
  for (const FailedSource& source : failed_sources(manifest)) sources.add(failure_document(source));
  JsonObject tags;
  for (const auto& [name, value] : manifest.tags) tags.add(name, value);
  JsonObject body;
  body.add("id", point.id.hex())
      .add("set", manifest.set)
      .add("sequence", manifest.sequence)
      .add("object", point.object);
  body.add("time", Json::time(manifest.started))
      .add("finished", Json::time(manifest.finished))
      .add("kind", manifest.kind)
      .add("emergency", is_emergency(manifest));
  body.add("status", name_of(manifest.status))
      .add("host", manifest.host)
      .add("version", manifest.version)
      .add("tags", tags);
  body.add("bytes", JsonObject()
                        .add("total", bytes_of(manifest))
                        .add("read", manifest.bytes_read)
                        .add("new", manifest.bytes_new)
                        .add("stored", manifest.bytes_stored));
  body.add("proofs", proofs_document(proofs).json()).add("sources", sources.json());
  context.out.document(body);
  return Exit::Done;
}

}  // namespace

Verb show_verb() {
  return {.name = "show",
          .summary = "Show all about one point",
          .description =
              "Shows what a point consists of: sources with their sizes, tables and facts, what could not be read, and "
              "every proof.",
          .arguments = {{"SET|POINT",
                         "latest, a set (its newest point), or the first digits of a point",
                         ArgumentSpec::Count::One,
                         {},
                         ArgumentSpec::Completes::Points}},
          .options = {},
          .examples = {"holdfast show latest --repo /backup/repo --passphrase-file /etc/holdfast/passphrase",
                       "holdfast show 3fa9c01b22", "holdfast show web -o json"},
          .run = run_verb};
}

}  // namespace hf
