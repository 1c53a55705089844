// CopyKeys: what opens and authenticates a repository, brought from one copy of it to another.
//
// Signers, epochs and envelopes, then `config`, which is what makes a place a repository: a copy that is cut off before
// it is none yet. Every object is authenticated before it is written, and none is overwritten. A revoked key's envelope
// is not copied, and goes where it still is.
#pragma once

#include <string>
#include <vector>

#include "repo/repository.h"

namespace hf {

struct CopiedKeys {
  std::vector<std::string> added;    // objects
  std::vector<std::string> revoked;  // ids of envelopes that were removed
};

// `into` need not be a repository yet; then it must be empty, or what an earlier try left. Corrupt, naming the object,
// if both have another object of one name: two epochs of one number. With `dry_run` nothing is written.
Result<CopiedKeys> copy_keys(Repository& from, Store& into, bool dry_run);

// Of `config`, signers, epochs and `revoked/` in `into`: those that are damaged are replaced, and missing ones added,
// for a copy that cannot be opened. Their names.
Result<std::vector<std::string>> mend_keys(Repository& from, Store& into);

}  // namespace hf
