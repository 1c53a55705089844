#include "app/choose.h"
#include "app/point_text.h"
#include "app/session.h"
#include "app/verbs.h"
#include "backup/tree_files.h"
#include "base/text.h"

namespace hf {
namespace {

struct Counts {
  uint64_t added = 0, removed = 0, modified = 0, metadata = 0, bytes_added = 0, bytes_removed = 0;
  uint64_t all() const { return added + removed + modified + metadata; }
};

bool same_metadata(const Entry& a, const Entry& b) {
  return a.info.mode == b.info.mode && a.info.uid == b.info.uid && a.info.gid == b.info.gid && a.user == b.user &&
         a.group == b.group && a.info.rdev_major == b.info.rdev_major && a.info.rdev_minor == b.info.rdev_minor &&
         a.xattrs == b.xattrs && (a.info.mtime == b.info.mtime || a.info.type == FileType::Directory);
}

class Diff {
 public:
  Diff(Context& context, ChunkReader& chunks) : context_(context), chunks_(chunks) {}

  Status compare(const SourceRecord* from, const SourceRecord* to) {
    if (from == nullptr || to == nullptr) return one_sided(from == nullptr ? *to : *from, from == nullptr);
    if (from->tree == to->tree) return {};
    name_ = to->name;
    TreeReader old_tree(from->tree, chunks_.meta_get()), new_tree(to->tree, chunks_.meta_get());
    const TreeEntry* before = HF_TRY(old_tree.next());
    const TreeEntry* after = HF_TRY(new_tree.next());
    while (before != nullptr || after != nullptr) {
      if (context_.program.stop.stop_requested()) return Error(Code::Cancelled, "interrupted");
      HF_TRY(context_.out.check());
      const int order = before == nullptr  ? 1
                        : after == nullptr ? -1
                                           : compare_paths(before->meta.path, after->meta.path);
      if (order < 0)
        removed(*before);
      else if (order > 0)
        added(*after);
      else
        both(*before, *after);
      if (order <= 0) before = HF_TRY(old_tree.next());
      if (order >= 0) after = HF_TRY(new_tree.next());
    }
    return {};
  }

  const Counts& counts() const { return counts_; }

 private:
  Status one_sided(const SourceRecord& source, bool is_new) {
    name_ = source.name;
    const auto visit = [&](const TreeEntry& entry) -> Status {
      is_new ? added(entry) : removed(entry);
      return {};
    };
    HF_TRY(walk_tree(chunks_, source.tree, "", visit, context_.program.stop));
    return {};
  }

  void added(const TreeEntry& entry) {
    ++counts_.added;
    counts_.bytes_added += entry.meta.info.size;
    put('+', "added", entry.meta);
  }
  void removed(const TreeEntry& entry) {
    ++counts_.removed;
    counts_.bytes_removed += entry.meta.info.size;
    put('-', "removed", entry.meta);
  }
  void both(const TreeEntry& before, const TreeEntry& after) {
    const bool same_content = before.meta.info.type == after.meta.info.type &&
                              before.meta.info.size == after.meta.info.size &&
                              before.meta.target == after.meta.target && before.content == after.content;
    const bool is_directory =
        after.meta.info.type == FileType::Directory && before.meta.info.type == FileType::Directory;
    if (!same_content && !is_directory) {
      ++counts_.modified;
      counts_.bytes_added += after.meta.info.size;
      counts_.bytes_removed += before.meta.info.size;
      put('M', "modified", after.meta);
    } else if (!same_metadata(before.meta, after.meta)) {
      ++counts_.metadata;
      put('U', "metadata", after.meta);
    }
  }
  void put(char sign, std::string_view change, const Entry& entry) {
    const std::string path = shown_path(name_, entry.path);
    context_.out.print(std::string(1, sign) + " " + printable(path) +
                       (entry.info.type == FileType::Directory ? "/" : ""));
    if (!context_.out.is_text())
      context_.out.item(JsonObject()
                            .add("change", change)
                            .add("path", path)
                            .add("type", type_name(entry.info.type))
                            .add("size", entry.info.size));
  }

  Context& context_;
  ChunkReader& chunks_;
  std::string name_;
  Counts counts_;
};

const SourceRecord* find_source(const Point& point, const std::string& name) {
  for (const SourceRecord& source : point.manifest.sources)
    if (source.name == name) return &source;
  return nullptr;
}

Result<Exit> run_verb(Context& context) {
  const OpenRepository opened = HF_TRY(open_repository(context));
  const Point from = HF_TRY(choose_point(context, *opened, context.args.text("FROM")));
  const Point to = HF_TRY(choose_point(context, *opened, context.args.text("TO")));
  Diff diff(context, *HF_TRY((*opened).chunks()));
  context.out.begin_list(JsonObject().add("from", from.id.hex()).add("to", to.id.hex()), "changes", "change");
  for (const SourceRecord& source : from.manifest.sources)
    if (find_source(to, source.name) == nullptr) HF_TRY(diff.compare(&source, nullptr));
  for (const SourceRecord& source : to.manifest.sources) HF_TRY(diff.compare(find_source(from, source.name), &source));
  const Counts& counts = diff.counts();
  context.out.say(format_count(counts.added) + " added, " + format_count(counts.removed) + " removed, " +
                  format_count(counts.modified) + " modified, " + format_count(counts.metadata) +
                  " with other metadata");
  JsonObject summary;
  summary.add("added", counts.added)
      .add("removed", counts.removed)
      .add("modified", counts.modified)
      .add("metadata", counts.metadata);
  summary.add("bytes_added", counts.bytes_added).add("bytes_removed", counts.bytes_removed);
  context.out.end_list(JsonObject().add("summary", summary));
  return Exit::Done;
}

}  // namespace

Verb diff_verb() {
  return {
      .name = "diff",
      .summary = "Compare two points",
      .description = "Lists what changed from one point to another: + added, - removed, M modified, U other metadata.",
      .arguments = {{"FROM", "the older point", ArgumentSpec::Count::One, {}, ArgumentSpec::Completes::Points},
                    {"TO", "the newer point", ArgumentSpec::Count::One, {}, ArgumentSpec::Completes::Points}},
      .options = {},
      .examples = {"holdfast diff 3fa9c01b22 latest", "holdfast diff 3fa9c01b22 8be1d00f47 -o json",
                   "holdfast diff 3fa9 web"},
      .run = run_verb};
}

}  // namespace hf
