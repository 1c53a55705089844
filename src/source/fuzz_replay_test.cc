#include "support/fuzz_replay.h"

#define LLVMFuzzerTestOneInput argv_input
#include "source/argv_fuzz.cc"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput glob_input
#include "source/glob_fuzz.cc"
#undef LLVMFuzzerTestOneInput

namespace hf {
namespace {

TEST(FuzzReplay, kept_inputs_of_every_target_pass) {
  replay("source_argv_fuzz", argv_input);
  replay("source_glob_fuzz", glob_input);
}

}  // namespace
}  // namespace hf
