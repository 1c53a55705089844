#include "support/fuzz_replay.h"

#define LLVMFuzzerTestOneInput config_input
#include "config/config_fuzz.cc"
#undef LLVMFuzzerTestOneInput

namespace hf {
namespace {

TEST(FuzzReplay, kept_inputs_of_every_target_pass) {
  replay("config_config_fuzz", config_input);
}

}  // namespace
}  // namespace hf
