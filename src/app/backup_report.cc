#include "app/backup_report.h"

#include "app/choose.h"
#include "app/point_text.h"
#include "app/table.h"
#include "base/text.h"

namespace hf {
namespace {

constexpr size_t problems_shown_max = 20;

double seconds_of(uint64_t nanoseconds) {
  return static_cast<double>(nanoseconds) / 1e9;
}

}  // namespace

void print_problems(Out& out, std::string_view source, const std::vector<ProblemRecord>& problems, uint64_t count) {
  const size_t shown = out.is_verbose() ? problems.size() : std::min(problems.size(), problems_shown_max);
  for (size_t i = 0; i < shown; ++i) {
    const std::string path = std::string(source) + (problems[i].path.empty() ? "" : "/" + problems[i].path);
    out.warn("  " + printable(path) + ": " + printable(problems[i].what));
  }
  if (count > shown) out.warn("  and " + format_count(count - shown) + " more");
}

void print_failure(Out& out, std::string_view source, const Error& error) {
  out.warn("  " + printable(source) + ": " + printable(error.message()));
  if (!error.hint().empty()) out.warn("  hint: " + printable(error.hint()));
  out.detail(error.detail());
}

JsonArray problems_document(const std::vector<ProblemRecord>& problems, bool all) {
  JsonArray array;
  const size_t shown = all ? problems.size() : std::min(problems.size(), problems_shown_max);
  for (size_t i = 0; i < shown; ++i)
    array.add(JsonObject().add("path", problems[i].path).add("what", problems[i].what));
  return array;
}

JsonObject backup_document(const BackupOutcome& outcome, bool all_problems) {
  const Manifest& manifest = outcome.point.manifest;
  JsonArray sources;
  for (const SourceRecord& source : manifest.sources) {
    JsonObject one;
    one.add("name", source.name).add("kind", source.kind).add("status", source.complete ? "complete" : "partial");
    one.add("bytes", source.bytes).add("seconds", Json::seconds(source.took)).add("files", source.files);
    if (const auto left = source.facts.find("left_out"); left != source.facts.end())
      one.add("files_left_out", Json::raw(source.facts.at("files_left_out"))).add("left_out", left->second);
    one.add("problems", problems_document(source.problems, all_problems).json())
        .add("problem_count", source.problem_count);
    sources.add(one);
  }
  for (const SourceFailure& failed : outcome.failed)
    sources.add(failure_document({.name = failed.name, .kind = failed.kind, .why = failed.error.message()})
                    .add("seconds", 0)
                    .add("problems", JsonArray().json())
                    .add("problem_count", 0)
                    .add("error", error_document(failed.error, exit_code(failed.error.code()))));
  JsonObject bytes;
  bytes.add("read", outcome.bytes_read).add("new", outcome.bytes_new).add("stored", outcome.bytes_stored);
  JsonObject body;
  body.add("point", outcome.point.id.hex()).add("set", manifest.set).add("status", name_of(manifest.status));
  body.add("kind", manifest.kind).add("emergency", is_emergency(manifest));
  body.add("seconds", Json::seconds(outcome.took)).add("bytes", bytes).add("sources", sources.json());
  return body;
}

void print_backup(Out& out, const BackupOutcome& outcome) {
  const Manifest& manifest = outcome.point.manifest;
  uint64_t files = 0, bytes = 0;
  for (const SourceRecord& source : manifest.sources) {
    files += source.files;
    bytes += source.bytes;
    std::string line = "  " + printable(source.name) + " (" + source.kind +
                       "): " + format_count(source.files, "file", "files") + ", " + format_bytes(source.bytes);
    if (!source.tables.empty()) line += ", " + format_count(source.tables.size(), "table", "tables");
    out.say(line + ", " + format_duration(source.took) + (source.complete ? "" : ", partial"));
    if (const auto left = source.facts.find("left_out"); left != source.facts.end())
      out.say("    left out, because the source in brackets gives it: " + printable(left->second));
  }
  out.say("point " + shown_id(outcome.point.id) + " of " + printable(manifest.set) + only_text(manifest) + ": " +
          format_count(files, "file", "files") + ", " + format_bytes(bytes) + "; read " +
          format_bytes(outcome.bytes_read) + ", new " + format_bytes(outcome.bytes_new) + ", stored " +
          format_bytes(outcome.bytes_stored) + "; " + format_duration(outcome.took));
  if (is_emergency(manifest))
    out.say("it stays until it is given up by name: holdfast prune --forget " + shown_id(outcome.point.id));
  if (manifest.status == PointStatus::Complete) return;
  out.warn("the point is partial; not read:");
  for (const SourceRecord& source : manifest.sources)
    print_problems(out, source.name, source.problems, source.problem_count);
  for (const SourceFailure& failed : outcome.failed) print_failure(out, failed.name, failed.error);
}

void print_perf(Out& out, const Meter& meter) {
  Table table({"stage", ">items", ">bytes", ">busy s", ">MB/s"});
  const auto number = [](double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.3f", value);
    return std::string(text);
  };
  for (size_t i = 0; i < static_cast<size_t>(Stage::Count); ++i) {
    const Stage stage = static_cast<Stage>(i);
    const uint64_t items = meter[stage].items, bytes = meter[stage].bytes, busy = meter[stage].busy_ns;
    if (items == 0) continue;
    table.add({std::string(name_of(stage)), format_count(items), format_count(bytes), number(seconds_of(busy)),
               busy == 0 ? "-" : number(static_cast<double>(bytes) / 1e6 / seconds_of(busy))});
  }
  for (const std::string& line : table.lines()) out.print(line);
}

JsonArray perf_document(const Meter& meter) {
  JsonArray stages;
  for (size_t i = 0; i < static_cast<size_t>(Stage::Count); ++i) {
    const Stage stage = static_cast<Stage>(i);
    const uint64_t items = meter[stage].items, bytes = meter[stage].bytes, busy = meter[stage].busy_ns;
    if (items == 0) continue;
    stages.add(JsonObject()
                   .add("stage", name_of(stage))
                   .add("items", items)
                   .add("bytes", bytes)
                   .add("busy_seconds", Json::seconds(Duration(static_cast<int64_t>(busy)))));
  }
  return stages;
}

}  // namespace hf
