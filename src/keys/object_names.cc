#include "keys/object_names.h"

#include <algorithm>

namespace hf {

Result<std::vector<std::string>> names_below(Store& store, std::string_view prefix, const Deadline& deadline) {
  HF_ASSERT(prefix.ends_with('/'));
  std::vector<std::string> names;
  const Store::Visitor collect = [&](const ObjectInfo& object) -> Status {
    names.push_back(object.name.substr(prefix.size()));
    return {};
  };
  HF_TRY(store.list(prefix, collect, deadline).during("list " + std::string(prefix)));
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace hf
