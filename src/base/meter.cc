#include "base/meter.h"

namespace hf {

std::string_view name_of(Stage stage) {
  constexpr std::array<std::string_view, static_cast<size_t>(Stage::Count)> names = {
      "scan",   "read",  "cut",   "hash",    "probe",      "compress", "encrypt", "pack",
      "verify", "store", "fetch", "decrypt", "decompress", "check",    "write"};
  return names[static_cast<size_t>(stage)];
}

}  // namespace hf
