// Kinds: the one list of what the program can store to, back up and open a repository with. A new kind is one file of
// its own and a line here.
#pragma once

#include <vector>

#include "check/check.h"
#include "config/config.h"
#include "keys/envelope.h"
#include "source/source.h"
#include "store/store.h"

namespace hf {

std::vector<StoreKind> store_kinds();
std::vector<SourceKind> source_kinds();
std::vector<KeyKind> key_kinds();
std::vector<CheckKind> check_kinds();

// The same, as the configuration needs to know them.
config::Schemas config_schemas();

}  // namespace hf
