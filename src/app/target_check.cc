#include "app/target_check.h"

#include "base/text.h"

namespace hf {
namespace {

constexpr std::string_view canary_prefix = "canary/";
constexpr Duration canary_age_max = one_day;
constexpr Duration clock_difference_max = one_day;  // beyond it prune refuses

// What a store must be able to do, done once with an object of no meaning.
Status try_canary(Context& context, Store& store) {
  const Deadline deadline = run_deadline(context);
  const Bytes bytes = context.program.entropy.bytes(64);
  const std::string name = std::string(canary_prefix) + to_hex(context.program.entropy.bytes(8));
  HF_TRY(store.put(name, bytes, Durable::Now, deadline).during("write"));
  const Result<Bytes> read = get_whole(store, name, 1024, deadline);
  const Status removed = store.remove(name, deadline);
  if (!read.ok()) return read.error().clone().during("read back what was just written");
  if (!equal(read.value(), bytes)) return Error(Code::Corrupt, "what was just written reads back as something else");
  HF_TRY(removed.ok() ? Status() : Status(removed.error().clone().during("delete what was just written")));
  if (store.info(name, deadline).ok()) return Error(Code::Failed, "what was deleted is still there");
  return {};
}

// What an earlier check that was cut off left.
Status remove_old_canaries(Context& context, Store& store) {
  const Deadline deadline = run_deadline(context);
  const WallTime now = HF_TRY(store.now(deadline));
  std::vector<std::string> old;
  HF_TRY(store.list(
      canary_prefix,
      [&](const ObjectInfo& info) -> Status {
        if (now - info.modified > canary_age_max) old.push_back(info.name);
        return {};
      },
      deadline));
  for (const std::string& name : old) HF_TRY(store.remove(name, deadline));
  return {};
}

}  // namespace

TargetCheck check_target(Context& context, const Settings& settings, const TargetSettings& target) {
  TargetCheck check;
  const auto fails = [&](const Error& error, Exit exit) {
    check.error = error.clone();
    check.exit = exit;
  };
  const Result<std::unique_ptr<Store>> opened = open_store(context, settings, target, false);
  if (!opened.ok()) {
    // A disk that is not mounted shows as a directory that is not there.
    const Code code = opened.error().code();
    fails(opened.error(), code == Code::NotFound ? Exit::Unreachable : exit_code(code));
    return check;
  }
  Store& store = *opened.value();
  const Result<ObjectInfo> config = store.info("config", run_deadline(context));
  if (!config.ok()) {
    fails(config.error().code() == Code::NotFound
              ? Error(Code::NotFound, "there is no repository")
                    .with_hint("holdfast target sync " + target.name + " makes it a copy")
              : config.error().clone(),
          exit_code(config.error().code()));
    return check;
  }
  Status done = try_canary(context, store);
  if (done.ok()) done = remove_old_canaries(context, store);
  if (!done.ok()) fails(done.error(), exit_code(done.error().code()));
  const WallTime here = context.program.clock.wall();
  const Result<WallTime> there = store.now(run_deadline(context));
  if (there.ok()) check.clock_difference = there.value() - here;
  if (there.ok() && !check.error &&
      std::max(here, there.value()) - std::min(here, there.value()) > clock_difference_max)
    fails(Error(Code::Refused, "its clock says " + format_time_rfc3339(there.value()))
              .with_hint("set the clock that is wrong"),
          Exit::Refused);
  if (target.kind == "directory") {
    const auto directory = context.program.fs.open_directory(target.options.at("path"));
    const Result<uint64_t> free = directory.ok() ? directory.value()->space_free() : directory.error().clone();
    if (free.ok()) check.space_free = free.value();
  }
  return check;
}

}  // namespace hf
