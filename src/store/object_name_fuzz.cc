// Whatever text as the name of an object: what is accepted stays below the place it is joined to.
#include "store/object_name.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, size_t size) {
  const std::string_view name(reinterpret_cast<const char*>(data), size);
  if (!hf::check_object_name(name).ok()) return 0;
  HF_ASSERT(!name.starts_with("tmp/"));
  HF_ASSERT(hf::has_object_prefix(name, ""));
  for (size_t begin = 0; begin <= name.size();) {
    const size_t end = std::min(name.find('/', begin), name.size());
    HF_ASSERT(hf::is_object_component(name.substr(begin, end - begin)));
    HF_ASSERT(hf::has_object_prefix(name, name.substr(0, end)));
    begin = end + 1;
  }
  return 0;
}
