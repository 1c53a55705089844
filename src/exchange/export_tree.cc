#include "exchange/export_tree.h"

#include <unordered_map>

#include "backup/tree_files.h"
#include "exchange/tar_writer.h"
#include "repo/list.h"

namespace hf {
namespace {

constexpr size_t plain_files_max = 1000;
// Beyond that a map of holes costs more than the zeros, compressed, do.
constexpr size_t ranges_max = 64 << 10;

// The parts of a file that are not holes; nothing: it has none, or too many.
Result<std::optional<std::vector<DataRange>>> data_ranges(ChunkReader& chunks, const TreeEntry& file) {
  ContentReader reader(file.content, chunks.meta_get());
  std::vector<DataRange> ranges;
  uint64_t at = 0;
  bool has_hole = false;
  for (ExtentRun run = HF_TRY(reader.next()); !run.empty(); run = HF_TRY(reader.next())) {
    for (const Extent& extent : run.extents) {
      has_hole = has_hole || extent.kind == ExtentKind::Hole;
      if (extent.kind != ExtentKind::Hole && !ranges.empty() && ranges.back().end == at)
        ranges.back().end += extent.length;
      else if (extent.kind != ExtentKind::Hole)
        ranges.push_back({at, at + extent.length});
      at += extent.length;
      if (ranges.size() > ranges_max) return std::optional<std::vector<DataRange>>();
    }
  }
  if (!has_hole) return std::optional<std::vector<DataRange>>();
  if (ranges.empty()) ranges.push_back({0, 0});
  return std::optional(std::move(ranges));
}

}  // namespace

Result<TreeShape> look_at_tree(ChunkReader& chunks, const Root& tree, const std::stop_token& stop) {
  TreeShape shape;
  const auto visit = [&](const TreeEntry& entry) -> Status {
    const FileType type = entry.meta.info.type;
    if (type == FileType::Directory) return {};
    shape.is_plain = type == FileType::File && entry.meta.link_group == 0 && entry.meta.xattrs.empty() &&
                     shape.files.size() < plain_files_max;
    if (!shape.is_plain) return Error(Code::Cancelled, "enough was seen");
    shape.files.push_back(entry);
    return {};
  };
  Result<bool> walked = walk_tree(chunks, tree, "", visit, stop);
  if (!walked.ok() && shape.is_plain) return std::move(walked).error();
  return shape;
}

Status write_tree(ChunkReader& chunks, const Root& tree, const std::function<Status(BytesView)>& put,
                  const std::stop_token& stop) {
  TarWriter tar({.gzip = true}, put);
  std::unordered_map<uint64_t, std::string> first_names;
  const auto visit = [&](const TreeEntry& entry) -> Status {
    if (entry.meta.info.type != FileType::File) return tar.begin(entry.meta);
    if (entry.meta.link_group != 0) {
      const auto [first, is_new] = first_names.try_emplace(entry.meta.link_group, entry.meta.path);
      if (!is_new) return tar.link(entry.meta, first->second);
    }
    const std::optional<std::vector<DataRange>> ranges = HF_TRY(data_ranges(chunks, entry));
    HF_TRY(tar.begin(entry.meta, ranges ? &*ranges : nullptr));
    return read_content(
               chunks, entry.content, [&](BytesView bytes) { return tar.data(bytes); }, stop)
        .during(printable(entry.meta.path));
  };
  HF_TRY(walk_tree(chunks, tree, "", visit, stop));
  return tar.finish();
}

}  // namespace hf
