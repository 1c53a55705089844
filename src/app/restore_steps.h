// The parts of `restore`: preview, confirmation, report.
#pragma once

#include "app/program.h"
#include "backup/restore.h"

namespace hf {

void show_preview(Out& out, const Point& point, const RestoreRequest& request, const RestorePreview& preview);
// Prints what is lost and asks for the directory's name. Refused unless it is given (or --yes --confirm NAME says it).
Status confirm_clean(Context& context, Repository& repository, const Point& point, const RestoreRequest& request);
// The event of a source that is done.
void tell_restored(Out& out, const RestoredSource& source);
Result<Exit> show_restored(Context& context, const Point& point, const RestoreRequest& request,
                           const RestoreOutcome& outcome, Duration rto);

}  // namespace hf
