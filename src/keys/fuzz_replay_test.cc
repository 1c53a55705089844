#include "support/fuzz_replay.h"

#define LLVMFuzzerTestOneInput envelope_input
#include "keys/envelope_fuzz.cc"
#undef LLVMFuzzerTestOneInput

namespace hf {
namespace {

TEST(FuzzReplay, kept_inputs_of_every_target_pass) {
  replay("keys_envelope_fuzz", envelope_input);
}

}  // namespace
}  // namespace hf
