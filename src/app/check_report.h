// How checks are run by verbs, and how their results are shown.
#pragma once

#include "app/check_plan.h"
#include "repo/manifest.h"

namespace hf {

CheckWorld check_world(Context& context, const Settings& settings, const CheckPlace& place, CheckSubject& subject);
ProofCheck proof_check(const CheckEnd& end);

JsonObject check_document(const ProofCheck& check);
void print_check(Out& out, const ProofCheck& check);
// Of a dry run.
void print_plan(Out& out, const CheckPlan& plan);
Json names_of(const CheckPlan& plan);

}  // namespace hf
