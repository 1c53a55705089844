// Objects as files under one directory: a local disk, or whatever is mounted there.
//
// put: a temporary file under `tmp/`, then a rename that refuses to replace. Durable::Now adds fsync of the file and of
// every directory that gained a name; Durable::Later starts write-back at once, and flush() is one syncfs for all.
#pragma once

#include "store/store.h"

namespace hf {

StoreKind directory_store_kind();

}  // namespace hf
