#include "source/files.h"

#include <algorithm>

#include "source/glob.h"
#include "source/options.h"
#include "source/reader.h"
#include "source/tree_walk.h"

namespace hf {
namespace {

bool is_unchanged(const Entry& now, const Entry& before) {
  return before.info.type == FileType::File && !before.changed_while_read && before.info.ctime != WallTime{} &&
         before.info.size == now.info.size && before.info.mtime == now.info.mtime &&
         before.info.ctime == now.info.ctime && before.info.inode == now.info.inode;
}

class FilesSource final : public Source {
 public:
  FilesSource(const SourceWorld& world, WalkSpec spec, std::vector<std::string> given)
      : world_(world), base_(spec.base), given_(std::move(given)), walk_(world.env, world.fs, std::move(spec)) {}

  void start() override { walk_.start(); }
  std::string base() const override { return base_; }

  std::vector<SourceFinding> examine(std::stop_token) override {
    std::vector<SourceFinding> findings;
    for (const std::string& given : given_)
      findings.push_back(finding_of("paths", look_at(given), printable(given) + " can be read",
                                    "correct the paths of the source, or give this user the right to read them"));
    return findings;
  }

  void leave_out(const std::vector<CoveredFile>& files) override {
    for (const CoveredFile& file : files) {
      const size_t slash = file.path.rfind('/');
      const auto parent = world_.fs.open_directory(file.path.substr(0, slash + 1) + ".");
      if (!parent.ok()) continue;
      const Result<FileInfo> directory = parent.value()->info("");
      if (!directory.ok()) continue;
      LeftOut left{.parent_device = directory.value().device, .parent_inode = directory.value().inode};
      left.name = file.path.substr(slash + 1);
      left.source = file.source;
      if (const Result<FileInfo> there = parent.value()->info(left.name); there.ok()) {
        left.device = there.value().device;
        left.inode = there.value().inode;
      }
      walk_.leave_out(std::move(left));
    }
  }

  Status run(Sink& sink, Previous& previous, std::stop_token stop) override {
    const std::unique_ptr<Directory> base = HF_TRY(world_.fs.open_directory(base_));
    FileReader reader(world_.env, *base, sink);
    bool any = false;
    while (WalkItem* const item = HF_TRY(walk_.next(stop))) {
      if (stop.stop_requested()) return Error(Code::Cancelled, "asked to stop");
      if (!item->problem.empty()) sink.problem(item->entry.path, std::move(item->problem));
      any = any || item->is_present;
      if (item->is_present) HF_TRY(give(std::move(item->entry), reader, sink, previous, stop));
    }
    HF_TRY(report_left_out(sink, any));
    return report_unmatched(sink);
  }

 private:
  Status give(Entry entry, FileReader& reader, Sink& sink, Previous& previous, std::stop_token stop) {
    if (entry.info.type != FileType::File) return sink.entry(std::move(entry));
    const Entry* const before = HF_TRY(previous.find(entry.path));
    if (before == nullptr || !is_unchanged(entry, *before)) return reader.give(std::move(entry), stop);
    // To change them would have changed ctime.
    entry.xattrs = before->xattrs;
    return sink.unchanged(std::move(entry));
  }

  Status report_left_out(Sink& sink, bool any) const {
    const std::vector<LeftOutPath>& left = walk_.left_out();
    if (left.empty()) return {};
    std::string names;
    for (const LeftOutPath& file : left)
      names += (names.empty() ? "" : ", ") + printable(file.path) + " (" + printable(file.source) + ")";
    if (!any)
      return Error(Code::Invalid, "there is nothing for it to give: another source gives " + names)
          .with_hint("take the database out of this source; its own source saves it");
    sink.fact("left_out", names);
    sink.fact("files_left_out", std::to_string(left.size()));
    return {};
  }

  Status report_unmatched(Sink& sink) const {
    const std::vector<bool>& matched = walk_.matched();
    if (std::find(matched.begin(), matched.end(), true) == matched.end()) {
      return Error(Code::NotFound, "nothing is found at " + printable(given_[0]) +
                                       (given_.size() > 1 ? ", nor at any other of the paths" : ""))
          .with_hint("correct the paths of the source, or its exclude rules");
    }
    for (size_t i = 0; i < matched.size(); ++i) {
      if (!matched[i]) sink.problem(given_[i], "nothing is found there");
    }
    return {};
  }

  Status look_at(const std::string& given) {
    std::string path;  // as far as it is no pattern
    for (const std::string& component : split_path(given)) {
      if (is_glob(component)) break;
      path += "/" + component;
    }
    if (!given.starts_with('/')) path = HF_TRY(world_.fs.absolute(path.empty() ? "." : path.substr(1)));
    if (path.empty()) path = "/";
    const size_t slash = path.rfind('/');
    const auto parent = HF_TRY(world_.fs.open_directory(path.substr(0, slash + 1) + "."));
    const std::string name = path.substr(slash + 1);
    const FileInfo info = name.empty() ? HF_TRY(parent->info("")) : HF_TRY(parent->info(name));
    if (info.type == FileType::Directory) {
      const auto directory = HF_TRY(world_.fs.open_directory(path));
      HF_TRY(directory->entries());
    }
    if (info.type == FileType::File) HF_TRY(parent->open_file(name));
    return {};
  }

  SourceWorld world_;
  const std::string base_;
  const std::vector<std::string> given_;
  TreeWalk walk_;
};

Result<std::unique_ptr<Source>> open_files(const SourceWorld& world, const std::string& name,
                                           const SourceOptions& options) {
  const std::string during = "open source " + name;
  SelectedPaths selected = HF_TRY(resolve_paths(world.fs, list_option(options, "paths")).during(during));
  WalkSpec spec{.base = std::move(selected.base), .selection = std::move(selected.selection)};
  spec.excludes = HF_TRY(Excludes::parse(list_option(options, "exclude")).during(during));
  spec.one_file_system = HF_TRY(flag_option(options, "one_file_system", false).during(during));
  spec.exclude_caches = HF_TRY(flag_option(options, "exclude_caches", true).during(during));
  spec.file_bytes_max = HF_TRY(number_option(options, "exclude_larger_than").during(during));
  return std::make_unique<FilesSource>(world, std::move(spec), std::move(selected.given));
}

}  // namespace

SourceKind files_source_kind() {
  using Type = SourceOption::Type;
  SourceKind kind;
  kind.name = "files";
  kind.help = "files and directories of this machine";
  kind.options = {
      {"paths", "files, directories or globs (`*.joblib`, `**`)", Type::TextList, true},
      {"exclude", "rules as in a .gitignore: `*.tmp`, `/cache/`, `!keep.tmp`", Type::TextList},
      {"one_file_system", "do not enter other file systems mounted below", Type::Flag},
      {"exclude_caches", "leave out what is in directories with a CACHEDIR.TAG (default true)", Type::Flag},
      {"exclude_larger_than", "leave out files larger than this", Type::Size},
  };
  kind.parse = [](std::string_view text) -> Result<SourceOptions> {
    if (text.empty()) return Error(Code::Invalid, "files: without a path").with_hint("write files:/path/to/directory");
    return SourceOptions{{"paths", {std::string(text)}}};
  };
  kind.open = open_files;
  return kind;
}

}  // namespace hf
