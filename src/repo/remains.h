// Remains: what of a damaged pack can still be read.
#pragma once

#include "repo/pack.h"

namespace hf {

struct Remains {
  std::string what;         // is wrong with the pack
  std::vector<bool> sound;  // by chunk: it can be read, and is what its id says; empty: nothing can be
  bool any() const;
  size_t count() const;  // of sound chunks
};

// Nothing if the pack is whole. Otherwise each record is tried by itself, as far as the trailer says where it lies.
std::optional<Remains> inspect_pack(const KeyRing& ring, PackKind kind, const PackName& name, BytesView bytes);

}  // namespace hf
