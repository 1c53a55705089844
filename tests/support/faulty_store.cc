#include "support/faulty_store.h"

namespace hf {

void FaultyStore::fail_operation(uint64_t number, Code code, When when) {
  state_.with([&](State& state) { state.operation = {number, code, when}; });
}

void FaultyStore::fail_change(uint64_t number, Code code, When when) {
  state_.with([&](State& state) { state.change = {number, code, when}; });
}

void FaultyStore::stop_after_changes(uint64_t count) {
  state_.with([&](State& state) { state.stop_after = count; });
}

void FaultyStore::damage(std::string name, Damage damage) {
  state_.with([&](State& state) { state.damaged[std::move(name)] = damage; });
}

void FaultyStore::heal() {
  state_.with([](State& state) {
    const Counts counts = state.counts;
    state = State();
    state.counts = counts;
  });
}

FaultyStore::Counts FaultyStore::counts() {
  return state_.with([](State& state) { return state.counts; });
}

std::optional<FaultyStore::Fault> FaultyStore::next(bool is_change) {
  return state_.with([&](State& state) -> std::optional<Fault> {
    const bool is_stopped = state.counts.changes >= state.stop_after;
    ++state.counts.all;
    if (is_change) ++state.counts.changes;
    if (is_stopped) return Fault{0, Code::Failed, When::Before};
    if (state.counts.all == state.operation.number) return state.operation;
    if (is_change && state.counts.changes == state.change.number) return state.change;
    return std::nullopt;
  });
}

template <typename Operation>
auto FaultyStore::run(bool is_change, const std::string& doing, Operation&& operation) -> decltype(operation()) {
  const std::optional<Fault> fault = next(is_change);
  if (!fault) return operation();
  if (fault->when == When::After) HF_TRY(operation());
  return Error(fault->code, doing + ": fault injected by the test");
}

Status FaultyStore::put(std::string_view name, BytesView bytes, Durable durable, const Deadline& deadline) {
  state_.with([&](State& state) {
    ++state.counts.puts;
    state.counts.bytes_put += bytes.size();
  });
  return run(true, "put " + std::string(name), [&] { return real_.put(name, bytes, durable, deadline); });
}

Status FaultyStore::replace(std::string_view name, BytesView bytes, const Deadline& deadline) {
  return run(true, "replace " + std::string(name), [&] { return real_.replace(name, bytes, deadline); });
}

Status FaultyStore::flush(const Deadline& deadline) {
  return run(true, "flush", [&] { return real_.flush(deadline); });
}

Result<Bytes> FaultyStore::get(std::string_view name, uint64_t offset, uint64_t length, const Deadline& deadline) {
  state_.with([&](State& state) {
    ++state.counts.gets;
    state.counts.bytes_got += length;
  });
  Bytes bytes =
      HF_TRY(run(false, "get " + std::string(name), [&] { return real_.get(name, offset, length, deadline); }));
  const std::optional<Damage> damage = state_.with([&](State& state) -> std::optional<Damage> {
    const auto found = state.damaged.find(name);
    return found == state.damaged.end() ? std::nullopt : std::optional(found->second);
  });
  if (!damage || bytes.empty()) return bytes;
  if (*damage == Damage::CutShort) return Error(Code::Corrupt, "object " + std::string(name) + " is too short");
  bytes[bytes.size() / 2] ^= std::byte{0x10};
  return bytes;
}

Result<ObjectInfo> FaultyStore::info(std::string_view name, const Deadline& deadline) {
  return run(false, "info " + std::string(name), [&] { return real_.info(name, deadline); });
}

Status FaultyStore::list(std::string_view prefix, const Visitor& visit, const Deadline& deadline) {
  return run(false, "list " + std::string(prefix), [&] { return real_.list(prefix, visit, deadline); });
}

Status FaultyStore::remove(std::string_view name, const Deadline& deadline) {
  return run(true, "remove " + std::string(name), [&] { return real_.remove(name, deadline); });
}

Result<WallTime> FaultyStore::now(const Deadline& deadline) {
  return run(false, "now", [&] { return real_.now(deadline); });
}

Result<uint64_t> FaultyStore::clean(const Deadline& deadline) {
  return run(false, "clean", [&] { return real_.clean(deadline); });
}

}  // namespace hf
