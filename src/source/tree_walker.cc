#include "source/tree_walker.h"

#include <algorithm>

namespace hf {
namespace {

// More directories than this above the current one are not kept open: a tree may be deeper than there are descriptors.
constexpr size_t open_levels_max = 100;

constexpr std::string_view cache_tag_name = "CACHEDIR.TAG";
// https://bford.info/cachedir/: without it, a file of that name means nothing.
constexpr std::string_view cache_tag_signature = "Signature: 8a477f597d28d172789f06886806bc55";

std::string problem_of(const Error& error) {
  if (error.code() == Code::NotFound) return "vanished before it was read";
  if (error.code() == Code::Denied) return "permission denied";
  return error.message();
}

}  // namespace

uint64_t LinkGroups::of(const FileInfo& info) {
  constexpr uint64_t other_bit = uint64_t{1} << 63;
  if (info.links < 2 || info.type == FileType::Directory) return 0;
  if (!device_) device_ = info.device;
  if (info.device == *device_ && info.inode != 0 && (info.inode & other_bit) == 0) return info.inode;
  const auto next = other_bit | others_.size();
  return others_.emplace(std::pair(info.device, info.inode), next).first->second;
}

Status TreeWalker::run(std::stop_token stop) {
  stop_ = std::move(stop);
  std::unique_ptr<Directory> base = HF_TRY(fs_.open_directory(spec_.base));
  const FileInfo info = HF_TRY(base->info(""));
  const Selection::Step step = spec_.selection.begin();
  for (const size_t pattern : step.complete) matched_[pattern] = true;
  const bool is_whole = !step.complete.empty();
  return enter(make_entry("", info), std::move(base), {step.states, is_whole, is_whole, info.device});
}

Status TreeWalker::enter(Entry entry, std::unique_ptr<Directory> directory, const Scope& scope) {
  if (stop_.stop_requested()) return Error(Code::Cancelled, "asked to stop");
  read_xattrs(entry, *directory, "");
  Result<std::vector<std::string>> names = names_in(*directory, scope);
  const std::string path = entry.path;
  const uint64_t device = entry.info.device, inode = entry.info.inode;
  if (scope.is_whole) {
    HF_TRY(give_entry(std::move(entry)));
  } else {
    parents_.push_back(std::move(entry));
  }
  if (!names.ok()) return give_problem(path, problem_of(names.error()));
  levels_.push_back({path, std::move(directory), device, inode});
  if (levels_.size() > open_levels_max) levels_[levels_.size() - 1 - open_levels_max].directory.reset();
  for (const std::string& name : names.value()) HF_TRY(visit(name, scope));
  levels_.pop_back();
  // Still waiting: nothing in it was selected.
  if (!parents_.empty() && parents_.back().path == path) parents_.pop_back();
  return {};
}

Status TreeWalker::visit(const std::string& name, const Scope& scope) {
  Selection::Step step;
  if (!scope.states.empty()) step = spec_.selection.step(scope.states, name);
  const bool is_chosen = !step.complete.empty();
  if (!scope.is_whole && !is_chosen && step.states.empty()) return {};

  const std::string& parent = levels_.back().path;
  std::string path = parent.empty() ? name : parent + "/" + name;
  if (!is_valid_path(path)) return give_problem(std::move(path), "its path is too long");
  Directory* const directory = HF_TRY(current());
  const Result<FileInfo> info = directory->info(name);
  // It was removed after it was listed, or is a literal path that is not there: nothing was promised of it.
  if (!info.ok() && info.error().code() == Code::NotFound) return {};
  if (!info.ok()) return give_problem(std::move(path), problem_of(info.error()));

  const bool is_directory = info.value().type == FileType::Directory;
  if (!is_directory && !scope.is_whole && !is_chosen) return {};
  if (spec_.excludes.excludes(path, is_directory)) return {};
  if (info.value().type == FileType::File && info.value().size > spec_.file_bytes_max.value_or(UINT64_MAX)) return {};
  for (const size_t pattern : step.complete) matched_[pattern] = true;
  if (const LeftOut* const other = find_left_out(info.value(), name)) {
    left_out_.push_back({std::move(path), other->source});
    return {};
  }
  Entry entry = make_entry(std::move(path), info.value());
  if (!is_directory) return visit_leaf(std::move(entry), name);
  const uint64_t device = is_chosen || !scope.is_whole ? info.value().device : scope.device;
  return visit_directory(std::move(entry), name,
                         {std::move(step.states), scope.is_whole || is_chosen, is_chosen, device});
}

Status TreeWalker::visit_directory(Entry entry, const std::string& name, const Scope& scope) {
  Directory* const parent = HF_TRY(current());
  const bool is_foreign = spec_.one_file_system && entry.info.device != scope.device;
  if (is_foreign) {
    // Its place is kept, so that it can be mounted there again.
    return give_entry(std::move(entry));
  }
  Result<std::unique_ptr<Directory>> directory = parent->open_directory(name);
  if (directory.ok()) return enter(std::move(entry), std::move(directory).value(), scope);
  const std::string path = entry.path;
  if (directory.error().code() != Code::NotFound && scope.is_whole) HF_TRY(give_entry(std::move(entry)));
  return give_problem(path, problem_of(directory.error()));
}

Status TreeWalker::visit_leaf(Entry entry, const std::string& name) {
  if (entry.info.type == FileType::File) return give_entry(std::move(entry));
  if (entry.info.type == FileType::Unknown) return give_problem(std::move(entry.path), "it is of an unknown type");
  Directory* const directory = HF_TRY(current());
  if (entry.info.type == FileType::Symlink) {
    Result<std::string> target = directory->read_link(name);
    if (!target.ok()) return give_problem(std::move(entry.path), problem_of(target.error()));
    entry.target = std::move(target).value();
  }
  read_xattrs(entry, *directory, name);
  return give_entry(std::move(entry));
}

Result<std::vector<std::string>> TreeWalker::names_in(Directory& directory, const Scope& scope) {
  if (!scope.is_whole) {
    std::optional<std::vector<std::string>> names = spec_.selection.names(scope.states);
    if (names) return std::move(*names);
  }
  std::vector<DirectoryEntry> entries = HF_TRY(directory.entries());
  std::vector<std::string> names;
  names.reserve(entries.size());
  for (DirectoryEntry& entry : entries) names.push_back(std::move(entry.name));
  if (scope.is_whole && !scope.is_chosen && spec_.exclude_caches && is_cache(directory, names))
    return std::vector{std::string(cache_tag_name)};
  return names;
}

bool TreeWalker::is_cache(Directory& directory, const std::vector<std::string>& names) const {
  if (!std::binary_search(names.begin(), names.end(), cache_tag_name)) return false;
  const Result<FileInfo> info = directory.info(cache_tag_name);
  if (!info.ok() || info.value().type != FileType::File) return false;
  const Result<std::unique_ptr<File>> tag = directory.open_file(cache_tag_name);
  if (!tag.ok()) return false;
  Bytes head(cache_tag_signature.size());
  const Result<size_t> size = tag.value()->read_at(0, head);
  return size.ok() && size.value() == head.size() && as_text(head) == cache_tag_signature;
}

Result<Directory*> TreeWalker::current() {
  Level& level = levels_.back();
  if (!level.directory) {
    const std::unique_ptr<Directory> base = HF_TRY(fs_.open_directory(spec_.base));
    level.directory = HF_TRY(base->open_directory(level.path));
  }
  return level.directory.get();
}

const LeftOut* TreeWalker::find_left_out(const FileInfo& info, const std::string& name) const {
  if (info.type != FileType::File) return nullptr;
  const Level& level = levels_.back();
  for (const LeftOut& file : spec_.left_out) {
    if (file.inode != 0 && file.inode == info.inode && file.device == info.device) return &file;
    if (file.name == name && file.parent_inode == level.inode && file.parent_device == level.device) return &file;
  }
  return nullptr;
}

Entry TreeWalker::make_entry(std::string path, const FileInfo& info) {
  Entry entry;
  entry.path = std::move(path);
  entry.info = info;
  entry.user = fs_.user_name(info.uid);
  entry.group = fs_.group_name(info.gid);
  entry.link_group = groups_.of(info);
  return entry;
}

void TreeWalker::read_xattrs(Entry& entry, Directory& directory, std::string_view name) {
  Result<std::vector<Xattr>> xattrs = directory.xattrs(name);
  if (xattrs.ok()) {
    entry.xattrs = std::move(xattrs).value();
  } else if (xattrs.error().code() != Code::Unsupported) {
    complaint_ = "its extended attributes cannot be read";
  }
}

Status TreeWalker::give_entry(Entry entry) {
  std::vector<Entry> parents = std::exchange(parents_, {});
  for (Entry& parent : parents) {
    if (!give_({std::move(parent), {}, true})) return Error(Code::Cancelled, "asked to stop");
  }
  if (!give_({std::move(entry), std::exchange(complaint_, {}), true})) return Error(Code::Cancelled, "asked to stop");
  return {};
}

Status TreeWalker::give_problem(std::string path, std::string what) {
  WalkItem item;
  item.entry.path = std::move(path);
  item.problem = std::move(what);
  item.is_present = false;
  if (!give_(std::move(item))) return Error(Code::Cancelled, "asked to stop");
  return {};
}

}  // namespace hf
