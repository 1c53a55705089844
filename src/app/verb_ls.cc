#include "app/choose.h"
#include "app/point_text.h"
#include "app/session.h"
#include "app/table.h"
#include "app/verbs.h"
#include "backup/tree_files.h"
#include "base/text.h"

namespace hf {
namespace {

size_t depth_of(std::string_view path) {
  return path.empty() ? 0 : 1 + static_cast<size_t>(std::count(path.begin(), path.end(), '/'));
}

class Listing {
 public:
  Listing(Context& context, const Point& point) : is_long_(context.args.has("long")), out_(context.out) {
    out_.begin_list(JsonObject().add("point", point.id.hex()), "entries", "entry");
  }

  void add(const Entry& entry, const std::string& path) {
    if (!out_.is_text()) return out_.item(entry_document(entry, path));
    std::string name = printable(path);
    if (entry.info.type == FileType::Directory) name += "/";
    if (entry.info.type == FileType::Symlink) name += " -> " + printable(entry.target);
    if (!is_long_) {
      out_.print(name);
      return;
    }
    const std::string user = entry.user.empty() ? std::to_string(entry.info.uid) : printable(entry.user);
    const std::string group = entry.group.empty() ? std::to_string(entry.info.gid) : printable(entry.group);
    table_.add({mode_text(entry.info), user, group,
                entry.info.type == FileType::File ? format_count(entry.info.size) : "-", time_text(entry.info.mtime),
                name});
    if (table_.is_long()) print_rows();
  }

  void finish() {
    if (!table_.is_empty()) print_rows();
    out_.end_list({});
  }

 private:
  void print_rows() {
    for (const std::string& line : table_.drain()) out_.print(line);
  }

  const bool is_long_;
  Out& out_;
  Table table_{{"mode", "user", "group", ">size", "modified (UTC)", "name"}};
};

Result<Exit> run_verb(Context& context) {
  const OpenRepository opened = HF_TRY(open_repository(context));
  const Point point = HF_TRY(choose_point(context, *opened, context.args.text("SET|POINT")));
  const std::string path = context.args.text("PATH");
  const PlaceInPoint place = HF_TRY(choose_place(point, path));
  ChunkReader& chunks = *HF_TRY((*opened).chunks());
  const bool recursive = context.args.has("recursive");
  Listing listing(context, point);
  for (const SourceRecord& source : point.manifest.sources) {
    if (place.source != nullptr && place.source != &source) continue;
    const size_t top = depth_of(place.path);
    const size_t deepest = recursive ? SIZE_MAX : place.source == nullptr ? 0 : top + 1;
    // Of a directory what is in it is listed, of anything else itself.
    bool is_directory = false;
    const auto visit = [&](const TreeEntry& entry) -> Status {
      const size_t depth = depth_of(entry.meta.path);
      if (depth == top && place.source != nullptr) is_directory = entry.meta.info.type == FileType::Directory;
      if (depth == top && place.source != nullptr && is_directory && !recursive) return {};
      if (depth > deepest) return {};
      listing.add(entry.meta, shown_path(source.name, entry.meta.path));
      return context.out.check();
    };
    if (place.source == nullptr && !recursive) {
      TreeReader reader(source.tree, chunks.meta_get());
      if (const TreeEntry* root = HF_TRY(reader.next())) HF_TRY(visit(*root));
      continue;
    }
    if (!HF_TRY(walk_tree(chunks, source.tree, place.path, visit, context.program.stop)))
      return Error(Code::NotFound, "point " + shown_id(point.id) + " has no " + printable(path))
          .with_hint("holdfast ls " + shown_id(point.id) + " shows what it has; holdfast find looks in all points");
  }
  listing.finish();
  return Exit::Done;
}

}  // namespace

Verb ls_verb() {
  return {.name = "ls",
          .summary = "List files in a point",
          .description =
              "Lists what a directory of a point holds; without PATH the sources. A path begins with the name of its "
              "source, or is the "
              "absolute path that the file had.",
          .arguments = {{"SET|POINT",
                         "latest, a set (its newest point), or the first digits of a point",
                         ArgumentSpec::Count::One,
                         {},
                         ArgumentSpec::Completes::Points},
                        {"PATH", "SOURCE/PATH, or the absolute path it had", ArgumentSpec::Count::Optional}},
          .options = {{"long", "l", "", "with mode, owner, size and time"}, {"recursive", "R", "", "all below, too"}},
          .examples = {"holdfast ls latest", "holdfast ls web uploads/images -l",
                       "holdfast ls 3fa9c01b22 /srv/uploads -R -o json"},
          .run = run_verb};
}

}  // namespace hf
