#include "exchange/tree_source.h"

#include <algorithm>
#include <set>

#include "source/new_entry.h"

namespace hf {
namespace {

class TreeSource final : public Source {
 public:
  TreeSource(const SpooledTree& tree, const Spool& spool) : tree_(tree), spool_(spool) {}
  Status run(Sink& sink, Previous& previous, std::stop_token stop) override {
    return give_tree(tree_, spool_, sink, previous, stop);
  }

 private:
  const SpooledTree& tree_;
  const Spool& spool_;
};

struct InOrder {
  bool operator()(const std::string& a, const std::string& b) const { return compare_paths(a, b) < 0; }
};

class MembersSource final : public Source {
 public:
  MembersSource(const SourceWorld& world, std::vector<PlainMember> members)
      : world_(world), members_(std::move(members)) {}

  Status run(Sink& sink, Previous& previous, std::stop_token stop) override {
    std::set<std::string, InOrder> directories{""};
    std::map<std::string, const PlainMember*, InOrder> files;
    for (const PlainMember& member : members_) {
      if (!files.emplace(member.path, &member).second)
        return Error(Code::Corrupt, "there are two files called " + printable(member.path));
      for (size_t slash = member.path.find('/'); slash != std::string::npos; slash = member.path.find('/', slash + 1))
        directories.insert(member.path.substr(0, slash));
    }
    for (const std::string& directory : directories)
      if (!files.emplace(directory, nullptr).second)
        return Error(Code::Corrupt, "there is a file where a directory must be: " + printable(directory));
    for (const auto& [path, member] : files) {
      if (stop.stop_requested()) return Error(Code::Cancelled, "asked to stop");
      if (member == nullptr)
        HF_TRY(sink.entry(make_entry(path, FileType::Directory, 0700, world_.env.clock.wall())));
      else
        HF_TRY(give(*member, sink, previous));
    }
    return {};
  }

 private:
  Status give(const PlainMember& member, Sink& sink, Previous& previous) {
    HF_TRY(previous.find(member.path));
    HF_TRY(sink.begin(member.path, {CutHint::Kind::Stream, 0, member.bytes.size}));
    HF_TRY(each_block(member.bytes, [&](BytesView bytes) { return sink.data(to_bytes(bytes)); }));
    Entry entry = make_entry(member.path, FileType::File, 0600, member.mtime);
    entry.info.size = member.bytes.size;
    return sink.end(std::move(entry));
  }

  Entry make_entry(std::string path, FileType type, uint32_t mode, WallTime mtime) const {
    return new_entry(world_.fs, std::move(path), type, mode, mtime);
  }

  SourceWorld world_;
  const std::vector<PlainMember> members_;
};

}  // namespace

std::unique_ptr<Source> make_tree_source(const SpooledTree& tree, const Spool& spool) {
  return std::make_unique<TreeSource>(tree, spool);
}

std::unique_ptr<Source> make_members_source(const SourceWorld& world, std::vector<PlainMember> members) {
  return std::make_unique<MembersSource>(world, std::move(members));
}

}  // namespace hf
