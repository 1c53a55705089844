#include "store/durable_names.h"

namespace hf {

Status DurableNames::make_parents(std::string_view name) {
  const auto is_known = [&](std::string_view path) {
    return known_.with([&](auto& known) { return known.find(path) != known.end(); });
  };
  const size_t last = name.rfind('/');
  if (last == name.npos || is_known(name.substr(0, last))) return {};
  for (size_t end = name.find('/'); end != name.npos; end = name.find('/', end + 1)) {
    const std::string_view path = name.substr(0, end);
    if (is_known(path)) continue;
    Status made = root_.create_directory(path, 0700);
    if (!made.ok() && made.error().code() != Code::Exists) return made;
    known_.with([&](auto& known) { known.try_emplace(std::string(path), false); });
  }
  return {};
}

void DurableNames::forget() {
  known_.with([](auto& known) { known.clear(); });
}

Status DurableNames::sync(std::string_view name) {
  std::string parent;
  for (size_t end = name.find('/'); end != name.npos; end = name.find('/', end + 1)) {
    const std::string path(name.substr(0, end));
    const bool is_durable = known_.with([&](auto& known) {
      const auto found = known.find(path);
      return found != known.end() && found->second;
    });
    if (!is_durable) {
      HF_TRY(sync_directory(parent));
      known_.with([&](auto& known) { known[path] = true; });
    }
    parent = path;
  }
  return sync_directory(parent);
}

Status DurableNames::sync_directory(const std::string& path) {
  if (path.empty()) return root_.sync();
  return HF_TRY(root_.open_directory(path))->sync();
}

}  // namespace hf
