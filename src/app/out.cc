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

void Out::detail(std::string_view text) {
  if (shows_detail() && !text.empty()) terminal_.write_error(detail_lines(std::string(text)));
}

void Out::raw(BytesView bytes) {
  put(as_text(bytes), false);
}

JsonObject Out::event_head(std::string_view name) {
  JsonObject whole;
  whole.add("schema", schema).add("event", name).add("time", Json::time(clock_.wall()));
  return whole;
}

void Out::document(const JsonObject& body) {
  if (options_.format == Format::Jsonl) summary_ = body;
  if (options_.format == Format::Json) put(JsonObject().add("schema", schema).add_all(body).json().text() + "\n", true);
}

void Out::text(std::string_view name, std::string_view text) {
  if (is_text())
    raw(as_bytes(text));
  else
    document(JsonObject().add(name, text));
}

void Out::begin_list(const JsonObject& head, std::string_view name, std::string_view event) {
  if (is_text()) return;
  list_ = List{.head = head, .name = std::string(name), .event = std::string(event)};
}

void Out::open_list() {
  JsonObject whole = JsonObject().add("schema", schema).add_all(list_->head).add(list_->name, JsonArray().json());
  std::string text = whole.json().text();
  text.resize(text.size() - 2);  // what closes the list, and the document
  put(text, false);
  list_->is_open = true;
}

void Out::item(const JsonObject& body) {
  if (is_text()) return;
  if (options_.format == Format::Jsonl) return put(event_head(list_->event).add_all(body).json().text() + "\n", false);
  if (list_->is_open)
    put(",", false);
  else
    open_list();
  put(body.json().text(), false);
}

void Out::end_list(const JsonObject& tail) {
  if (is_text()) return;
  if (options_.format == Format::Jsonl) {
    JsonObject whole = list_->head;
    list_.reset();
    return document(whole.add_all(tail));
  }
  if (!list_->is_open) open_list();
  list_.reset();
  const std::string members = tail.json().text().substr(1);
  put((members == "}" ? "]" : "],") + members + "\n", true);
}

void Out::event(std::string_view name, const JsonObject& body) {
  if (options_.format == Format::Jsonl) put(event_head(name).add_all(body).json().text() + "\n", true);
}

void Out::error(const Error& error, Exit exit) {
  if (options_.format == Format::Text) {
    // So that what was printed stands before the error where both go to one place.
    put("", true);
    std::string text = "holdfast: " + error.message() + "\n";
    if (!error.hint().empty()) text += "hint: " + error.hint() + "\n";
    if (shows_detail())
      text += detail_lines(error.detail());
    else if (!error.detail().empty() && !options_.names_only)
      text += "more: --show-detail prints what the other side said\n";
    terminal_.write_error(text);
    return;
  }
  summary_.reset();
  JsonObject body = error_document(error, exit);
  if (shows_detail() && !error.detail().empty()) body.add("detail", error.detail());
  if (options_.format == Format::Jsonl) {
    put(event_head("error").add_all(body).add("meaning", describe(exit)).json().text() + "\n", true);
  } else if (list_ && list_->is_open) {
    end_list(body);
  } else {
    put(JsonObject().add("schema", schema).add_all(body).json().text() + "\n", true);
  }
}

Status Out::finish(Exit exit) {
  if (summary_) {
    JsonObject whole = event_head("summary").add_all(*summary_);
    whole.add("code", static_cast<int>(exit)).add("meaning", describe(exit));
    put(whole.json().text() + "\n", true);
    summary_.reset();
  }
  put("", true);
  return check();
}

JsonObject error_document(const Error& error, Exit exit) {
  JsonObject body;
  body.add("code", static_cast<int>(exit)).add("class", name_of(error.code())).add("message", error.message());
  body.add("hint", error.hint());
  return body;
}

}  // namespace hf
