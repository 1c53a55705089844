// The keys of a repository, as `key list` and `list keys` show them.
#pragma once

#include "app/program.h"

namespace hf {

// Envelopes, epochs and signers. Needs no key; with one, signers are authenticated and shown with their labels.
Result<Exit> list_keys(Context& context);

}  // namespace hf
