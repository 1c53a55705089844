#include "app/doctor.h"
#include "app/verbs.h"

namespace hf {
namespace {

Result<Exit> run_verb(Context& context) {
  return run_doctor(context, HF_TRY(load_settings(context)));
}

}  // namespace

Verb doctor_verb() {
  return {.name = "doctor",
          .summary = "Look whether everything is in order that backups and restores will need",
          .description =
              "Examines the configuration and its secrets, this machine, every target (an object is written, read and "
              "deleted), the keys, the newest point of every set with its proof, and every source. Each thing that is "
              "not in order comes with the command that mends it. Exit code 5 if something is bad; warnings alone end "
              "with 0.",
          .arguments = {},
          .options = {},
          .examples = {"holdfast doctor", "holdfast doctor -c /etc/holdfast/holdfast.yaml", "holdfast doctor -o json"},
          .run = run_verb};
}

}  // namespace hf
