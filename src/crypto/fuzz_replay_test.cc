#include "support/fuzz_replay.h"

#define LLVMFuzzerTestOneInput frame_input
#include "crypto/frame_fuzz.cc"
#undef LLVMFuzzerTestOneInput

namespace hf {
namespace {

TEST(FuzzReplay, kept_inputs_of_every_target_pass) {
  replay("crypto_frame_fuzz", frame_input);
}

}  // namespace
}  // namespace hf
