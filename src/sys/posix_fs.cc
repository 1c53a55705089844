#include "sys/posix_fs.h"

#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <map>

#include "base/sync.h"
#include "sys/posix_directory.h"

namespace hf {
namespace {

// `look(entry, buffer, size, &found)` as getpwuid_r(3) and its like; `pick` takes what is wanted from the entry found.
template <typename Entry, typename Look, typename Pick>
auto look_up(Look&& look, Pick&& pick) -> std::optional<decltype(pick(Entry{}))> {
  Entry entry{};
  Entry* found = nullptr;
  std::vector<char> buffer(1 << 10);
  while (look(&entry, buffer.data(), buffer.size(), &found) == ERANGE && buffer.size() < (1 << 20))
    buffer.resize(buffer.size() * 4);
  if (found == nullptr) return std::nullopt;
  return pick(*found);
}

// A map filled on demand: asking the system for a name may go over the network.
template <typename Key, typename Value>
class Cache {
 public:
  template <typename Fill>
  Value find(const Key& key, Fill&& fill) {
    return known_.with([&](std::map<Key, Value>& known) {
      const auto at = known.find(key);
      return at != known.end() ? at->second : known.emplace(key, fill()).first->second;
    });
  }

 private:
  Guarded<std::map<Key, Value>> known_;
};

Result<Fd> open_followed(const std::string& path) {
  if (path.find('\0') != path.npos) return Error(Code::Invalid, "a zero byte in a path");
  const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
  const int fd = retry_interrupted([&] { return open(path.c_str(), flags); });
  if (fd < 0) return system_error(errno, "open", path);
  return Fd(fd);
}

std::string parent_of(const std::string& path) {
  const size_t slash = path.find_last_of('/');
  if (slash == path.npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

class PosixFs final : public Fs {
 public:
  Result<std::unique_ptr<Directory>> open_directory(const std::string& path) override {
    return std::make_unique<PosixDirectory>(HF_TRY(open_followed(path)), path);
  }

  Result<std::unique_ptr<Directory>> create_directories(const std::string& path, uint32_t mode) override {
    for (size_t end = path.find('/', 1); !path.empty(); end = path.find('/', end + 1)) {
      HF_TRY(create_one(path.substr(0, end), mode));
      if (end == path.npos) break;
    }
    return open_directory(path);
  }

  Result<std::string> absolute(const std::string& path) override {
    std::string whole = path;
    if (!path.starts_with('/')) {
      char current[PATH_MAX];
      if (getcwd(current, sizeof current) == nullptr) return system_error(errno, "find the working directory", "");
      whole = std::string(current) + "/" + path;
    }
    std::string folded;
    for (size_t begin = 0; begin < whole.size();) {
      const size_t end = std::min(whole.find('/', begin), whole.size());
      const std::string component = whole.substr(begin, end - begin);
      if (component == "..") {
        folded.erase(folded.empty() ? 0 : folded.rfind('/'));
      } else if (!component.empty() && component != ".") {
        folded += "/" + component;
      }
      begin = end + 1;
    }
    return folded.empty() ? "/" : folded;
  }

  std::string user_name(uint32_t uid) override {
    return user_names_.find(uid, [&] {
      return look_up<passwd>([&](auto... out) { return getpwuid_r(uid, out...); },
                             [](const passwd& entry) { return std::string(entry.pw_name); })
          .value_or("");
    });
  }
  std::string group_name(uint32_t gid) override {
    return group_names_.find(gid, [&] {
      return look_up<::group>([&](auto... out) { return getgrgid_r(gid, out...); },
                              [](const ::group& entry) { return std::string(entry.gr_name); })
          .value_or("");
    });
  }
  std::optional<uint32_t> user_id(const std::string& name) override {
    return user_ids_.find(name, [&] {
      return look_up<passwd>([&](auto... out) { return getpwnam_r(name.c_str(), out...); },
                             [](const passwd& entry) { return uint32_t{entry.pw_uid}; });
    });
  }
  std::optional<uint32_t> group_id(const std::string& name) override {
    return group_ids_.find(name, [&] {
      return look_up<::group>([&](auto... out) { return getgrnam_r(name.c_str(), out...); },
                              [](const ::group& entry) { return uint32_t{entry.gr_gid}; });
    });
  }

 private:
  static Status create_one(const std::string& path, uint32_t mode) {
    if (mkdir(path.c_str(), mode) < 0) {
      const int number = errno;
      struct stat raw;
      // Of what is there already mkdir says EEXIST, but on a read-only or foreign parent something else.
      if (stat(path.c_str(), &raw) == 0 && S_ISDIR(raw.st_mode)) return {};
      return system_error(number == EEXIST ? ENOTDIR : number, "create directory", path);
    }
    // What is stored in the new directory is as durable as its name.
    return PosixDirectory(HF_TRY(open_followed(parent_of(path))), path).sync();
  }

  Cache<uint32_t, std::string> user_names_, group_names_;
  Cache<std::string, std::optional<uint32_t>> user_ids_, group_ids_;
};

}  // namespace

std::unique_ptr<Fs> make_posix_fs() {
  return std::make_unique<PosixFs>();
}

}  // namespace hf
