// What a repository says of its own keys, for a keys source: ids, kinds and dates.
#pragma once

#include "repo/repository.h"
#include "source/source.h"

namespace hf {

Result<std::vector<KeyFact>> key_facts(Repository& repository);

}  // namespace hf
