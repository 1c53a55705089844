// ContentRef's messages, for content.cc and tree_codec.cc alone: names protobuf types.
#pragma once

#include "repo/content.h"
#include "repository.pb.h"

namespace hf {

void to_message(const ExtentRun& run, proto::Content& message);
Result<ExtentRun> from_message(const proto::Content& message);

}  // namespace hf
