#include "support/recording_sink.h"

#include <algorithm>

#include "crypto/hash.h"

namespace hf {

Status RecordingSink::add(RecordedEntry entry) {
  const std::string& path = entry.entry.path;
  if (open_) faults.push_back(path + " is given inside of " + open_path_);
  if (!is_valid_path(path)) faults.push_back(printable(path) + " is not a path");
  if (entries.empty() && !path.empty()) faults.push_back("the root is not the first entry");
  if (!entries.empty() && compare_paths(entries.back().entry.path, path) >= 0)
    faults.push_back(path + " is not behind " + entries.back().entry.path);
  entries.push_back(std::move(entry));
  return {};
}

Result<Bytes> RecordingSink::fingerprint(std::string_view name, BytesView value) {
  Bytes both = to_bytes(name);
  append(both, value);
  return to_bytes(sha256(both).view().first(16));
}

Status RecordingSink::entry(Entry entry) {
  if (entry.info.type == FileType::File) faults.push_back(entry.path + " is a file without content");
  return add({.entry = std::move(entry)});
}

Status RecordingSink::unchanged(Entry entry) {
  const RecordedEntry* const before = previous_ ? previous_->find(entry.path) : nullptr;
  if (before == nullptr) {
    faults.push_back(entry.path + " is said to be unchanged, but there is none before");
    return {};
  }
  RecordedEntry recorded = *before;
  recorded.entry = std::move(entry);
  recorded.is_unchanged = true;
  return add(std::move(recorded));
}

Status RecordingSink::file(Entry entry, Bytes content) {
  if (entry.info.size != content.size()) faults.push_back(entry.path + " is not of the size it says");
  return add({.entry = std::move(entry), .content = std::move(content), .is_whole = true});
}

Status RecordingSink::begin(std::string_view path, CutHint hint) {
  if (open_) faults.push_back("begin within " + open_path_);
  open_.emplace();
  open_->hint = hint;
  open_path_ = path;
  return {};
}

Status RecordingSink::data(Bytes bytes) {
  if (!open_) return Error(Code::Failed, "data without begin");
  if (open_->content.size() + bytes.size() > fails_after) return Error(Code::Failed, "the sink is full");
  append(open_->content, bytes);
  return {};
}

Status RecordingSink::hole(uint64_t length) {
  if (!open_) return Error(Code::Failed, "a hole without begin");
  const uint64_t at = open_->content.size();
  open_->holes.push_back({at, at + length});
  return zeros(length);
}

Status RecordingSink::zeros(uint64_t length) {
  if (!open_) return Error(Code::Failed, "zeros without begin");
  open_->content.insert(open_->content.end(), length, std::byte{0});
  return {};
}

Status RecordingSink::end(Entry entry) {
  if (!open_) return Error(Code::Failed, "end without begin");
  if (entry.path != open_path_) faults.push_back("begun as " + open_path_ + ", ended as " + entry.path);
  RecordedEntry recorded = std::move(*open_);
  open_.reset();
  entry.info.size = recorded.content.size();
  recorded.entry = std::move(entry);
  return add(std::move(recorded));
}

const RecordedEntry* RecordingSink::find(std::string_view path) const {
  const auto at = std::find_if(entries.begin(), entries.end(),
                               [&](const RecordedEntry& recorded) { return recorded.entry.path == path; });
  return at == entries.end() ? nullptr : &*at;
}

std::string RecordingSink::text(std::string_view path) const {
  const RecordedEntry* const recorded = find(path);
  return recorded && recorded->entry.info.type == FileType::File ? to_text(recorded->content) : "<none>";
}

std::vector<std::string> RecordingSink::paths() const {
  std::vector<std::string> paths;
  for (const RecordedEntry& recorded : entries) paths.push_back(recorded.entry.path);
  return paths;
}

Result<const Entry*> RecordingPrevious::find(std::string_view path) {
  if (last_ && compare_paths(*last_, path) >= 0)
    return Error(Code::Invalid, "the previous tree is asked for " + printable(path) + " out of order");
  last_ = path;
  const RecordedEntry* const recorded = recording_ ? recording_->find(path) : nullptr;
  return recorded && recorded->entry.info.type == FileType::File ? &recorded->entry : nullptr;
}

}  // namespace hf
