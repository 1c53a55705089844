#include "store/store.h"

namespace hf {

Result<Bytes> Store::get_all(std::string_view name, uint64_t size_max, const Deadline& deadline) {
  const ObjectInfo found = HF_TRY(info(name, deadline));
  if (found.size > size_max) return Error(Code::Corrupt, "object " + std::string(name) + " is larger than it can be");
  return get(name, 0, found.size, deadline);
}

Result<Bytes> get_whole(Store& store, std::string_view name, uint64_t size_max, const Deadline& deadline) {
  return store.get_all(name, size_max, deadline);
}

}  // namespace hf
