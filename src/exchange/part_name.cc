#include "exchange/part_name.h"

#include <unistd.h>

#include <algorithm>

#include "crypto/hash.h"
#include "sys/process_identity.h"
#include "sys/remove_tree.h"

namespace hf {
namespace {

constexpr size_t name_bytes_max = 255, random_bytes = 6, place_digits = 16;
constexpr std::string_view part = ".part";

// "boot/namespace/process/start": where the process's number begins.
size_t process_at(const std::string& identity) {
  const size_t start = identity.rfind('/');
  const size_t process = start == identity.npos || start == 0 ? identity.npos : identity.rfind('/', start - 1);
  return process == identity.npos ? identity.size() : process + 1;
}

std::string short_place(const std::string& identity) {
  return sha256(as_bytes(identity.substr(0, process_at(identity)))).hex().substr(0, place_digits);
}

std::string prefix_of(const std::string& name) {
  return "." + name + ".holdfast-";
}

enum class Writer : uint8_t { Gone, Runs, Unknown };

// `middle`: what stands between prefix and ".part".
Writer writer_of(std::string middle) {
  const std::string own = process_identity();
  if (own.empty() || std::count(middle.begin(), middle.end(), '-') != 3) return Writer::Unknown;
  if (!middle.starts_with(short_place(own) + "-")) return Writer::Unknown;
  middle.erase(0, place_digits + 1);
  middle.erase(middle.rfind('-'));
  std::replace(middle.begin(), middle.end(), '-', '/');
  return is_process_gone(own.substr(0, process_at(own)) + middle) ? Writer::Gone : Writer::Runs;
}

}  // namespace

std::string make_part_name(const std::string& name, Entropy& entropy) {
  const std::string random = to_hex(entropy.bytes(random_bytes)), identity = process_identity();
  std::string process = identity.substr(process_at(identity));
  std::replace(process.begin(), process.end(), '/', '-');
  const std::string anonymous = prefix_of(name) + random + std::string(part);
  const std::string known = prefix_of(name) + short_place(identity) + "-" + process + "-" + random + std::string(part);
  return process.empty() || known.size() > name_bytes_max ? anonymous : known;
}

Remains remove_remains(Directory& parent, const std::string& name) {
  Remains remains;
  const Result<std::vector<DirectoryEntry>> entries = parent.entries();
  if (!entries.ok()) return remains;
  const std::string prefix = prefix_of(name);
  for (const DirectoryEntry& entry : entries.value()) {
    if (!entry.name.starts_with(prefix) || !entry.name.ends_with(part)) continue;
    if (entry.name.size() <= prefix.size() + part.size()) continue;
    const std::string middle = entry.name.substr(prefix.size(), entry.name.size() - prefix.size() - part.size());
    if (middle.find_first_not_of("0123456789abcdef-") != middle.npos) continue;
    const Writer writer = writer_of(middle);
    if (writer == Writer::Runs) continue;
    const Result<FileInfo> info = parent.info(entry.name);
    // Where all may write, a name proves nothing: another user's is not ours to remove.
    const bool is_ours = info.ok() && info.value().uid == geteuid();
    const bool is_directory = info.ok() && info.value().type == FileType::Directory;
    if (writer == Writer::Gone && is_ours &&
        (is_directory ? remove_tree(parent, entry.name) : parent.remove(entry.name)).ok())
      remains.removed.push_back(entry.name);
    else if (is_ours)
      remains.left.push_back(entry.name);
  }
  return remains;
}

}  // namespace hf
