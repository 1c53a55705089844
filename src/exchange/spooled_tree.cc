#include "exchange/spooled_tree.h"

#include <algorithm>
#include <map>

#include "exchange/tar_reader.h"

namespace hf {
namespace {

constexpr size_t entries_max = 5'000'000;
constexpr uint64_t whole_bytes_max = 64 << 10;  // what Sink::file takes
constexpr size_t read_bytes = 1 << 20;

struct InOrder {
  bool operator()(const std::string& a, const std::string& b) const { return compare_paths(a, b) < 0; }
};

SpooledEntry made_directory(std::string path) {
  SpooledEntry made;
  made.entry.path = std::move(path);
  made.entry.info.type = FileType::Directory;
  made.entry.info.mode = 0755;
  return made;
}

class Reading {
 public:
  Reading(Spool& spool, std::stop_token stop) : spool_(spool), stop_(std::move(stop)) {}

  Status run(ByteRange tar) {
    const std::unique_ptr<TarReader> reader = HF_TRY(TarReader::open(std::move(tar)));
    while (const TarItem* item = HF_TRY(reader->next())) {
      if (stop_.stop_requested()) return Error(Code::Cancelled, "interrupted");
      HF_TRY(add(*item, *reader));
      if (entries_.size() > entries_max) return Error(Code::Unsupported, "a tar file has more than 5,000,000 entries");
    }
    return {};
  }

  Result<SpooledTree> finish() {
    HF_TRY(complete_directories());
    SpooledTree tree;
    for (auto& [path, entry] : entries_) tree.entries.push_back(std::move(entry));
    return tree;
  }

 private:
  Status add(const TarItem& item, TarReader& reader) {
    SpooledEntry made{.entry = item.entry};
    if (!item.hard_link.empty()) {
      HF_TRY(link(item, made));
    } else if (item.entry.info.type == FileType::File) {
      made.begin = spool_.reserve(item.entry.info.size);
      const auto put_aside = [&](uint64_t offset, BytesView bytes) -> Status {
        HF_TRY(spool_.write_at(made.begin + offset, bytes));
        if (!made.ranges.empty() && made.ranges.back().end == offset)
          made.ranges.back().end += bytes.size();
        else
          made.ranges.push_back({offset, offset + bytes.size()});
        return {};
      };
      HF_TRY(reader.data(put_aside));
    }
    entries_.insert_or_assign(item.entry.path, std::move(made));
    return {};
  }

  Status link(const TarItem& item, SpooledEntry& made) {
    const auto first = entries_.find(item.hard_link);
    if (first == entries_.end() || first->second.entry.info.type != FileType::File)
      return Error(Code::Corrupt, "a tar file has a hard link to what it does not have: " + printable(item.entry.path));
    if (first->second.entry.link_group == 0) first->second.entry.link_group = ++link_groups_;
    made = first->second;
    made.entry.path = item.entry.path;
    return {};
  }

  Status complete_directories() {
    std::vector<std::string> missing;
    for (const auto& [path, entry] : entries_) {
      for (size_t slash = path.rfind('/'); slash != path.npos;
           slash = slash == 0 ? path.npos : path.rfind('/', slash - 1)) {
        const std::string parent = path.substr(0, slash);
        const auto there = entries_.find(parent);
        if (there == entries_.end())
          missing.push_back(parent);
        else if (there->second.entry.info.type != FileType::Directory)
          return Error(Code::Corrupt, "a tar file has a name below something that is no directory: " + printable(path));
        else
          break;
      }
    }
    for (const std::string& path : missing) entries_.try_emplace(path, made_directory(path));
    const auto root = entries_.try_emplace("", made_directory("")).first;
    if (root->second.entry.info.type != FileType::Directory)
      return Error(Code::Corrupt, "a tar file has a root that is no directory");
    return {};
  }

  Spool& spool_;
  const std::stop_token stop_;
  std::map<std::string, SpooledEntry, InOrder> entries_;
  uint64_t link_groups_ = 0;
};

class Giving {
 public:
  Giving(const Spool& spool, Sink& sink, Previous& previous, const std::stop_token& stop)
      : spool_(spool), sink_(sink), previous_(previous), stop_(stop) {}

  Status give(const SpooledEntry& spooled) {
    if (stop_.stop_requested()) return Error(Code::Cancelled, "asked to stop");
    Entry entry = spooled.entry;
    if (entry.info.type != FileType::File) return sink_.entry(std::move(entry));
    HF_TRY(previous_.find(entry.path));
    const bool is_whole =
        spooled.ranges.size() == 1 && spooled.ranges[0].begin == 0 && spooled.ranges[0].end == entry.info.size;
    if (entry.info.size == 0) return sink_.file(std::move(entry), {});
    if (is_whole && entry.info.size <= whole_bytes_max) {
      Bytes bytes(entry.info.size);
      HF_TRY(read(spooled.begin, bytes));
      return sink_.file(std::move(entry), std::move(bytes));
    }
    HF_TRY(sink_.begin(entry.path, {CutHint::Kind::Auto, 0, entry.info.size}));
    uint64_t at = 0;
    for (const DataRange& range : spooled.ranges) {
      if (range.begin > at) HF_TRY(sink_.hole(range.begin - at));
      HF_TRY(give_range(spooled.begin, range));
      at = range.end;
    }
    if (at < entry.info.size) HF_TRY(sink_.hole(entry.info.size - at));
    return sink_.end(std::move(entry));
  }

 private:
  Status read(uint64_t at, BytesSpan out) {
    const ByteRange range = spool_.range(at, out.size());
    const size_t got = HF_TRY(range.read_at(0, out));
    return got == out.size() ? Status() : Status(Error(Code::Failed, "what was put aside cannot be read again"));
  }

  Status give_range(uint64_t begin, const DataRange& range) {
    for (uint64_t at = range.begin; at < range.end;) {
      if (stop_.stop_requested()) return Error(Code::Cancelled, "asked to stop");
      Bytes block(std::min<uint64_t>(read_bytes, range.end - at));
      HF_TRY(read(begin + at, block));
      at += block.size();
      HF_TRY(sink_.data(std::move(block)));
    }
    return {};
  }

  const Spool& spool_;
  Sink& sink_;
  Previous& previous_;
  const std::stop_token& stop_;
};

}  // namespace

const SpooledEntry* SpooledTree::find(std::string_view path) const {
  const auto at = std::lower_bound(entries.begin(), entries.end(), path, [](const SpooledEntry& a, std::string_view b) {
    return compare_paths(a.entry.path, b) < 0;
  });
  return at == entries.end() || at->entry.path != path ? nullptr : &*at;
}

Result<SpooledTree> spool_tar(ByteRange tar, Spool& spool, const std::stop_token& stop) {
  Reading reading(spool, stop);
  HF_TRY(reading.run(std::move(tar)));
  return reading.finish();
}

Status give_tree(const SpooledTree& tree, const Spool& spool, Sink& sink, Previous& previous,
                 const std::stop_token& stop) {
  Giving giving(spool, sink, previous, stop);
  for (const SpooledEntry& entry : tree.entries) HF_TRY(giving.give(entry));
  return {};
}

}  // namespace hf
