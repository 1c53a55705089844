// ExpectedSource: another source, held against what a manifest says of it.
//
// Tables must be there with the rows and digests recorded. Problems that the recorded source had are told again, so
// that what is imported of a partial point is partial; facts that the source does not find itself are taken over.
#pragma once

#include "repo/manifest.h"
#include "source/source.h"

namespace hf {

std::unique_ptr<Source> expect_source(std::unique_ptr<Source> source, SourceRecord recorded);

}  // namespace hf
