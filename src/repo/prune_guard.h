// PruneGuard: what a writer makes sure of before it acknowledges a point.
#pragma once

#include "repo/points.h"

namespace hf {

// A prune that began while the point was made, or a repair, may have condemned what the point refers to. Its manifest
// stands now, so a sweep from here on keeps those packs; but one that was swept already took them away, and a repair
// condemns what is damaged. Failed if the point needs a condemned pack that is not there whole: then it must not be
// acknowledged. `gc_seen`: the newest record that the writer knew when it looked up chunks.
Status expect_packs_kept(Repository& repository, const Point& point, uint32_t gc_seen);

}  // namespace hf
