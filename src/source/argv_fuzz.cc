// Whatever text as a command: words that were split, quoted and split again are the same words.
#include "source/argv.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, size_t size) {
  const auto words = hf::split_argv(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!words.ok()) {
    HF_ASSERT(!words.error().message().empty());
    return 0;
  }
  std::string quoted;
  for (const std::string& word : words.value()) {
    quoted += " \"";
    for (const char c : word) {
      if (c == '"' || c == '\\') quoted += '\\';
      quoted += c;
    }
    quoted += '"';
  }
  const auto again = hf::split_argv(quoted);
  HF_ASSERT(again.ok());
  HF_ASSERT(again.value() == words.value());
  return 0;
}
