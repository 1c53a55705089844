#include "app/doctor.h"

#include "app/table.h"
#include "base/text.h"
#include "sys/entry.h"

namespace hf {
namespace {

using State = Diagnosis::State;

std::string_view shown(State state) {
  return state == State::Bad ? "BAD" : name_of(state);
}

JsonObject document_of(const Diagnosis& diagnosis, bool shows_detail) {
  JsonObject document;
  document.add("name", diagnosis.name)
      .add("status", name_of(diagnosis.state))
      .add("seconds", Json::seconds(diagnosis.took))
      .add("message", diagnosis.message)
      .add("hint", diagnosis.hint);
  if (shows_detail && !diagnosis.detail.empty()) document.add("detail", diagnosis.detail);
  return document;
}

void print(Out& out, const Diagnosis& diagnosis) {
  if (out.is_quiet() && diagnosis.state != State::Bad) return;
  std::string mark(shown(diagnosis.state));
  mark.resize(8, ' ');
  out.print(mark + diagnosis.name + ": " + printable(diagnosis.message));
  if (!diagnosis.hint.empty()) out.print("        hint: " + printable(diagnosis.hint));
  out.detail(diagnosis.detail);
}

}  // namespace

std::string_view name_of(State state) {
  switch (state) {
    case State::Good:
      return "ok";
    case State::Warning:
      return "warning";
    case State::Bad:
      return "bad";
    case State::Skipped:
      return "skipped";
  }
  return "";
}

Examination::Examination(Context& the_context, Settings the_settings)
    : context(the_context), settings(std::move(the_settings)), begin_(the_context.program.clock.mono()) {}

void Examination::good(std::string name, std::string message) {
  add({.state = State::Good, .name = std::move(name), .message = std::move(message)});
}

void Examination::warning(std::string name, std::string message, std::string hint) {
  add({.state = State::Warning, .name = std::move(name), .message = std::move(message), .hint = std::move(hint)});
}

void Examination::bad(std::string name, std::string message, std::string hint) {
  add({.state = State::Bad, .name = std::move(name), .message = std::move(message), .hint = std::move(hint)});
}

void Examination::bad(std::string name, const Error& error, std::string hint) {
  add({.state = State::Bad,
       .name = std::move(name),
       .message = error.message(),
       .hint = error.hint().empty() ? std::move(hint) : error.hint(),
       .detail = error.detail()});
}

void Examination::skip(std::string name, std::string because) {
  add({.state = State::Skipped, .name = std::move(name), .message = std::move(because)});
}

void Examination::add(Diagnosis diagnosis) {
  const MonoTime now = context.program.clock.mono();
  diagnosis.took = now - begin_;
  begin_ = now;
  if (context.out.is_text()) print(context.out, diagnosis);
  context.out.event("check.result", document_of(diagnosis, context.out.shows_detail()));
  found_.push_back(std::move(diagnosis));
}

Result<Exit> run_doctor(Context& context, Settings settings) {
  context.out.event("run.started", JsonObject().add("verb", "doctor"));
  Examination examination(context, std::move(settings));
  examine_machine(examination);
  examine_targets(examination);
  examine_keys(examination);
  examine_points(examination);
  examine_sources(examination);
  if (context.program.stop.stop_requested()) return Error(Code::Cancelled, "interrupted");
  std::map<State, uint64_t> count;
  JsonArray all;
  for (const Diagnosis& diagnosis : examination.found()) {
    ++count[diagnosis.state];
    all.add(document_of(diagnosis, context.out.shows_detail()));
  }
  const bool is_well = count[State::Bad] == 0;
  context.out.event("run.finished", JsonObject().add("status", is_well ? "done" : "failed"));
  context.out.say(format_count(count[State::Good]) + " in order, " +
                  format_count(count[State::Warning], "warning", "warnings") + ", " + format_count(count[State::Bad]) +
                  " bad" +
                  (count[State::Skipped] > 0 ? ", " + format_count(count[State::Skipped]) + " not looked at" : ""));
  context.out.document(JsonObject()
                           .add("status", is_well ? "passed" : "failed")
                           .add("warnings", count[State::Warning])
                           .add("checks", all.json()));
  return is_well ? Exit::Done : Exit::VerifyFailed;
}

}  // namespace hf
