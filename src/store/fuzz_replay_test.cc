#include "support/fuzz_replay.h"

#define LLVMFuzzerTestOneInput object_name_input
#include "store/object_name_fuzz.cc"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput s3_xml_input
#include "store/s3_xml_fuzz.cc"
#undef LLVMFuzzerTestOneInput

namespace hf {
namespace {

TEST(FuzzReplay, kept_inputs_of_every_target_pass) {
  replay("store_object_name_fuzz", object_name_input);
  replay("store_s3_xml_fuzz", s3_xml_input);
}

}  // namespace
}  // namespace hf
