#include "support/fuzz_replay.h"

#define LLVMFuzzerTestOneInput dump_input
#include "pg/dump_fuzz.cc"
#undef LLVMFuzzerTestOneInput

namespace hf {
namespace {

TEST(FuzzReplay, kept_inputs_of_every_target_pass) {
  replay("pg_dump_fuzz", dump_input);
}

}  // namespace
}  // namespace hf
