// CopySync: what the verbs do so that every copy comes to have what one of them has, and how that is told.
#pragma once

#include <span>

#include "app/session.h"
#include "repo/copy_keys.h"
#include "repo/copy_points.h"

namespace hf {

enum class CopyState : uint8_t {
  Complete,     // has every point that another copy has
  Behind,       // lacks some: an error, or what is damaged where it would come from
  Diverged,     // a set went another way there
  Unreachable,  // or not usable: the error says why
  Blank,        // there is no repository
};
std::string_view name_of(CopyState state);

struct SyncedCopy {
  std::string target;
  CopyState state = CopyState::Complete;
  CopyOutcome copied;  // of all that it was brought up to date from
  uint64_t keys_added = 0, keys_revoked = 0;
  std::optional<Error> error;
};

// Brings `to` up to date from `from`: keys first, then points. An error of either store is in `synced`, and its state.
void sync_copy(Context& context, OpenCopy& from, OpenCopy& to, const CopyRequest& request, SyncedCopy& synced);
// Makes an empty place a copy that has the keys and no points. What was seen of an earlier copy of that name is
// forgotten.
Result<OpenCopy> make_copy(Context& context, const Settings& settings, OpenCopy& from, const TargetSettings& target);

SyncedCopy not_usable(const ClosedCopy& copy);
// Exit::Missed if not all of them are complete.
Exit exit_of(const std::vector<SyncedCopy>& copies);
JsonArray copies_document(const std::vector<SyncedCopy>& copies);
// What is not as it should be goes to standard error, with the command that mends it.
void print_copies(Out& out, std::span<const SyncedCopy> copies, bool dry_run);

// Both ways, so that each of two copies has the keys of the other.
Status bring_keys(OpenCopy& one, OpenCopy& other);
// After a change of keys in `changed`: the same in all others. Nothing if there is one copy.
std::vector<SyncedCopy> spread_keys(OpenCopies& copies, OpenCopy& changed);

}  // namespace hf
