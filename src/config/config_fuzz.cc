// Whatever bytes: parse() returns, and what it accepts is consistent.
#include "config/test_schemas.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const hf::Result<hf::config::Config> config = hf::config::parse(text, "fuzz.yaml", hf::config::test_schemas());
  if (!config.ok()) {
    HF_ASSERT(!config.error().message().empty());
    return 0;
  }
  for (const auto& [name, set] : config.value().sets) {
    HF_ASSERT(!set.members.empty());
    for (const std::string& member : set.members) HF_ASSERT(config.value().sources.contains(member));
  }
  return 0;
}
