// OtherCopies: where a reader finds what its own copy of the repository cannot give whole.
//
// The copies hold the same points, mostly in the same packs: so a record is looked for under the same name and at the
// same place in the next copy, and else chunk by chunk through that copy's index. Everything is verified as if it were
// the reader's own. A copy that is out of reach is asked once and then passed over. Each reading of this sort is told,
// once for each object. Safe to use from several threads.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "repo/chunk_reader.h"
#include "repo/signed_object.h"

namespace hf {

class Repository;

struct ReadElsewhere {
  std::string object;       // that the reader's own copy could not give; a pack's name, mostly
  std::string own, copy;    // the reader's own copy, and the one that gave it
  std::string why;          // of the own copy
  bool is_damaged = false;  // else it is not there, or the own copy is out of reach
};

class OtherCopies {
 public:
  using Tell = std::function<void(const ReadElsewhere&)>;  // called on any thread

  OtherCopies(std::string own, std::vector<Repository*> copies, Tell tell);
  ~OtherCopies();

  // Which copy an ordinal of ChunkSpot means, 0 being the reader's own, and the ordinal in that copy.
  static uint32_t copy_of(uint32_t ordinal) { return ordinal >> copy_shift; }
  static uint32_t ordinal_of(uint32_t ordinal) { return ordinal & ((1u << copy_shift) - 1); }

  bool is_own_down() const { return is_own_down_; }
  // Copies are numbered from 1.
  Result<ChunkReader*> chunks(uint32_t copy);
  std::vector<Repository*> reachable() const;
  void mark_down(const Repository& copy);

  // Each gives `why` where no copy can do better; without `why` it is tried in the record's own copy first.
  Result<ChunkSpot> locate(PackKind kind, const ChunkId& id, Error why);
  Result<Bytes> read(const RecordRef& record, std::optional<Error> why);
  // The same object of another copy, verified.
  Result<SignedBody> read_signed(SignedKind kind, const std::string& object, Error why);

 private:
  static constexpr uint32_t copy_shift = 28;  // 2^28 packs of 32 MiB are 8 EiB
  struct Copy;

  void note_own(const Error& why);
  void note(Copy& copy, const Error& error);
  void tell(const std::string& object, const Copy& copy, const Error& why);

  const std::string own_;
  std::vector<std::unique_ptr<Copy>> copies_;
  const Tell tell_;
  std::atomic<bool> is_own_down_ = false;
  std::mutex told_mutex_;
  std::set<std::string> told_;
};

}  // namespace hf
