// What the program's flags and environment say of gpg.
#pragma once

#include "app/program.h"
#include "exchange/gpg.h"

namespace hf {

// --recipient, --sign-with, --gpg-homedir, --gpg-passphrase-file; and of the environment what gpg and its agent need.
GpgOptions gpg_options(Context& context);

}  // namespace hf
