// Store: named objects somewhere else, and nothing more.
//
// The repository above knows packs, indexes and keys; a Store knows names and bytes. Names are
// relative paths of [a-z0-9._-] components joined by `/`. Every kind must pass store_contract_test.cc; what a kind
// cannot do it says in Traits, and the repository adapts. All Stores are safe to call from several threads.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "base/secret_opener.h"

namespace hf {

class Fs;
class Entropy;
class HttpClient;

struct ObjectInfo {
  std::string name;
  uint64_t size = 0;
  WallTime modified{};  // by the store's own clock
};

enum class Durable : uint8_t {
  Later,  // visible, whole, when put() returns; certain to survive a power loss only after the next flush()
  Now,    // on stable storage when put() returns
};

class Store {
 public:
  struct Traits {
    bool object_lock = false;      // put() can hold an object against deletion
    bool list_after_write = true;  // list() sees what put() has just written
    uint64_t object_size_max = 0;  // 0: no limit worth knowing
    uint64_t read_gap_bytes = 0;   // reads closer together than this are cheaper as one
  };

  using Visitor = std::function<Status(const ObjectInfo&)>;

  virtual ~Store() = default;
  virtual Traits traits() const = 0;
  virtual std::string describe() const = 0;  // for people: kind and place, never a secret

  // Exists if an object of that name is there already, whatever its bytes: objects are never overwritten.
  // Nobody ever sees part of an object under its name, whatever crashes.
  virtual Status put(std::string_view name, BytesView bytes, Durable durable, const Deadline&) = 0;

  // The one way to overwrite, for sessions/, and for put_right(). Whole or not at all for readers; a power loss may
  // take it back.
  virtual Status replace(std::string_view name, BytesView bytes, const Deadline&) = 0;

  // Everything that any put() has returned for is on stable storage when it returns.
  virtual Status flush(const Deadline&) = 0;

  // Exactly `length` bytes from `offset`. NotFound if there is no such object, Corrupt if it is
  // shorter than offset + length.
  virtual Result<Bytes> get(std::string_view name, uint64_t offset, uint64_t length, const Deadline&) = 0;

  // get_whole(), below: by info() and get(), unless a kind can do it in one step.
  virtual Result<Bytes> get_all(std::string_view name, uint64_t size_max, const Deadline& deadline);

  virtual Result<ObjectInfo> info(std::string_view name, const Deadline&) = 0;  // NotFound

  // Calls `visit` once per object whose name starts with `prefix` (whole components: `packs/`), in no promised order,
  // on the caller's thread. Stops at the first error `visit` returns, and returns it. Unfinished objects never appear.
  virtual Status list(std::string_view prefix, const Visitor& visit, const Deadline&) = 0;

  // Removing what is not there is a success.
  virtual Status remove(std::string_view name, const Deadline&) = 0;

  // The store's own clock, as the objects it stores are dated.
  virtual Result<WallTime> now(const Deadline&) = 0;

  // Removes what interrupted put()s left behind and is older than a day. Returns how many bytes came back.
  virtual Result<uint64_t> clean(const Deadline&) = 0;
};

// Whole object, at most `size_max` bytes: Corrupt if it is larger.
Result<Bytes> get_whole(Store& store, std::string_view name, uint64_t size_max, const Deadline&);

// In the place of an object that is not what it should be, or of none: durable when it returns. Requires: `bytes` were
// verified to be what belongs under the name.
Status put_right(Store& store, std::string_view name, BytesView bytes, const Deadline&);

struct StoreOption {
  std::string_view name, help;
  bool required = false;
  bool secret = false;  // its value is a reference, see StoreWorld::secret
};

// What a store is opened with: the world, and the kind's own options by name.
struct StoreWorld {
  Clock& clock;
  Entropy& entropy;
  Fs& fs;
  HttpClient& http;
  SecretOpener secret;  // for options that are secret
  std::function<std::string(const char* name)>
      environment;            // what the field's tools agree to read; "" if it is not set
  std::stop_token stop = {};  // no more waiting for a store that fails; what works is still done
};
using StoreOptions = std::map<std::string, std::string, std::less<>>;

// What the program knows about a kind of Store before it opens one: it drives config validation,
// `holdfast help store s3`, the docs and the web form.
struct StoreKind {
  std::string_view name, help;
  std::string_view scheme;  // of --repo URL; "" for a plain path
  std::vector<StoreOption> options;
  // `create`: make the place if it is missing (init); otherwise NotFound if it is.
  std::function<Result<std::unique_ptr<Store>>(const StoreWorld&, const StoreOptions&, bool create)> open;
  // From what follows `scheme`:// on a command line to options; null if the kind has no scheme.
  std::function<Result<StoreOptions>(std::string_view rest)> parse = nullptr;
};

}  // namespace hf
