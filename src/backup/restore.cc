#include "backup/restore.h"

#include <algorithm>

#include "backup/extra_entries.h"
#include "sys/remove_tree.h"
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
      // Whoever asks for a point that is not there is told so by this code: not who loses a directory on the way.
      if (status.error().code() != Code::NotFound) return status;
      return Error(Code::Failed, status.error().message() + ": something else changes the destination")
          .with_hint("stop it, and restore again with --overwrite");
    }
    if (!matched_ && !is_tree_lost_) return Error(Code::NotFound, "source " + source_.name + " has no such path");
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
      const Result<const TreeEntry*> next = reader.next();
      if (stop_.stop_requested()) return Error(Code::Cancelled, "interrupted");
      if (!next.ok()) {
        HF_TRY(lose_part(next.error()));
        continue;
      }
      const TreeEntry* entry = next.value();
      if (entry == nullptr) return {};
      const bool wanted = is_restore_wanted(request_, entry->meta.path);
      if (!wanted && !(entry->meta.info.type == FileType::Directory && is_above_wanted(entry->meta.path))) continue;
      matched_ = matched_ || wanted;
      HF_TRY(visit(*entry));
    }
  }

  // A damaged part of the tree costs what stands in it, and no more: the reader has gone past it.
  Status lose_part(const Error& error) {
    if (error.code() != Code::Corrupt) return error.clone();
    if (!is_planned_)
      log_.problem("", "a part of the tree is lost, with files whose names are unknown: " + error.message());
    is_tree_lost_ = true;
    return {};
  }

  // Directories and the contents of files.
  Status fill() {
    Delivery delivery(repository_, chunks_, files_, request_.workers);
    const Status planned = each([&](const TreeEntry& entry) { return plan(delivery, entry); });
    is_planned_ = true;
    const Status delivered = delivery.finish();
    if (!delivered.ok()) return delivered.error().clone();
    return planned.ok() ? Status() : Status(planned.error().clone());
  }

  Status plan(Delivery& delivery, const TreeEntry& entry) {
    const Entry& meta = entry.meta;
    ++entries_;
    if (request_.progress) request_.progress(files_.bytes_done() + bytes_same_, source_.bytes);
    if (is_tree_lost_) HF_TRY(make_parents(meta.path));
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

  // Their own entries may be lost.
  Status make_parents(const std::string& path) {
    for (size_t slash = path.find('/'); slash != path.npos; slash = path.find('/', slash + 1))
      HF_TRY(make_directory(path.substr(0, slash)));
    return {};
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
    // What is not known to be in the point may well be.
    if (request_.mode == RestoreMode::Clean && is_tree_lost_)
      log_.problem("", "nothing that the point does not have was removed: not all that it has is known");
    else if (request_.mode == RestoreMode::Clean)
      HF_TRY(remove_extra());
    HF_TRY(each([&](const TreeEntry& entry) -> Status {
      if (entry.meta.info.type == FileType::Directory)
        apply_metadata(root_, entry.meta.path, entry.meta, request_, log_);
      return {};
    }));
    return {};
  }

  Status make_other(const Entry& meta) {
    const FileType type = meta.info.type;
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

  Status remove_extra() {
    const auto remove = [&](const ExtraEntry& extra) -> Status {
      if (!is_restore_wanted(request_, extra.path)) return {};
      if (extra.is_directory)
        HF_TRY(remove_tree(extra.parent, extra.name));
      else
        HF_TRY(extra.parent.remove(extra.name));
      ++removed_;
      return {};
    };
    return each_extra(chunks_, source_.tree, root_, remove, stop_);
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
  bool matched_ = false;
  bool is_planned_ = false;    // the first walk is done
  bool is_tree_lost_ = false;  // a part of it
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

Status check_empty(Fs& fs, const std::string& destination) {
  const Result<std::unique_ptr<Directory>> top = fs.open_directory(destination);
  if (!top.ok() && top.error().code() == Code::NotFound) return {};
  if (!top.ok()) return top.error().clone();
  if (HF_TRY(top.value()->entries()).empty()) return {};
  return Error(Code::Refused, "the destination is not empty: " + printable(destination))
      .with_hint(
          "name a new directory, or bring this one in line with --overwrite (--clean also removes what the point does "
          "not have)");
}

Result<RestoreOutcome> restore_point(Repository& repository, const Point& point, const RestoreRequest& request,
                                     std::stop_token stop) {
  const MonoTime begin = repository.env().clock.mono();
  const std::vector<const SourceRecord*> sources = HF_TRY(restore_sources(point, request));
  ChunkReader& chunks = *HF_TRY(repository.chunks());
  Fs& fs = repository.world().fs;
  if (request.mode == RestoreMode::New) HF_TRY(check_empty(fs, request.destination));
  const std::unique_ptr<Directory> top = HF_TRY(fs.create_directories(request.destination, 0700));
  RestoreOutcome outcome;
  for (const SourceRecord* source : sources) {
    const MonoTime source_begin = repository.env().clock.mono();
    if (request.on_begin) request.on_begin(*source);
    const Status made = top->create_directory(source->name, 0700);
    if (!made.ok() && made.error().code() != Code::Exists) return made.error().clone();
    const std::unique_ptr<Directory> root = HF_TRY(top->open_directory(source->name));
    RestoredSource out{.name = source->name, .kind = source->kind, .path = request.destination + "/" + source->name};
    SourceRestore work(repository, chunks, *source, request, *root, stop);
    HF_TRY(work.run(out).during("restore " + source->name));
    out.took = repository.env().clock.mono() - source_begin;
    if (request.on_end) request.on_end(out);
    outcome.sources.push_back(std::move(out));
  }
  if (request.durable) HF_TRY(top->sync_all().during("make the restored files durable"));
  outcome.took = repository.env().clock.mono() - begin;
  return outcome;
}

}  // namespace hf
