#include "store/memory.h"

#include "base/sync.h"
#include "store/object_name.h"

namespace hf {
namespace {

class MemoryStore final : public Store {
 public:
  explicit MemoryStore(Clock& clock) : clock_(clock) {}

  Traits traits() const override { return {}; }
  std::string describe() const override { return "memory"; }

  Status put(std::string_view name, BytesView bytes, Durable, const Deadline&) override {
    HF_TRY(check_object_name(name));
    return objects_.with([&](Objects& objects) -> Status {
      const bool added = objects.try_emplace(std::string(name), Object{to_bytes(bytes), clock_.wall()}).second;
      if (!added) return Error(Code::Exists, "object " + std::string(name));
      return {};
    });
  }

  Status replace(std::string_view name, BytesView bytes, const Deadline&) override {
    HF_TRY(check_object_name(name));
    objects_.with([&](Objects& objects) {
      objects.insert_or_assign(std::string(name), Object{to_bytes(bytes), clock_.wall()});
    });
    return {};
  }

  Status flush(const Deadline&) override { return {}; }

  Result<Bytes> get(std::string_view name, uint64_t offset, uint64_t length, const Deadline&) override {
    HF_TRY(check_object_name(name));
    return objects_.with([&](Objects& objects) -> Result<Bytes> {
      const auto found = objects.find(name);
      if (found == objects.end()) return Error(Code::NotFound, "object " + std::string(name));
      const BytesView all = found->second.bytes;
      if (offset > all.size() || length > all.size() - offset)
        return Error(Code::Corrupt, "object " + std::string(name) + " is too short");
      return to_bytes(all.subspan(offset, length));
    });
  }

  Result<ObjectInfo> info(std::string_view name, const Deadline&) override {
    HF_TRY(check_object_name(name));
    return objects_.with([&](Objects& objects) -> Result<ObjectInfo> {
      const auto found = objects.find(name);
      if (found == objects.end()) return Error(Code::NotFound, "object " + std::string(name));
      return ObjectInfo{found->first, found->second.bytes.size(), found->second.modified};
    });
  }

  Status list(std::string_view prefix, const Visitor& visit, const Deadline&) override {
    std::vector<ObjectInfo> found;  // copied out, so that `visit` may call this Store
    objects_.with([&](Objects& objects) {
      for (const auto& [name, object] : objects)
        if (has_object_prefix(name, prefix)) found.push_back({name, object.bytes.size(), object.modified});
    });
    for (const ObjectInfo& info : found) HF_TRY(visit(info));
    return {};
  }

  Status remove(std::string_view name, const Deadline&) override {
    HF_TRY(check_object_name(name));
    objects_.with([&](Objects& objects) { objects.erase(std::string(name)); });
    return {};
  }

  Result<WallTime> now(const Deadline&) override { return clock_.wall(); }
  Result<uint64_t> clean(const Deadline&) override { return uint64_t{0}; }

 private:
  struct Object {
    Bytes bytes;
    WallTime modified;
  };
  using Objects = std::map<std::string, Object, std::less<>>;

  Clock& clock_;
  Guarded<Objects> objects_;
};

}  // namespace

std::unique_ptr<Store> make_memory_store(Clock& clock) {
  return std::make_unique<MemoryStore>(clock);
}

StoreKind memory_store_kind() {
  return {.name = "memory",
          .help = "Objects in this process's memory; gone when it ends.",
          .scheme = "memory",
          .options = {},
          .open = [](const StoreWorld& world, const StoreOptions&, bool) -> Result<std::unique_ptr<Store>> {
            return make_memory_store(world.clock);
          }};
}

}  // namespace hf
