// The `file` kind: a file is there, and is of the size, age and content that it should be.
#include "base/text.h"
#include "check/expectation.h"
#include "check/kinds.h"
#include "check/options.h"
#include "crypto/hash.h"
#include "sys/entry.h"

namespace hf {
namespace {

constexpr size_t block_bytes = 1 << 20;

struct FileSpec {
  std::string path, source;
  std::optional<uint64_t> size_min, size_max;
  std::optional<Duration> age_max;
  std::optional<Expectation> count;
  std::string sha256;
};

struct Found {
  std::string name;
  FileInfo info;
};

// The directory that `path` is in, and its last component.
struct Place {
  std::unique_ptr<Directory> directory;
  std::string last;
};

// A source's files are looked for beneath its tree only, whatever links stand there.
Result<Place> place_of(const FileSpec& spec, const CheckWorld& world) {
  const size_t slash = spec.path.rfind('/');
  std::string parent = slash == spec.path.npos ? "" : spec.path.substr(0, slash);
  Place place{nullptr, spec.path.substr(slash == spec.path.npos ? 0 : slash + 1)};
  if (spec.source.empty()) {
    place.directory = HF_TRY(world.fs.open_directory(slash == spec.path.npos ? "."
                                                     : parent.empty()        ? "/"
                                                                             : std::move(parent)));
    return place;
  }
  const std::string root = HF_TRY(world.subject.directory(spec.source));
  place.directory = HF_TRY(world.fs.open_directory(root));
  if (!parent.empty()) place.directory = HF_TRY(place.directory->open_directory(parent));
  return place;
}

Result<std::vector<Found>> find(const Place& place) {
  std::vector<Found> found;
  if (place.last.find_first_of("*?") == std::string::npos) {
    found.push_back({place.last, HF_TRY(place.directory->info(place.last))});
    return found;
  }
  for (const DirectoryEntry& entry : HF_TRY(place.directory->entries())) {
    const bool is_hidden = entry.name.starts_with('.') && !place.last.starts_with('.');
    if (!is_hidden && matches_wildcards(place.last, entry.name))
      found.push_back({entry.name, HF_TRY(place.directory->info(entry.name))});
  }
  return found;
}

Result<std::string> sha256_of(const Place& place, const std::string& name, const Deadline& deadline,
                              const std::stop_token& stop) {
  const std::unique_ptr<File> file = HF_TRY(place.directory->open_file(name));
  Sha256Stream hash;
  Bytes block(block_bytes);
  for (uint64_t offset = 0;;) {
    if (stop.stop_requested()) return Error(Code::Cancelled, "stopped");
    if (deadline.passed()) return Error(Code::Timeout, "reading it took too long");
    const size_t got = HF_TRY(file->read_at(offset, block));
    if (got == 0) return hash.finish().hex();
    hash.update(BytesView(block).first(got));
    offset += got;
  }
}

// What is wrong with it; "" if nothing is.
Result<std::string> fault_of(const FileSpec& spec, const Place& place, const Found& found, const CheckWorld& world,
                             const Deadline& deadline, const std::stop_token& stop) {
  const FileInfo& info = found.info;
  if (spec.size_min && info.size < *spec.size_min)
    return "has " + format_count(info.size, "byte", "bytes") + ", expected at least " + format_count(*spec.size_min);
  if (spec.size_max && info.size > *spec.size_max)
    return "has " + format_count(info.size, "byte", "bytes") + ", expected at most " + format_count(*spec.size_max);
  const WallTime now = spec.source.empty() ? world.env.clock.wall() : world.subject.time();
  if (spec.age_max && now - info.mtime > *spec.age_max)
    return "is " + format_duration(now - info.mtime) + " old, expected at most " + format_span(*spec.age_max);
  if (!spec.sha256.empty() && HF_TRY(sha256_of(place, found.name, deadline, stop)) != spec.sha256)
    return std::string("has another content");
  return std::string();
}

Result<Verdict> look(const FileSpec& spec, const CheckWorld& world, const Deadline& deadline, std::stop_token stop) {
  const Result<Place> place = place_of(spec, world);
  if (!place.ok() && place.error().code() == Code::NotFound) return Verdict{false, "its directory is not there", ""};
  if (!place.ok()) return place.error().clone();
  Result<std::vector<Found>> looked = find(place.value());
  if (!looked.ok() && looked.error().code() == Code::NotFound) return Verdict{false, "it is not there", ""};
  const std::vector<Found> found = HF_TRY(std::move(looked));
  const std::string count = format_count(found.size(), "file", "files");
  if (spec.count ? !spec.count->holds(std::to_string(found.size())) : found.empty())
    return Verdict{false, count + " fit the pattern", ""};
  for (const Found& one : found) {
    const std::string fault = HF_TRY(fault_of(spec, place.value(), one, world, deadline, stop));
    if (fault.empty()) continue;
    // A name that a pattern found is not one that the operator gave.
    return Verdict{false, (found.size() == 1 ? "it " : "one of " + count + " ") + fault, one.name};
  }
  return Verdict{true, found.size() == 1 ? format_count(found[0].info.size, "byte", "bytes") : count, ""};
}

bool is_sha256(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == text.npos;
}

Result<Check> prepare(const CheckOptions& options) {
  FileSpec spec{.path = text_of(options, "file"), .source = text_of(options, "on")};
  if (!spec.source.empty() && spec.path.starts_with('/'))
    return Error(Code::Invalid, "with \"on\", \"file\" is a path within what the source gives, and begins without /");
  if (spec.path.ends_with('/')) return Error(Code::Invalid, "\"file\" names a file, and ends without /");
  if (spec.path.substr(0, spec.path.rfind('/') + 1).find_first_of("*?") != std::string::npos)
    return Error(Code::Invalid, "* and ? match only in the last part of a path");
  spec.size_min = HF_TRY(number_of(options, "size_min"));
  spec.size_max = HF_TRY(number_of(options, "size_max"));
  spec.age_max = HF_TRY(span_of(options, "age_max"));
  spec.sha256 = text_of(options, "sha256");
  if (!spec.sha256.empty() && !is_sha256(spec.sha256))
    return Error(Code::Invalid, "\"sha256\" takes 64 hex digits, as sha256sum prints them");
  if (const std::string count = text_of(options, "count"); !count.empty()) {
    spec.count = HF_TRY(Expectation::parse(count).during("\"count\""));
    if (!spec.count->is_value()) return Error(Code::Invalid, "\"count\" is a number, such as \">= 3\"");
  }
  Check check;
  check.what = "file " + printable(spec.path);
  if (!spec.source.empty()) check.sources = {spec.source};
  check.needs_restored = !spec.source.empty();
  check.run = [spec = std::move(spec)](const CheckWorld& world, const Deadline& deadline, std::stop_token stop) {
    return look(spec, world, deadline, std::move(stop));
  };
  return check;
}

}  // namespace

CheckKind file_check_kind() {
  using Type = CheckOption::Type;
  return {.name = "file",
          .help = "A file that must be there.",
          .options = with_common({
              {"file", "its path; * and ? in the last part match several", Type::Text, true},
              {"on", "the source that it was restored from, which the path is relative to", Type::Source},
              {"size_min", "it is at least so large", Type::Size},
              {"size_max", "it is at most so large", Type::Size},
              {"age_max", "it is at most so old; of a source's files: when the point was made", Type::Span},
              {"sha256", "the hash of its content, in hex"},
              {"count", "how many files there should be, such as \">= 3\" (default: one at least)"},
          }),
          .prepare = prepare};
}

}  // namespace hf
