// The `keys` kind: what is known of keys: ids, kinds, when they were made and when they expire; never a key.
//
// keys.json lists what opens the repository, what signs in it, the generations of its data keys, and the keys that the
// configuration names. A person who has nothing but a restored copy learns from it which key to look for.
#pragma once

#include "source/source.h"

namespace hf {

SourceKind keys_source_kind();

}  // namespace hf
