// The verbs, each made by its own file.
#pragma once

#include "app/verb.h"

namespace hf {

Verb init_verb();
Verb backup_verb();
Verb restore_verb();
Verb list_verb();
Verb show_verb();
Verb ls_verb();
Verb find_verb_of_files();
Verb diff_verb();
Verb cat_verb();
Verb export_verb();
Verb import_verb();
Verb verify_verb();
Verb check_verb();
Verb prune_verb();
Verb policy_simulate_verb();
std::vector<Verb> key_verbs();
std::vector<Verb> key_change_verbs();
Verb key_trust_verb();
std::vector<Verb> target_verbs();
Verb target_sync_verb();
std::vector<Verb> config_verbs();
Verb doctor_verb();
Verb completion_verb();
Verb complete_verb();
Verb man_verb();
Verb version_verb();

}  // namespace hf
