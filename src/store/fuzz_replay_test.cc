#include "support/fuzz_replay.h"

#define LLVMFuzzerTestOneInput object_name_input
#include "store/object_name_fuzz.cc"
#undef LLVMFuzzerTestOneInput

namespace hf {
namespace {

TEST(FuzzReplay, kept_inputs_of_every_target_pass) {
  replay("store_object_name_fuzz", object_name_input);
}

}  // namespace
}  // namespace hf
