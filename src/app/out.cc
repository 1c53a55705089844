#include "app/out.h"

#include "sys/entry.h"

namespace hf {
namespace {

constexpr std::string_view schema = "holdfast/v1";

// What a server said, fit for a terminal, line by line.
std::string detail_lines(std::string_view detail) {
  std::string text;
  while (!detail.empty()) {
    const size_t end = std::min(detail.find('\n'), detail.size());
    text += "detail: " + printable(detail.substr(0, end)) + "\n";
    detail.remove_prefix(std::min(end + 1, detail.size()));
  }
  return text;
}

}  // namespace

void Out::put(std::string_view text, bool flush) {
  failure_.with([&](std::optional<Error>& failure) {
    if (failure) return;
    Status status = terminal_.write(as_bytes(text));
    if (status.ok() && flush) status = terminal_.flush();
    if (!status.ok()) failure = std::move(status).error();
  });
}

void Out::print(std::string_view line) {
  if (is_text()) put(std::string(line) + "\n", false);
}

void Out::say(std::string_view line) {
  if (!is_quiet()) print(line);
}

void Out::remark(std::string_view line) {
  if (!is_quiet()) warn(line);
}

void Out::warn(std::string_view line) {
  terminal_.write_error(std::string(line) + "\n");
}

void Out::raw(BytesView bytes) {
  put(as_text(bytes), false);
}

void Out::document(const JsonObject& body) {
  if (is_text()) return;
  JsonObject whole;
  whole.add("schema", schema);
  if (options_.format == Format::Jsonl) whole.add("event", "summary").add("time", Json::time(clock_.wall()));
  whole.add_all(body);
  put(whole.json().text() + "\n", true);
}

void Out::event(std::string_view name, const JsonObject& body) {
  if (options_.format != Format::Jsonl) return;
  JsonObject whole;
  whole.add("schema", schema).add("event", name).add("time", Json::time(clock_.wall())).add_all(body);
  put(whole.json().text() + "\n", true);
}

void Out::error(const Error& error, Exit exit) {
  if (options_.format == Format::Text) {
    // So that what was printed stands before the error where both go to one place.
    put("", true);
    std::string text = "holdfast: " + error.message() + "\n";
    if (!error.hint().empty()) text += "hint: " + error.hint() + "\n";
    if (options_.show_detail)
      text += detail_lines(error.detail());
    else if (!error.detail().empty())
      text += "more: --show-detail prints what the other side said\n";
    terminal_.write_error(text);
    return;
  }
  JsonObject body = error_document(error, exit);
  if (options_.show_detail && !error.detail().empty()) body.add("detail", error.detail());
  JsonObject whole;
  whole.add("schema", schema);
  if (options_.format == Format::Jsonl) whole.add("event", "error").add("time", Json::time(clock_.wall()));
  put(whole.add_all(body).json().text() + "\n", true);
}

Status Out::finish() {
  put("", true);
  return failure_.with([](std::optional<Error>& failure) { return failure ? Status(failure->clone()) : Status(); });
}

JsonObject error_document(const Error& error, Exit exit) {
  JsonObject body;
  body.add("code", static_cast<int>(exit)).add("class", name_of(error.code())).add("message", error.message());
  body.add("hint", error.hint());
  return body;
}

}  // namespace hf
