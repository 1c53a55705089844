// Out: everything the program says, in the format that was asked for.
//
// text: results on standard output, remarks and errors on standard error. json: one document on standard output and
// nothing else there. jsonl: one event a line, the last is `summary` or `error`, with the exit code and its meaning. A
// failed write is kept and makes the program fail.
#pragma once

#include <optional>

#include "app/exit_code.h"
#include "app/json.h"
#include "app/terminal.h"
#include "base/sync.h"

namespace hf {

enum class Format : uint8_t { Text, Json, Jsonl };

struct OutOptions {
  Format format = Format::Text;
  bool quiet = false;
  bool verbose = false;
  bool show_detail = false;
  bool names_only = false;  // stronger than show_detail
};

// Safe to use from several threads.
class Out {
 public:
  Out(Terminal& terminal, Clock& clock) : terminal_(terminal), clock_(clock) {}
  void configure(const OutOptions& options) { options_ = options; }

  bool is_text() const { return options_.format == Format::Text; }
  bool is_jsonl() const { return options_.format == Format::Jsonl; }
  bool is_quiet() const { return options_.quiet; }
  bool is_verbose() const { return options_.verbose; }
  bool shows_detail() const { return options_.show_detail && !options_.names_only; }
  bool is_names_only() const { return options_.names_only; }
  void show_names_only() { options_.names_only = true; }

  void print(std::string_view line);                          // text: a line of the result
  void say(std::string_view line);                            // text, unless quiet: a line of the summary
  void remark(std::string_view line);                         // standard error, unless quiet
  void warn(std::string_view line);                           // standard error, always
  void detail(std::string_view text);                         // what others said: standard error, if it may be shown
  void raw(BytesView bytes);                                  // standard output, as it is
  void document(const JsonObject& body);                      // json: the document; jsonl: the summary, at finish()
  void event(std::string_view name, const JsonObject& body);  // jsonl only
  // text: as it is; json and jsonl: a document with the text as its one member.
  void text(std::string_view name, std::string_view text);
  void error(const Error& error, Exit exit);

  // A document with a list that may be longer than memory is large: `head`, the items as they come, `tail`. json: one
  // document, which an error in the middle ends as such; jsonl: each item is an event, head and tail are the summary.
  void begin_list(const JsonObject& head, std::string_view name, std::string_view event);
  void item(const JsonObject& body);
  void end_list(const JsonObject& tail);

  // Ends the output of a program that exits with `exit`. The first failed write to standard output, if there was one.
  Status finish(Exit exit);
  bool is_broken() {
    return failure_.with([](const auto& failure) { return failure.has_value(); });
  }
  // For long lists: nobody reads on, so nothing more need be read for them.
  Status check() {
    return failure_.with([](const auto& failure) { return failure ? Status(failure->clone()) : Status(); });
  }

 private:
  void put(std::string_view text, bool flush);
  JsonObject event_head(std::string_view name);
  void open_list();

  Terminal& terminal_;
  Clock& clock_;
  OutOptions options_;
  std::optional<JsonObject> summary_;  // jsonl: until finish()
  struct List {
    JsonObject head;
    std::string name, event;
    bool is_open = false;  // json: its beginning is written, with the first item
  };
  std::optional<List> list_;  // begun and not ended
  Guarded<std::optional<Error>> failure_;
};

JsonObject error_document(const Error& error, Exit exit);

}  // namespace hf
