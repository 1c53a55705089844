#include "source/postgres_tree.h"

#include "source/new_entry.h"

namespace hf {
namespace {

constexpr size_t small_bytes_max = 64 << 10;  // what Sink::file takes
constexpr uint64_t shrink_before_min = 1 << 20, shrink_factor = 10;

}  // namespace

PostgresTree::PostgresTree(const SourceWorld& world, Sink& sink, Previous& previous)
    : world_(world), sink_(sink), previous_(previous), time_(world.env.clock.wall()) {}

Status PostgresTree::directory(const std::string& path) {
  return sink_.entry(make_entry(path, FileType::Directory, 0700));
}

Status PostgresTree::begin(const std::string& path) {
  HF_TRY(look_at_previous(path));
  path_ = path;
  size_ = 0;
  return sink_.begin(path, {CutHint::Kind::Stream});
}

Status PostgresTree::data(Bytes bytes) {
  size_ += bytes.size();
  return sink_.data(std::move(bytes));
}

Status PostgresTree::end() {
  Entry entry = make_entry(path_, FileType::File, 0600);
  entry.info.size = size_;
  ended(size_);
  return sink_.end(std::move(entry));
}

Status PostgresTree::file(const std::string& path, Bytes content) {
  if (content.size() > small_bytes_max) {
    HF_TRY(begin(path));
    HF_TRY(data(std::move(content)));
    return end();
  }
  HF_TRY(look_at_previous(path));
  path_ = path;
  Entry entry = make_entry(path, FileType::File, 0600);
  entry.info.size = content.size();
  ended(content.size());
  return sink_.file(std::move(entry), std::move(content));
}

Entry PostgresTree::make_entry(const std::string& path, FileType type, uint32_t mode) const {
  return new_entry(world_.fs, path, type, mode, time_);
}

Status PostgresTree::look_at_previous(const std::string& path) {
  const Entry* const before = HF_TRY(previous_.find(path));
  size_before_ = before == nullptr ? 0 : before->info.size;
  return {};
}

void PostgresTree::ended(uint64_t size) {
  bytes_ += size;
  if (size_before_ >= shrink_before_min && size < size_before_ / shrink_factor) shrunk_.push_back(path_);
}

}  // namespace hf
