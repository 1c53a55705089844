// Session: a running writer's heartbeat in the store, so that a prune knows whom to wait for.
//
// sessions/<id> is rewritten every few minutes by a thread of its own and removed at the end. Age is by the store's
// clock. A writer that slept past its lease must not commit: prune may have stopped waiting for it. The object says
// which gc record was the newest when the session began: a prune waits for those sessions that cannot know of its
// record, and for no others.
#pragma once

#include <atomic>

#include "base/task_group.h"
#include "repo/repository.h"

namespace hf {

inline constexpr Duration session_beat = std::chrono::minutes(5);
inline constexpr Duration session_lease =
    std::chrono::hours(24);  // half the least grace that prune allows with live writers

class Session {
 public:
  static Result<std::unique_ptr<Session>> begin(Repository& repository, std::string what);
  ~Session();  // removes the object if it can; a left-over one expires

  const std::string& id() const { return id_; }
  // An error if the lease has run out: whoever holds this session must give up. Called before a commit, to spare it,
  // and after it, before it is acknowledged: only then is it sure that no prune stopped waiting before the manifest
  // could be seen.
  Status check_alive();

 private:
  Session(Repository& repository, std::string id) : repository_(repository), id_(std::move(id)) {}
  std::string object() const { return "sessions/" + id_; }
  Status beat();

  Repository& repository_;
  const std::string id_;
  std::string what_;
  uint32_t gc_newest_ = 0;
  struct Lease {
    std::optional<WallTime> beat;  // the last one, by the store's clock
    bool is_lost = false;
  };
  Guarded<Lease> lease_;
  TaskGroup tasks_;
};

struct SeenSession {
  std::string id;
  WallTime beat{};         // by the store's clock
  std::string what;        // "" if it cannot be read
  uint32_t gc_newest = 0;  // newest gc record when it began; 0 also if it cannot be read: then it is waited for
  bool is_gone = false;    // its process certainly ended without saying so
  bool is_alive(WallTime now) const { return !is_gone && now - beat < session_lease; }
};
Result<std::vector<SeenSession>> list_sessions(Repository& repository);

}  // namespace hf
