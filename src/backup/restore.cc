#include "backup/restore.h"

#include <algorithm>

#include "backup/remove_tree.h"
#include "backup/restore_files.h"
#include "repo/tree.h"

namespace hf {
namespace {

class SourceRestore {
 public:
  SourceRestore(Repository& repository, ChunkReader& chunks, const SourceRecord& source, const RestoreRequest& request,
                Directory& root, std::stop_token stop)
      : repository_(repository),
        chunks_(chunks),
        source_(source),
        request_(request),
        root_(root),
        stop_(std::move(stop)),
        files_(root, request, log_) {}

  Status run(RestoredSource& out) {
    Status status = fill();
    if (status.ok()) status = finish();
    if (!status.ok()) {
      files_.abandon();
      return status;
    }
    if (!matched_) return Error(Code::NotFound, "source " + source_.name + " has no such path");
    log_.take(out);
    out.files = files_.files_done() + files_same_;
    out.bytes = files_.bytes_done() + bytes_same_;
    out.bytes_written = files_.bytes_written();
    out.entries = entries_;
    out.removed = removed_;
    for (const TableRecord& table : source_.tables) out.rows += table.rows;
    return {};
  }

 private:
  using Visit = std::function<Status(const TreeEntry&)>;

  // Directories above what is wanted are made, too.
  bool is_above_wanted(const std::string& path) const {
    return std::any_of(request_.paths.begin(), request_.paths.end(),
                       [&](const std::string& wanted) { return is_below(wanted, path); });
  }

  Status each(const Visit& visit) {
    TreeReader reader(source_.tree, chunks_.meta_get());
    for (;;) {
      const TreeEntry* entry = HF_TRY(reader.next());
      if (entry == nullptr) return {};
      if (stop_.stop_requested()) return Error(Code::Cancelled, "interrupted");
      const bool wanted = is_restore_wanted(request_, entry->meta.path);
      if (!wanted && !(entry->meta.info.type == FileType::Directory && is_above_wanted(entry->meta.path))) continue;
      matched_ = matched_ || wanted;
      HF_TRY(visit(*entry));
    }
  }

  // Directories and the contents of files.
  Status fill() {
    Delivery delivery(repository_, chunks_, files_, request_.workers);
    const Status planned = each([&](const TreeEntry& entry) { return plan(delivery, entry); });
    const Status delivered = delivery.finish();
    if (!delivered.ok()) return delivered.error().clone();
    return planned.ok() ? Status() : Status(planned.error().clone());
  }

  Status plan(Delivery& delivery, const TreeEntry& entry) {
    const Entry& meta = entry.meta;
    ++entries_;
    if (request_.progress) request_.progress(files_.bytes_done() + bytes_same_, source_.bytes);
    if (meta.info.type == FileType::Directory) return make_directory(meta.path);
    if (meta.info.type != FileType::File) return {};
    if (meta.link_group != 0) {
      const auto [first, added] = links_.try_emplace(meta.link_group, meta.path);
      if (!added) return {};  // linked in finish()
    }
    if (request_.mode != RestoreMode::New && !HF_TRY(make_way(meta))) return {};
    const size_t number = HF_TRY(files_.add(meta));
    if (meta.info.size == 0) return {};
    return delivery.add(number, meta.info.size, entry.content);
  }

  Status make_directory(const std::string& path) {
    if (path.empty()) return {};
    const Status made = root_.create_directory(path, 0700);
    if (made.ok() || made.error().code() != Code::Exists) return made.ok() ? Status() : Status(made.error().clone());
    if (HF_TRY(root_.info(path)).type == FileType::Directory) return {};
    HF_TRY(root_.remove(path));
    return root_.create_directory(path, 0700);
  }

  // False if the file that is there is the one wanted already.
  Result<bool> make_way(const Entry& meta) {
    const Result<FileInfo> there = root_.info(meta.path);
    if (!there.ok()) {
      if (there.error().code() == Code::NotFound) return true;
      return there.error().clone();
    }
    if (there.value().type == FileType::Directory) HF_TRY(remove_tree(root_, meta.path));
    if (request_.compare_content || !is_same_file(there.value(), meta)) return true;
    apply_metadata(root_, meta.path, meta, request_, log_);
    ++files_same_;
    bytes_same_ += meta.info.size;
    return false;
  }

  // Links and nodes, when all directories and files stand; directories' own metadata when nothing changes in them any
  // more.
  Status finish() {
    HF_TRY(each([&](const TreeEntry& entry) { return make_other(entry.meta); }));
    if (request_.mode == RestoreMode::Clean) HF_TRY(remove_extra(root_, ""));
    HF_TRY(each([&](const TreeEntry& entry) -> Status {
      if (entry.meta.info.type == FileType::Directory)
        apply_metadata(root_, entry.meta.path, entry.meta, request_, log_);
      return {};
    }));
    return {};
  }

  Status make_other(const Entry& meta) {
    const FileType type = meta.info.type;
    if (request_.mode == RestoreMode::Clean) names_.insert(meta.path);
    if (type == FileType::Directory) return {};
    if (type == FileType::File) {
      const auto first = meta.link_group == 0 ? links_.end() : links_.find(meta.link_group);
      if (first == links_.end() || first->second == meta.path) return {};
      return note_failure(meta, replace(meta.path, [&] { return root_.create_link(first->second, meta.path); }));
    }
    if (type == FileType::Symlink) {
      HF_TRY(note_failure(meta, replace(meta.path, [&] { return root_.create_symlink(meta.target, meta.path); })));
      apply_metadata(root_, meta.path, meta, request_, log_);
      return {};
    }
    const bool is_device = type == FileType::Character || type == FileType::Block;
    if (is_device && !request_.devices) {
      log_.note(meta.path, "device node left out; --devices makes it");
      return {};
    }
    const Status made = replace(meta.path, [&] {
      return root_.create_node(meta.path, type, 0600, meta.info.rdev_major, meta.info.rdev_minor);
    });
    if (made.ok()) apply_metadata(root_, meta.path, meta, request_, log_);
    return note_failure(meta, made);
  }

  Status replace(const std::string& path, const std::function<Status()>& make) {
    Status made = make();
    if (made.ok() || made.error().code() != Code::Exists || request_.mode == RestoreMode::New) return made;
    if (HF_TRY(root_.info(path)).type == FileType::Directory)
      HF_TRY(remove_tree(root_, path));
    else
      HF_TRY(root_.remove(path));
    return make();
  }

  Status note_failure(const Entry& meta, const Status& status) {
    if (!status.ok()) log_.problem(meta.path, "not restored: " + status.error().message());
    return {};
  }

  Status remove_extra(Directory& directory, const std::string& path) {
    for (const DirectoryEntry& child : HF_TRY(directory.entries())) {
      const std::string below = path.empty() ? child.name : path + "/" + child.name;
      const bool is_directory = HF_TRY(directory.info(child.name)).type == FileType::Directory;
      const bool is_known = names_.contains(below);
      if (is_known && is_directory) {
        const std::unique_ptr<Directory> inner = HF_TRY(directory.open_directory(child.name));
        HF_TRY(remove_extra(*inner, below));
      }
      if (is_known || !is_restore_wanted(request_, below)) continue;
      if (is_directory)
        HF_TRY(remove_tree(directory, child.name));
      else
        HF_TRY(directory.remove(child.name));
      ++removed_;
    }
    return {};
  }

  Repository& repository_;
  ChunkReader& chunks_;
  const SourceRecord& source_;
  const RestoreRequest& request_;
  Directory& root_;
  const std::stop_token stop_;
  RestoreLog log_;
  RestoreFiles files_;
  std::unordered_map<uint64_t, std::string> links_;
  std::unordered_set<std::string> names_;  // Clean: what the point has
  bool matched_ = false;
  uint64_t entries_ = 0, files_same_ = 0, bytes_same_ = 0, removed_ = 0;
};

}  // namespace

Result<std::vector<const SourceRecord*>> restore_sources(const Point& point, const RestoreRequest& request) {
  std::vector<const SourceRecord*> found;
  for (const SourceRecord& source : point.manifest.sources)
    if (request.sources.empty() ||
        std::find(request.sources.begin(), request.sources.end(), source.name) != request.sources.end())
      found.push_back(&source);
  for (const std::string& name : request.sources)
    if (std::none_of(found.begin(), found.end(), [&](const SourceRecord* source) { return source->name == name; }))
      return Error(Code::NotFound, "the point has no source " + name)
          .with_hint("holdfast show " + point.id.hex().substr(0, 10));
  return found;
}

bool is_below(std::string_view path, std::string_view directory) {
  return directory.empty() || path == directory || (path.starts_with(directory) && path[directory.size()] == '/');
}

bool is_restore_wanted(const RestoreRequest& request, std::string_view path) {
  return request.paths.empty() || std::any_of(request.paths.begin(), request.paths.end(),
                                              [&](const std::string& wanted) { return is_below(path, wanted); });
}

bool RestoreOutcome::complete() const {
  return std::all_of(sources.begin(), sources.end(), [](const RestoredSource& source) { return source.complete; });
}

Result<RestoreOutcome> restore_point(Repository& repository, const Point& point, const RestoreRequest& request,
                                     std::stop_token stop) {
  const MonoTime begin = repository.env().clock.mono();
  const std::vector<const SourceRecord*> sources = HF_TRY(restore_sources(point, request));
  ChunkReader& chunks = *HF_TRY(repository.chunks());
  Fs& fs = repository.world().fs;
  const std::unique_ptr<Directory> top = HF_TRY(fs.create_directories(request.destination, 0700));
  if (request.mode == RestoreMode::New && !HF_TRY(top->entries()).empty())
    return Error(Code::Refused, "the destination is not empty: " + request.destination)
        .with_hint(
            "name a new directory, or bring this one in line with --overwrite (--clean also removes what the point "
            "does not have)");
  RestoreOutcome outcome;
  for (const SourceRecord* source : sources) {
    const Status made = top->create_directory(source->name, 0700);
    if (!made.ok() && made.error().code() != Code::Exists) return made.error().clone();
    const std::unique_ptr<Directory> root = HF_TRY(top->open_directory(source->name));
    RestoredSource out{.name = source->name, .kind = source->kind, .path = request.destination + "/" + source->name};
    SourceRestore work(repository, chunks, *source, request, *root, stop);
    HF_TRY(work.run(out).during("restore " + source->name));
    outcome.sources.push_back(std::move(out));
  }
  if (request.durable) HF_TRY(top->sync_all().during("make the restored files durable"));
  outcome.took = repository.env().clock.mono() - begin;
  return outcome;
}

}  // namespace hf
