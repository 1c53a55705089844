// TreeWalker: the walk itself, on whatever thread calls it; see tree_walk.h.
#pragma once

#include <functional>

#include "source/tree_walk.h"

namespace hf {

// Numbers for hard links: the inode's where that is unique, so that they are the same in every backup.
class LinkGroups {
 public:
  uint64_t of(const FileInfo& info);

 private:
  std::optional<uint64_t> device_;
  std::map<std::pair<uint64_t, uint64_t>, uint64_t> others_;  // by device and inode
};

class TreeWalker {
 public:
  // False: nobody wants more.
  using Give = std::function<bool(WalkItem)>;
  TreeWalker(Fs& fs, const WalkSpec& spec, std::vector<bool>& matched, Give give)
      : fs_(fs), spec_(spec), matched_(matched), give_(std::move(give)) {}

  Status run(std::stop_token stop);
  const std::vector<LeftOutPath>& left_out() const { return left_out_; }

 private:
  // What holds for everything in a directory.
  struct Scope {
    std::vector<Selection::State> states;
    bool is_whole = false;   // all of it is wanted
    bool is_chosen = false;  // the operator named this directory itself
    uint64_t device = 0;
  };
  struct Level {
    std::string path;
    std::unique_ptr<Directory> directory;
    uint64_t device = 0, inode = 0;
  };

  Status enter(Entry entry, std::unique_ptr<Directory> directory, const Scope& scope);
  Status visit(const std::string& name, const Scope& scope);
  Status visit_directory(Entry entry, const std::string& name, const Scope& scope);
  Status visit_leaf(Entry entry, const std::string& name);
  Result<std::vector<std::string>> names_in(Directory& directory, const Scope& scope);
  bool is_cache(Directory& directory, const std::vector<std::string>& names) const;
  // The directory the walk is in.
  Result<Directory*> current();

  // The one of spec.left_out that this file of the current directory is; null if it is none.
  const LeftOut* find_left_out(const FileInfo& info, const std::string& name) const;

  Entry make_entry(std::string path, const FileInfo& info);
  void read_xattrs(Entry& entry, Directory& directory, std::string_view name);
  Status give_entry(Entry entry);
  Status give_problem(std::string path, std::string what);

  Fs& fs_;
  const WalkSpec& spec_;
  std::vector<bool>& matched_;
  const Give give_;
  std::stop_token stop_;
  std::vector<Level> levels_;
  std::vector<Entry> parents_;  // on the way to something selected that has not been met yet
  std::string complaint_;       // of the entry at hand
  LinkGroups groups_;
  std::vector<LeftOutPath> left_out_;
};

}  // namespace hf
