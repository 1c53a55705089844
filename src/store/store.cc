#include "store/store.h"

namespace hf {

Result<Bytes> get_whole(Store& store, std::string_view name, uint64_t size_max, const Deadline& deadline) {
  const ObjectInfo info = HF_TRY(store.info(name, deadline));
  if (info.size > size_max) return Error(Code::Corrupt, "object " + std::string(name) + " is larger than it can be");
  return store.get(name, 0, info.size, deadline);
}

Status put_right(Store& store, std::string_view name, BytesView bytes, const Deadline& deadline) {
  Status put = store.put(name, bytes, Durable::Now, deadline);
  if (put.ok() || put.error().code() != Code::Exists) return put;
  const Result<Bytes> there = get_whole(store, name, bytes.size(), deadline);
  if (!there.ok() || !equal(there.value(), bytes)) HF_TRY(store.replace(name, bytes, deadline));
  // Who is told Exists may rely on what is there: so it is durable now.
  put = store.put(name, bytes, Durable::Now, deadline);
  if (!put.ok() && put.error().code() == Code::Exists) return {};
  return put;
}

}  // namespace hf
