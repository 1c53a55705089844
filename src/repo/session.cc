#include "repo/session.h"

#include <charconv>

#include "repo/gc_records.h"

namespace hf {
namespace {

constexpr size_t session_bytes_max = 4u << 10;
constexpr std::string_view gc_mark = "gc ";  // "gc <n>\n<process>\n<what>"

void decode_beat(std::string_view text, const World& world, SeenSession& session) {
  const size_t line = text.find('\n');
  if (!text.starts_with(gc_mark) || line == std::string_view::npos) return;
  uint32_t number = 0;
  const char* end = text.data() + line;
  const auto [stop, code] = std::from_chars(text.data() + gc_mark.size(), end, number);
  if (code != std::errc() || stop != end ||
      std::to_string(number) != text.substr(gc_mark.size(), line - gc_mark.size()))
    return;
  session.gc_newest = number;
  const size_t next = text.find('\n', line + 1);
  if (next == std::string_view::npos) return;
  session.is_gone = world.is_gone && world.is_gone(std::string(text.substr(line + 1, next - line - 1)));
  session.what = text.substr(next + 1);
}

}  // namespace

// Whether the lease ever ran out is seen in the store's times of two beats, one after the other: this machine's clocks
// may have stood still with it.
Status Session::beat() {
  Repository& repo = repository_;
  const std::string text =
      std::string(gc_mark) + std::to_string(gc_newest_) + "\n" + repo.world().process + "\n" + what_;
  const Bytes box = repo.ring().seal_box("session", as_bytes(text), repo.env().entropy);
  return lease_.with([&](Lease& lease) -> Status {
    HF_TRY(repo.store().replace(object(), box, repo.deadline()).during("write the session's heartbeat"));
    const ObjectInfo written =
        HF_TRY(repo.store().info(object(), repo.deadline()).during("read the session's heartbeat"));
    lease.is_lost = lease.is_lost || (lease.beat && written.modified - *lease.beat >= session_lease);
    lease.beat = written.modified;
    return {};
  });
}

Result<std::unique_ptr<Session>> Session::begin(Repository& repository, std::string what) {
  auto session = std::unique_ptr<Session>(new Session(repository, to_hex(repository.env().entropy.bytes(8))));
  session->what_ = std::move(what);
  session->gc_newest_ = HF_TRY(newest_gc_record(repository));
  HF_TRY(session->beat());
  Session& self = *session;
  session->tasks_.start("session", [&self](std::stop_token stop) -> Status {
    Clock& clock = self.repository_.env().clock;
    while (clock.sleep_until(clock.mono() + session_beat, stop))
      (void)self.beat().ok();  // check_alive() judges by the last success
    return {};
  });
  return session;
}

Session::~Session() {
  tasks_.request_stop();
  (void)tasks_.join().ok();
  (void)repository_.store().remove(object(), repository_.deadline()).ok();
}

Status Session::check_alive() {
  HF_TRY(beat());
  if (!lease_.with([](const Lease& lease) { return lease.is_lost; })) return {};
  return Error(Code::Failed, "this run was suspended for too long to be sure that nothing it used was pruned")
      .with_hint("run the backup again: what it stored is found again");
}

Result<std::vector<SeenSession>> list_sessions(Repository& repository) {
  std::vector<SeenSession> sessions;
  HF_TRY(repository.store().list(
      "sessions/",
      [&](const ObjectInfo& info) -> Status {
        sessions.push_back({.id = info.name.substr(9), .beat = info.modified});
        return {};
      },
      repository.deadline()));
  for (SeenSession& session : sessions) {
    const Result<Bytes> box =
        get_whole(repository.store(), "sessions/" + session.id, session_bytes_max, repository.deadline());
    if (!box.ok()) continue;  // ended meanwhile, or waited for until it is too old
    if (const Result<Bytes> text = repository.ring().open_box("session", box.value()); text.ok())
      decode_beat(as_text(text.value()), repository.world(), session);
  }
  return sessions;
}

}  // namespace hf
