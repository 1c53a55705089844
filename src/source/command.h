// The `command` kind: what a program writes to its standard output, as a file.
//
// The output is streamed, never held. There is no point if the program fails, is too slow, or writes less or more than
// it should: a dump that broke off looks like a backup until it is needed.
#pragma once

#include "source/source.h"

namespace hf {

SourceKind command_source_kind();

}  // namespace hf
