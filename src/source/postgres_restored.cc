#include "source/postgres_restored.h"

#include <algorithm>
#include <charconv>

#include "pg/names.h"

namespace hf {
namespace {

constexpr uint64_t toc_bytes_max = uint64_t{1} << 30;

Result<PgToc> read_toc(Directory& directory) {
  const std::unique_ptr<File> file = HF_TRY(directory.open_file("toc.json"));
  const uint64_t size = HF_TRY(file->info()).size;
  if (size > toc_bytes_max) return Error(Code::Corrupt, "toc.json is larger than it can be");
  Bytes bytes(size);
  bytes.resize(HF_TRY(file->read_at(0, bytes)));
  return decode_toc(as_text(bytes));
}

}  // namespace

Result<std::vector<PostgresStaged>> find_staged(Fs& fs, const std::string& directory,
                                                const std::vector<std::string>& names) {
  const std::unique_ptr<Directory> top = HF_TRY(fs.open_directory(directory));
  const std::unique_ptr<Directory> databases = HF_TRY(top->open_directory("databases"));
  std::vector<PostgresStaged> found;
  for (const DirectoryEntry& entry : HF_TRY(databases->entries())) {
    const std::optional<std::string> name = pg_name_of_file(entry.name);
    if (!name) return Error(Code::Corrupt, "the tree of a postgres source has a directory that names no database");
    if (!names.empty() && std::find(names.begin(), names.end(), *name) == names.end()) continue;
    PostgresStaged staged{.name = *name, .path = "databases/" + entry.name};
    staged.directory = HF_TRY(databases->open_directory(entry.name));
    Result<PgToc> toc = read_toc(*staged.directory);
    if (!toc.ok() && toc.error().code() != Code::Cancelled)
      return Error(Code::Corrupt,
                   "database " + printable(*name) + " has no toc.json that can be read: " + toc.error().message());
    staged.toc = HF_TRY(std::move(toc));
    found.push_back(std::move(staged));
  }
  for (const std::string& name : names)
    if (std::none_of(found.begin(), found.end(), [&](const PostgresStaged& one) { return one.name == name; }))
      return Error(Code::NotFound, "the point has no database " + printable(name));
  return found;
}

PgWorld pg_world(const SourceWorld& world) {
  return {.env = world.env, .fs = world.fs, .process = world.process};
}

Result<int> recorded_major(const RecordedSource& recorded) {
  const auto fact = recorded.facts.find("server_version");
  int version = 0;
  if (fact != recorded.facts.end())
    std::from_chars(fact->second.data(), fact->second.data() + fact->second.size(), version);
  if (version < 90000)
    return Error(Code::Corrupt, "source " + recorded.name + " does not record the version of its server");
  return version / 10000;
}

std::string recorded_superuser(const RecordedSource& recorded) {
  const auto fact = recorded.facts.find("bootstrap_role");
  return fact == recorded.facts.end() ? "postgres" : fact->second;
}

}  // namespace hf
