// S3Server: an S3 of our own, in memory, on a loopback port, that fails as it is told.
//
// It keeps S3's rules: signatures and hashes are verified, conditions are atomic, uploads in parts appear whole, lists
// come in pages. Which request meets which fault is drawn from a seed. Addressed by path: endpoint()/BUCKET/KEY.
#pragma once

#include <deque>
#include <random>
#include <set>

#include "base/clock.h"
#include "store/s3_client.h"
#include "support/http_listener.h"

namespace hf {

enum class S3Fault : uint8_t {
  None,
  ResetBefore,     // nothing was done
  ResetMidUpload,  // half of the request was read
  ResetAfter,      // it was done, the answer is lost
  ErrorBefore,     // 500, nothing was done
  ErrorAfter,      // 500, it was done
  SlowDown,        // 503, nothing was done
  StallBefore,     // no answer, nothing was done
  StallAfter,      // no answer, it was done
  Twice,           // delivered twice; the second answer is sent
  HalfAnswer,      // the answer breaks off
  WrongAnswer,     // a bit of a whole object is another on its way to the client
  WrongUpload,     // a bit of what was sent is another on its way to the server
  HiddenBefore,    // 200 with an error inside, nothing was done (answers with XML only)
  HiddenAfter,     // 200 with an error inside, it was done
  StaleList,       // a list that does not know the last changes
  ClockJump,       // from now on the server's clock is hours off
  Count
};

class S3Server {
 public:
  static constexpr size_t stale_changes_max = 8;

  explicit S3Server(uint64_t seed);

  std::string endpoint() const { return listener_.url(); }
  // Of so many requests in a thousand. What a fault is not for goes through.
  void set_fault(S3Fault fault, unsigned per_mille);
  void set_all_faults(unsigned per_mille);  // but StaleList and ClockJump
  // The next request that the fault is for meets it, once.
  void fail_next(S3Fault fault);
  uint64_t count(S3Fault fault);
  uint64_t requests();

  void accept_key(const std::string& access_key, const std::string& secret_key, const std::string& token = "");
  void expire_key(const std::string& access_key);
  void refuse_key(const std::string& access_key);  // AccessDenied
  void set_clock_offset(Duration offset);
  void ignore_conditions();
  void forget_metadata();
  void remove_bucket();
  // As if they had been begun so long ago.
  void age_uploads(Duration by);

  size_t object_count();
  size_t upload_count();
  std::optional<Bytes> object(const std::string& key);
  void damage_object(const std::string& key);
  std::string metadata(const std::string& key, const std::string& header);

 private:
  struct Object {
    Bytes bytes;
    std::map<std::string, std::string> metadata;
    WallTime modified{};
  };
  struct Upload {
    std::string key;
    std::map<std::string, std::string> metadata;
    std::map<unsigned, Bytes> parts;
    WallTime initiated{};
  };
  struct Change {
    std::string key;
    std::optional<Object> before;
  };
  struct Key {
    std::string secret, token;
    bool is_expired = false, is_refused = false;
  };
  using Objects = std::map<std::string, Object>;
  // A request taken apart.
  struct Call {
    const TestRequest& request;
    std::string bucket, key, path;
    std::map<std::string, std::string> query;
    std::string header(const std::string& name) const;
    bool has(const std::string& name) const { return query.contains(name); }
  };
  struct State {
    std::mt19937_64 random;
    std::array<unsigned, static_cast<size_t>(S3Fault::Count)> per_mille{};
    std::array<uint64_t, static_cast<size_t>(S3Fault::Count)> counts{};
    S3Fault next = S3Fault::None;
    uint64_t requests = 0, upload_number = 0;
    std::map<std::string, Key> keys;
    Objects objects;
    std::map<std::string, Upload> uploads;
    std::deque<Change> changes;
    Duration clock_offset{};
    bool ignores_conditions = false, forgets_metadata = false, has_bucket = true;
  };

  bool is_cut(const TestRequest& request);
  TestAnswer answer(TestRequest&& request);
  static bool fits(S3Fault fault, const Call& call);
  static S3Fault draw(State& state, const Call& call);
  static TestAnswer perform(State& state, const Call& call, S3Fault fault);
  static TestAnswer process(State& state, const Call& call, S3Fault fault);
  static std::optional<TestAnswer> refusal(State& state, const Call& call);
  static TestAnswer bucket_call(State& state, const Call& call, S3Fault fault);
  static TestAnswer list(const State& state, const Call& call, S3Fault fault);
  static TestAnswer list_uploads(const State& state, const Call& call);
  static TestAnswer list_parts(const Upload& upload);
  static TestAnswer get(const State& state, const Call& call);
  static TestAnswer put(State& state, const Call& call);
  static TestAnswer upload_call(State& state, const Call& call);
  static TestAnswer complete(State& state, const Call& call, const std::string& id);
  static bool is_taken(const State& state, const Call& call);
  static void change(State& state, const std::string& key, std::optional<Object> now);
  static WallTime wall(const State& state);

  Guarded<State> state_;
  HttpListener listener_;  // last: its threads use what stands above
};

}  // namespace hf
