#include "app/progress.h"

#include "base/text.h"
#include "sys/entry.h"

namespace hf {
namespace {

constexpr Duration redraw_every = std::chrono::milliseconds(100);
constexpr Duration line_every = std::chrono::seconds(30);
constexpr Duration event_every = std::chrono::seconds(1);
constexpr Duration rate_known_after = std::chrono::seconds(1);

double seconds_of(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace

std::string describe(const Work& work, Duration since_begin) {
  std::string text = work.doing + ": " + format_bytes(work.bytes);
  if (work.bytes_total > 0) text += " of " + format_bytes(work.bytes_total);
  if (work.entries > 0) text += ", " + format_count(work.entries) + " entries";
  if (since_begin < rate_known_after || work.bytes == 0) return text;
  const double rate = static_cast<double>(work.bytes) / seconds_of(since_begin);
  text += ", " + format_bytes(static_cast<uint64_t>(rate)) + "/s";
  if (work.bytes_total > work.bytes) {
    const double left = static_cast<double>(work.bytes_total - work.bytes) / rate;
    text += ", " + format_duration(std::chrono::seconds(static_cast<int64_t>(left) + 1)) + " left";
  }
  return text;
}

void Progress::update(const Work& work) {
  const MonoTime now = clock_.mono();
  state_.with([&](State& state) {
    // Bytes grow through all steps of one piece of work; fewer than before are the next one's.
    if (!state.any || work.bytes < state.work.bytes) state.begin = now;
    if (!state.any) state.last_line = state.last_event = now;
    state.any = true;
    state.work = work;
    draw(state, now);
  });
}

void Progress::draw(State& state, MonoTime now) {
  if (now - state.last_event >= event_every) {
    state.last_event = now;
    JsonObject body;
    body.add("step", state.work.doing).add("bytes", state.work.bytes).add("bytes_total", state.work.bytes_total);
    out_.event("progress", body.add("entries", state.work.entries));
  }
  if (out_.is_quiet()) return;
  const bool redraws = terminal_.shows_progress();
  if (now - state.last_line < (redraws ? redraw_every : line_every)) return;
  state.last_line = now;
  std::string line = printable(describe(state.work, now - state.begin));
  if (!redraws) {
    terminal_.write_error(line + "\n");
    return;
  }
  if (const size_t width = terminal_.columns() - 1; line.size() > width) line.resize(width);
  terminal_.write_error("\r" + line + "\x1b[K");
  state.line_shown = true;
}

void Progress::clear() {
  state_.with([&](State& state) {
    if (std::exchange(state.line_shown, false)) terminal_.write_error("\r\x1b[K");
  });
}

void Progress::print_state() {
  const MonoTime now = clock_.mono();
  state_.with([&](State& state) {
    const std::string text = state.any ? describe(state.work, now - state.begin) : "starting";
    terminal_.write_error((state.line_shown ? "\r\x1b[K" : "") + printable(text) + "\n");
  });
}

}  // namespace hf
