// FaultyStore: another Store that fails where a test wants it to: once, for good, or by returning wrong bytes.
//
// Operations are counted from 1. Changing ones (put, replace, flush, remove) have a count of their own, by which a test
// stops a run after each in turn. Safe to use from several threads.
#pragma once

#include "base/sync.h"
#include "store/store.h"

namespace hf {

class FaultyStore final : public Store {
 public:
  enum class When : uint8_t { Before, After };  // After: it was done, but the answer was lost
  enum class Damage : uint8_t { FlippedBit, CutShort };

  struct Counts {
    uint64_t all = 0, changes = 0, puts = 0, gets = 0, bytes_put = 0, bytes_got = 0;
  };

  explicit FaultyStore(Store& real) : real_(real) {}

  void fail_operation(uint64_t number, Code code, When when = When::Before);
  void fail_change(uint64_t number, Code code, When when = When::Before);
  // Everything after so many changes fails, reading too: the store is out of reach, or the program was killed.
  void stop_after_changes(uint64_t count);
  // get() of this object returns wrong bytes.
  void damage(std::string name, Damage damage);
  void heal();  // no fault any more; goes on counting
  Counts counts();

  Traits traits() const override { return real_.traits(); }
  std::string describe() const override { return "faulty " + real_.describe(); }
  Status put(std::string_view name, BytesView bytes, Durable durable, const Deadline&) override;
  Status replace(std::string_view name, BytesView bytes, const Deadline&) override;
  Status flush(const Deadline&) override;
  Result<Bytes> get(std::string_view name, uint64_t offset, uint64_t length, const Deadline&) override;
  Result<ObjectInfo> info(std::string_view name, const Deadline&) override;
  Status list(std::string_view prefix, const Visitor& visit, const Deadline&) override;
  Status remove(std::string_view name, const Deadline&) override;
  Result<WallTime> now(const Deadline&) override;
  Result<uint64_t> clean(const Deadline&) override;

 private:
  struct Fault {
    uint64_t number = 0;  // 0: none
    Code code = Code::Failed;
    When when = When::Before;
  };
  struct State {
    Counts counts;
    Fault operation, change;
    uint64_t stop_after = UINT64_MAX;
    std::map<std::string, Damage, std::less<>> damaged;
  };

  // Counts an operation. Nothing: it is to succeed; an error: it is to fail so, `when`.
  std::optional<Fault> next(bool is_change);
  template <typename Operation>
  auto run(bool is_change, const std::string& doing, Operation&& operation) -> decltype(operation());

  Store& real_;
  Guarded<State> state_;
};

}  // namespace hf
