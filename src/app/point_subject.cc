#include "app/point_subject.h"

#include <algorithm>

#include "app/choose.h"
#include "app/kinds.h"
#include "backup/recorded.h"
#include "backup/tree_files.h"
#include "source/config_names.h"

namespace hf {
namespace {

constexpr uint64_t name_file_bytes_max = 1024;

const SourceKind* kind_named(const std::vector<SourceKind>& kinds, const std::string& name) {
  const auto at = std::ranges::find(kinds, name, &SourceKind::name);
  return at == kinds.end() ? nullptr : &*at;
}

Error no_database(const std::string& source) {
  return Error(Code::Unsupported, "source " + printable(source) + " is no database that can be asked");
}

std::vector<TableState> states_of(const SourceRecord& source) {
  std::vector<TableState> tables;
  for (const TableRecord& table : source.tables) tables.push_back({table.name, table.rows, to_hex(table.digest)});
  return tables;
}

bool is_proven(const std::vector<Proof>& proofs) {
  // One that failed later is not good any more.
  return !proofs.empty() && proofs.back().passed && proofs.back().level != "integrity";
}

}  // namespace

PointSubject::PointSubject(Context& context, const Settings& settings, SubjectSpec spec)
    : context_(context), settings_(settings), spec_(std::move(spec)) {
  HF_ASSERT((spec_.repository == nullptr) == (spec_.point == nullptr));
}

WallTime PointSubject::time() {
  return spec_.is_restored && spec_.point != nullptr ? spec_.point->manifest.started : context_.program.clock.wall();
}

Result<const SourceRecord*> PointSubject::record(const std::string& source) const {
  if (spec_.point == nullptr) return Error(Code::Unsupported, "no point is looked at");
  const SourceRecord* found = nullptr;
  for (const SourceRecord& record : spec_.point->manifest.sources)
    if (record.name == source) found = &record;
  if (found == nullptr)
    return Error(Code::NotFound, "point " + shown_id(spec_.point->id) + " has no source " + printable(source));
  return found;
}

Result<std::string> PointSubject::directory(const std::string& source) {
  if (spec_.directory.empty()) return Error(Code::Unsupported, "nothing was restored");
  if (spec_.point != nullptr) HF_TRY(record(source));
  return spec_.directory + "/" + source;
}

Result<std::unique_ptr<Queries>> PointSubject::open_restored(const std::string& source) {
  const SourceRecord* const recorded = HF_TRY(record(source));
  const std::vector<SourceKind> kinds = source_kinds();
  const SourceKind* const kind = kind_named(kinds, recorded->kind);
  if (kind == nullptr || !kind->query_restored) return no_database(source);
  const RecordedSource known = recorded_source(*recorded);
  const auto running = spec_.running.find(source);
  const RestoredPlace place{.directory = spec_.directory + "/" + source,
                            .recorded = known,
                            .running = running == spec_.running.end() ? nullptr : running->second};
  return kind->query_restored(source_world(context_, settings_), place);
}

Result<std::unique_ptr<Queries>> PointSubject::open_live(const std::string& source) {
  const config::Config* const config = settings_.config_or_null();
  if (config == nullptr || !config->sources.contains(source))
    return Error(Code::NotFound, "no source is named " + printable(source));
  const config::KindConfig& configured = config->sources.find(source)->second;
  const std::vector<SourceKind> kinds = source_kinds();
  const SourceKind* const kind = kind_named(kinds, configured.type);
  if (kind == nullptr || !kind->query_live) return no_database(source);
  return kind->query_live(source_world(context_, settings_), configured.options);
}

Result<Queries*> PointSubject::queries(const std::string& source) {
  std::unique_ptr<Queries>& opened = queries_[source];
  if (!opened) opened = HF_TRY(spec_.directory.empty() ? open_live(source) : open_restored(source));
  return opened.get();
}

Result<QueryAnswer> PointSubject::query(const std::string& source, const Query& query, const Deadline& deadline,
                                        std::stop_token stop) {
  Queries* const database = HF_TRY(queries(source));
  return database->ask(query, deadline, std::move(stop));
}

Result<std::vector<TableState>> PointSubject::tables(const std::string& source, const Deadline& deadline,
                                                     std::stop_token stop) {
  if (spec_.is_proven) return states_of(*HF_TRY(record(source)));
  Queries* const database = HF_TRY(queries(source));
  std::vector<TableState> tables;
  for (const TableFact& table : HF_TRY(database->tables(deadline, std::move(stop))))
    tables.push_back({table.name, table.rows, to_hex(table.digest)});
  return tables;
}

// "last-good": the newest proven point of the set that is not newer than this one.
Result<Point> PointSubject::reference(const std::string& point) {
  if (spec_.point == nullptr) return Error(Code::Unsupported, "no repository is looked at");
  PointList list = HF_TRY(list_points(*spec_.repository, spec_.point->manifest.set));
  if (point != "last-good") return point_by_digits(list.points, point);
  std::stable_sort(list.points.begin(), list.points.end(),
                   [](const Point& a, const Point& b) { return a.manifest.started > b.manifest.started; });
  for (Point& candidate : list.points) {
    const bool is_itself = spec_.is_restored && candidate.id == spec_.point->id;
    if (is_itself || candidate.manifest.started > time()) continue;
    if (is_proven(HF_TRY(list_proofs(*spec_.repository, candidate)))) return std::move(candidate);
  }
  return Error(Code::NotFound, "no other point of the set is proven").with_hint("holdfast verify POINT proves one");
}

Result<std::vector<TableState>> PointSubject::tables_of(const std::string& point, const std::string& source) {
  const Point good = HF_TRY(reference(point));
  for (const SourceRecord& recorded : good.manifest.sources)
    if (recorded.name == source) return states_of(recorded);
  return Error(Code::NotFound, "point " + shown_id(good.id) + " has no source " + printable(source));
}

Result<std::vector<CapturedName>> PointSubject::names(const std::string& source) {
  if (spec_.point == nullptr) return Error(Code::Unsupported, "no point is looked at");
  const SourceRecord* found = nullptr;
  for (const SourceRecord& record : spec_.point->manifest.sources) {
    if (record.kind != "config" || (!source.empty() && record.name != source)) continue;
    if (found != nullptr)
      return Error(Code::Invalid, "there are several sources of type config").with_hint("name one with `on`");
    found = &record;
  }
  if (found == nullptr)
    return Error(Code::NotFound, "point " + shown_id(spec_.point->id) + " has no source " +
                                     (source.empty() ? "" : printable(source) + " ") + "of type config");
  ChunkReader& chunks = *HF_TRY(spec_.repository->chunks());
  std::vector<CapturedName> names;
  const auto visit = [&](const TreeEntry& entry) -> Status {
    if (entry.meta.info.type != FileType::File || entry.meta.info.size > name_file_bytes_max) return {};
    std::string content;
    const auto take = [&](BytesView bytes) -> Status {
      content += as_text(bytes);
      return {};
    };
    HF_TRY(read_content(chunks, entry.content, take, context_.program.stop));
    if (std::optional<NamedValue> value = read_named_value(entry.meta.path, content))
      names.push_back({std::move(value->name), value->is_empty});
    return {};
  };
  HF_TRY(walk_tree(chunks, found->tree, "", visit, context_.program.stop));
  return names;
}

Result<std::map<std::string, std::string>> PointSubject::variables(const std::string& source,
                                                                   const std::string& database) {
  std::map<std::string, std::string> variables;
  if (!source.empty()) {
    Queries* const queried = HF_TRY(queries(source));
    variables = HF_TRY(queried->variables(database));
  }
  if (spec_.point != nullptr) variables["HOLDFAST_POINT"] = spec_.point->id.hex();
  if (!spec_.directory.empty()) variables["HOLDFAST_RESTORED"] = spec_.directory;
  return variables;
}

}  // namespace hf
