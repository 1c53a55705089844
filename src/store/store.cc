#include "store/store.h"

namespace hf {

Result<Bytes> get_whole(Store& store, std::string_view name, uint64_t size_max, const Deadline& deadline) {
  const ObjectInfo info = HF_TRY(store.info(name, deadline));
  if (info.size > size_max) return Error(Code::Corrupt, "object " + std::string(name) + " is larger than it can be");
  return store.get(name, 0, info.size, deadline);
}

}  // namespace hf
