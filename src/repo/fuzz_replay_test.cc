#include "support/fuzz_replay.h"

#define LLVMFuzzerTestOneInput condemned_input
#include "repo/condemned_fuzz.cc"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput config_object_input
#include "repo/config_object_fuzz.cc"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput content_input
#include "repo/content_fuzz.cc"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput head_input
#include "repo/head_fuzz.cc"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput leaf_input
#include "repo/leaf_fuzz.cc"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput manifest_input
#include "repo/manifest_fuzz.cc"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput node_input
#include "repo/node_fuzz.cc"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput pieces_input
#include "repo/pieces_fuzz.cc"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput proof_input
#include "repo/proof_fuzz.cc"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput segment_input
#include "repo/segment_fuzz.cc"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput signed_object_input
#include "repo/signed_object_fuzz.cc"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput swept_input
#include "repo/swept_fuzz.cc"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput trailer_input
#include "repo/trailer_fuzz.cc"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput trust_input
#include "repo/trust_fuzz.cc"
#undef LLVMFuzzerTestOneInput

namespace hf {
namespace {

TEST(FuzzReplay, kept_inputs_of_every_target_pass) {
  replay("repo_condemned_fuzz", condemned_input);
  replay("repo_config_object_fuzz", config_object_input);
  replay("repo_content_fuzz", content_input);
  replay("repo_head_fuzz", head_input);
  replay("repo_leaf_fuzz", leaf_input);
  replay("repo_manifest_fuzz", manifest_input);
  replay("repo_node_fuzz", node_input);
  replay("repo_pieces_fuzz", pieces_input);
  replay("repo_proof_fuzz", proof_input);
  replay("repo_segment_fuzz", segment_input);
  replay("repo_signed_object_fuzz", signed_object_input);
  replay("repo_swept_fuzz", swept_input);
  replay("repo_trailer_fuzz", trailer_input);
  replay("repo_trust_fuzz", trust_input);
}

}  // namespace
}  // namespace hf
