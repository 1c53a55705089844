#include "support/store_fixture.h"

#include <algorithm>

#include "store/directory.h"
#include "store/memory.h"
#include "sys/posix_fs.h"

namespace hf {

StoreFixture::StoreFixture() : fs(make_posix_fs()) {}

std::unique_ptr<Store> StoreFixture::make_memory_store() {
  return hf::make_memory_store(clock);
}

std::unique_ptr<Store> StoreFixture::open_directory_store(const std::string& name) {
  return directory_store_kind().open(world(), {{"path", directory / name}}, true).value();
}

std::vector<std::string> names_in(Store& store, std::string_view prefix, const Deadline& deadline) {
  std::vector<std::string> names;
  const auto visit = [&](const ObjectInfo& info) -> Status {
    names.push_back(info.name);
    return {};
  };
  store.list(prefix, visit, deadline).value();
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace hf
