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
