#include "repo/other_copies.h"

#include "repo/format.h"
#include "repo/repository.h"

namespace hf {
namespace {

constexpr size_t told_max = 10'000;

bool is_out_of_reach(const Error& error) {
  return error.code() == Code::Unavailable || error.code() == Code::Timeout;
}

}  // namespace

struct OtherCopies::Copy {
  explicit Copy(Repository* of) : repository(of) {}
  Repository* repository;
  std::atomic<bool> is_down = false;
  std::mutex mutex;  // over the first loading of its index
};

OtherCopies::OtherCopies(std::string own, std::vector<Repository*> copies, Tell tell)
    : own_(std::move(own)), tell_(std::move(tell)) {
  HF_ASSERT(copies.size() < 1u << (32 - copy_shift));
  for (Repository* copy : copies) copies_.push_back(std::make_unique<Copy>(copy));
}

OtherCopies::~OtherCopies() = default;

Result<ChunkReader*> OtherCopies::chunks(uint32_t copy) {
  HF_ASSERT(copy > 0 && copy <= copies_.size());
  Copy& other = *copies_[copy - 1];
  std::scoped_lock lock(other.mutex);
  return other.repository->chunks();
}

std::vector<Repository*> OtherCopies::reachable() const {
  std::vector<Repository*> up;
  for (const auto& copy : copies_)
    if (!copy->is_down) up.push_back(copy->repository);
  return up;
}

void OtherCopies::mark_down(const Repository& repository) {
  for (const auto& copy : copies_)
    if (copy->repository == &repository) copy->is_down = true;
}

void OtherCopies::note_own(const Error& why) {
  if (is_out_of_reach(why)) is_own_down_ = true;
}

void OtherCopies::note(Copy& copy, const Error& error) {
  if (is_out_of_reach(error)) copy.is_down = true;
}

void OtherCopies::tell(const std::string& object, const Copy& copy, const Error& why) {
  {
    std::scoped_lock lock(told_mutex_);
    if (told_.size() >= told_max || !told_.insert(object).second) return;
  }
  if (tell_)
    tell_({.object = object,
           .own = own_,
           .copy = copy.repository->copy(),
           .why = why.message(),
           .is_damaged = why.code() == Code::Corrupt || why.code() == Code::KeyMissing});
}

Result<ChunkSpot> OtherCopies::locate(PackKind kind, const ChunkId& id, Error why) {
  note_own(why);
  for (uint32_t number = 1; number <= copies_.size(); ++number) {
    Copy& copy = *copies_[number - 1];
    if (copy.is_down) continue;
    Result<ChunkReader*> reader = chunks(number);
    Result<ChunkSpot> spot = reader.ok() ? reader.value()->locate(kind, id) : std::move(reader).error();
    if (!spot.ok()) {
      note(copy, spot.error());
      continue;
    }
    const Result<RecordRef> record = reader.value()->record(spot.value().pack, spot.value().record);
    if (record.ok()) tell(record.value().object, copy, why);
    HF_ASSERT(spot.value().pack < 1u << copy_shift);
    spot.value().pack |= number << copy_shift;
    return spot;
  }
  return why;
}

Result<Bytes> OtherCopies::read(const RecordRef& record, std::optional<Error> why) {
  if (why) note_own(*why);
  std::vector<uint32_t> order;
  if (!why && record.copy != 0) order.push_back(record.copy);
  for (uint32_t number = 1; number <= copies_.size(); ++number)
    if (order.empty() || order.front() != number) order.push_back(number);
  for (const uint32_t number : order) {
    Copy& copy = *copies_[number - 1];
    if (copy.is_down) continue;
    const Result<ChunkReader*> reader = chunks(number);
    if (!reader.ok()) {
      note(copy, reader.error());
      continue;
    }
    RecordRef there = record;
    there.copy = 0;
    Result<Bytes> raw = reader.value()->read(there);
    if (!raw.ok() && !is_out_of_reach(raw.error())) raw = reader.value()->assemble(there);
    if (raw.ok()) {
      if (why) tell(record.object, copy, *why);
      return raw;
    }
    note(copy, raw.error());
    if (!why) why = std::move(raw).error();
  }
  if (why) return std::move(*why);
  return Error(Code::Unavailable, "no copy can be reached that has " + record.object);
}

Result<SignedBody> OtherCopies::read_signed(SignedKind kind, const std::string& object, Error why) {
  for (const auto& copy : copies_) {
    if (copy->is_down) continue;
    Repository& repository = *copy->repository;
    const Result<Bytes> bytes = get_whole(repository.store(), object, small_object_bytes_max, repository.deadline());
    if (!bytes.ok()) {
      note(*copy, bytes.error());
      continue;
    }
    Result<SignedBody> body = open_signed(repository.ring(), repository.signers(), kind, object, bytes.value());
    if (!body.ok()) continue;
    if (why.code() != Code::NotFound) tell(object, *copy, why);
    return body;
  }
  return why;
}

}  // namespace hf
