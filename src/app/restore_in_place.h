// `restore --in-place`: one source put back where its program uses it, the program stopped meanwhile.
#pragma once

#include "app/program.h"
#include "app/session.h"
#include "repo/points.h"
#include "source/source.h"

namespace hf {

// What is put back, where, and around which commands: from flags and, for what they do not say, from the source's
// options in the configuration.
struct InPlace {
  const SourceRecord* source = nullptr;  // of the point
  SourceKind kind;
  PutBack request;  // but for `restored`
};

// Invalid if flags contradict each other, or nothing says where to or which commands; Unsupported for kinds of source
// that cannot be put back.
Result<InPlace> plan_in_place(Context& context, const Settings& settings, const Point& point);
// Asks for the file's name. Refused unless it is given (or --yes --confirm NAME says it).
Status confirm_in_place(Context& context, const InPlace& plan);
// Restores into a scratch directory beside the target, puts that in place and reports. VerifyFailed if a check failed.
Result<Exit> restore_in_place(Context& context, const Settings& settings, Repository& repository, const Point& point,
                              const InPlace& plan);

}  // namespace hf
