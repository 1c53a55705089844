#include "app/choose.h"
#include "app/point_text.h"
#include "app/session.h"
#include "app/table.h"
#include "app/verbs.h"
#include "backup/tree_files.h"
#include "base/text.h"
#include "source/glob.h"

namespace hf {
namespace {

// One component against names; several, or an absolute path, against whole paths.
class Pattern {
 public:
  explicit Pattern(const std::string& text)
      : text_(text), has_slash_(text.find('/') != text.npos), components_(split_path(text)) {}

  bool matches(const SourceRecord& source, const std::string& path) const {
    if (!has_slash_)
      return glob_matches(text_, path.empty() ? source.name : std::string_view(path).substr(path.rfind('/') + 1));
    if (text_.starts_with('/')) return !source.base.empty() && matches_all(source.base + "/" + path);
    return matches_all(shown_path(source.name, path)) || matches_all(path);
  }

 private:
  bool matches_all(const std::string& path) const { return matches_from(split_path(path), 0, 0); }
  bool matches_from(const std::vector<std::string>& names, size_t name, size_t component) const {
    if (component == components_.size()) return name == names.size();
    if (components_[component] == "**") {
      for (size_t skip = name; skip <= names.size(); ++skip)
        if (matches_from(names, skip, component + 1)) return true;
      return false;
    }
    return name < names.size() && glob_matches(components_[component], names[name]) &&
           matches_from(names, name + 1, component + 1);
  }

  const std::string text_;
  const bool has_slash_;
  const std::vector<std::string> components_;
};

Result<std::vector<Point>> points_to_search(Context& context, Repository& repository) {
  if (context.args.has("point"))
    return std::vector<Point>{HF_TRY(choose_point(context, repository, context.args.text("point")))};
  const bool one_set = context.args.has("set");
  PointList list = HF_TRY(list_points(repository, one_set ? std::optional(context.args.text("set")) : std::nullopt));
  if (one_set && list.points.empty())
    return Error(Code::NotFound, "no point is of set " + printable(context.args.text("set")))
        .with_hint("holdfast list sets");
  std::stable_sort(list.points.begin(), list.points.end(),
                   [](const Point& a, const Point& b) { return a.manifest.started < b.manifest.started; });
  return std::move(list.points);
}

Result<Exit> run_verb(Context& context) {
  const OpenRepository opened = HF_TRY(open_repository(context));
  const std::vector<Point> points = HF_TRY(points_to_search(context, *opened));
  const Pattern pattern(context.args.text("PATTERN"));
  ChunkReader& chunks = *HF_TRY((*opened).chunks());
  Table table({"point", "time (UTC)", ">size", "modified (UTC)", "path"});
  const auto print_rows = [&] {
    for (const std::string& line : table.drain()) context.out.print(line);
  };
  uint64_t found = 0;
  context.out.begin_list({}, "matches", "match");
  for (const Point& point : points) {
    for (const SourceRecord& source : point.manifest.sources) {
      const auto visit = [&](const TreeEntry& entry) -> Status {
        if (!pattern.matches(source, entry.meta.path)) return {};
        const std::string path = shown_path(source.name, entry.meta.path);
        const bool is_directory = entry.meta.info.type == FileType::Directory;
        ++found;
        if (!context.out.is_text()) {
          context.out.item(JsonObject()
                               .add("point", point.id.hex())
                               .add("set", point.manifest.set)
                               .add("time", Json::time(point.manifest.started))
                               .add_all(entry_document(entry.meta, path)));
          return context.out.check();
        }
        table.add({shown_id(point.id), time_text(point.manifest.started),
                   entry.meta.info.type == FileType::File ? format_count(entry.meta.info.size) : "-",
                   time_text(entry.meta.info.mtime), printable(path) + (is_directory ? "/" : "")});
        if (table.is_long()) print_rows();
        return context.out.check();
      };
      HF_TRY(
          walk_tree(chunks, source.tree, "", visit, context.program.stop).during("search point " + shown_id(point.id)));
    }
  }
  if (!table.is_empty()) print_rows();
  if (found == 0)
    context.out.remark("nothing matches in " + format_count(points.size(), "point", "points") +
                       "; for a part of a name write '*part*'");
  context.out.end_list({});
  return found > 0 ? Exit::Done : Exit::NotFound;
}

}  // namespace

Verb find_verb_of_files() {
  return {.name = "find",
          .summary = "Find files in all points",
          .description =
              "Finds by name (*, ?, [a-z]) in every point, oldest first; a pattern with a slash is matched against "
              "whole paths, ** over any "
              "number of directories. Exit code 10 if nothing matches.",
          .arguments = {{"PATTERN", "for example '*.pdf' or 'uploads/**/logo.*'", ArgumentSpec::Count::One}},
          .options = {{"set", "", "NAME", "only points of this set"}, {"point", "", "POINT", "only this point"}},
          .examples = {"holdfast find 'invoice-*.pdf'", "holdfast find 'uploads/**/logo.png' --set web",
                       "holdfast find '*.db' --point latest -o json"},
          .run = run_verb};
}

}  // namespace hf
